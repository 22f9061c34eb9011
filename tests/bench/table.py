"""The rows of the table that `python -m tests.bench` prints."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """A figure in milliseconds, and its baseline of the same run.

    `target` is the most milliseconds allowed, or the greatest ratio to the baseline if `relative`; None: no target.
    """

    what: str
    measured: float
    against: str
    baseline: float
    target: float | None = None
    relative: bool = False

    @property
    def ratio(self) -> float:
        return self.measured / self.baseline if self.baseline else float("inf")

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        return "met" if (self.ratio if self.relative else self.measured) <= self.target else "missed"

    def line(self) -> str:
        target = "" if self.target is None else f"{self.target:g}{'x' if self.relative else ' ms'}"
        return (
            f"{self.what:46}{self.measured:11.2f}{self.baseline:11.2f}{self.ratio:9.3f}{target:>10}  "
            f"{self.verdict:8}{self.against}"
        )


HEAD = f"{'milliseconds':46}{'measured':>11}{'baseline':>11}{'ratio':>9}{'target':>10}  {'':8}baseline is"


class SkippedError(Exception):
    """A bench that cannot run here; the message is the reason."""
