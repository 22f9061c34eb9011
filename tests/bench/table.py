"""The rows of the table that `python -m tests.bench` prints."""

from __future__ import annotations

from typing import NamedTuple

NEAR = 1.06  # times the floor: no more than the noise of a shared machine


class Row(NamedTuple):
    """A figure, and its baseline of the same run; both in `unit`.

    `target` is the most that is allowed, or the greatest ratio to the baseline if `relative`; None: no target. `floor`
    is what no program can fall below, such as the kernel's own time, measured in the same run.
    """

    what: str
    measured: float
    against: str
    baseline: float
    target: float | None = None
    relative: bool = False
    unit: str = "ms"
    floor: float = 0.0

    @property
    def ratio(self) -> float:
        return self.measured / self.baseline if self.baseline else float("inf")

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        if (self.ratio if self.relative else self.measured) <= self.target:
            return "met"
        return "floor" if self.measured <= NEAR * self.floor else "missed"

    def line(self) -> str:
        target = "" if self.target is None else f"{self.target:g}{'x' if self.relative else f' {self.unit}'}"
        against = f"{self.against}; the floor is {self.floor:.0f}" if self.floor else self.against
        return (
            f"{self.what:50}{self.measured:11.2f} {self.unit:6}{self.baseline:11.2f}{self.ratio:9.3f}{target:>12}  "
            f"{self.verdict:8}{against}"
        )


HEAD = f"{'':50}{'measured':>11} {'':6}{'baseline':>11}{'ratio':>9}{'target':>12}  {'':8}baseline is"


class SkippedError(Exception):
    """A bench that cannot run here; the message is the reason."""
