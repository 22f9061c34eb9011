"""The rows of the table that `python -m tests.bench` prints."""

from __future__ import annotations

from typing import NamedTuple

NEAR = 1.06  # times the floor: no more than the noise of a shared machine


class Row(NamedTuple):
    """A figure, and its baseline of the same run; both in `unit`.

    `target` is the most that is allowed, or the greatest ratio to the baseline if `relative`; None: no target.
    `or_times` is a ratio to the baseline that meets the target as well. `floor` is what no program can fall below,
    such as the kernel's own time, measured in the same run. `p95` is the 95th percentile, where the figure is a
    median. Without a baseline it is 0.
    """

    what: str
    measured: float
    against: str = ""
    baseline: float = 0.0
    target: float | None = None
    relative: bool = False
    unit: str = "ms"
    floor: float = 0.0
    p95: float = 0.0
    or_times: float = 0.0

    @property
    def ratio(self) -> float:
        return self.measured / self.baseline if self.baseline else float("inf")

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        if (self.ratio if self.relative else self.measured) <= self.target or self.ratio <= self.or_times:
            return "met"
        return "floor" if self.measured <= NEAR * self.floor else "missed"

    def line(self) -> str:
        target = "" if self.target is None else f"{self.target:g}{'x' if self.relative else f' {self.unit}'}"
        against = f"{self.against}; the floor is {self.floor:.0f}" if self.floor else self.against
        compared = f"{self.baseline:11.2f}{self.ratio:9.3f}" if self.baseline else " " * 20
        p95 = f"{self.p95:9.2f}" if self.p95 else " " * 9
        return (
            f"{self.what:58}{self.measured:11.2f} {self.unit:6}{p95}{compared}{target:>12}  {self.verdict:8}{against}"
        )


HEAD = f"{'':58}{'measured':>11} {'':6}{'p95':>9}{'baseline':>11}{'ratio':>9}{'target':>12}  {'':8}baseline is"


class Found(list[Row]):
    """The rows of a bench, each printed when it is there; `of` is put before what a row says."""

    def __init__(self) -> None:
        super().__init__()
        self.of = ""
        self._headed = False

    def add(
        self,
        what: str,
        ours: tuple[float, ...] | float,
        base: tuple[float, ...] | float | None = None,
        against: str = "",
        target: float | None = None,
        *,
        relative: bool = False,
        unit: str = "ms",
        or_times: float = 0.0,
    ) -> None:
        """Add a figure, or median and 95th percentile, and its baseline."""
        median, p95 = (ours[0], ours[1]) if isinstance(ours, tuple) else (ours, 0.0)
        baseline = base[0] if isinstance(base, tuple) else base or 0.0
        row = Row(f"{self.of}{what}", median, against, baseline, target, relative, unit, p95=p95, or_times=or_times)
        if not self._headed:
            print(HEAD)
        self._headed = True
        print(row.line(), flush=True)
        self.append(row)


class SkippedError(Exception):
    """A bench that cannot run here; the message is the reason."""
