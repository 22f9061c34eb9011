"""The timeline as pixels: which act each pixel shows, and where operations begin.

With more steps than pixels, a pixel shows the loudest of its steps: a kill is never hidden by visits of the walk.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.record import Record
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.steps import ACTS

LOUDNESS: Final[dict[Act, int]] = {
    Act.ENTER: 0,
    Act.DECIDE: 1,
    Act.MAP: 2,
    Act.SKIP: 3,
    Act.VISIT: 4,
    Act.FLAG: 5,
    Act.DROP: 6,
    Act.UNMAP: 7,
    Act.RESULT: 8,
    Act.SIGNAL: 9,
    Act.DIE: 10,
    Act.PANIC: 11,
}


class Tick(Record):
    """A mark at `x` pixels from the left: the act of step `position`."""

    x: int
    act: Act
    position: int


Codes = npt.NDArray[np.uint8]
_ACTS: Final = sorted(LOUDNESS, key=LOUDNESS.__getitem__)  # by their codes, which are their loudness


def codes_of(acts: Iterable[Act]) -> Codes:
    """The loudness of each act, uint8."""
    return np.fromiter(map(LOUDNESS.__getitem__, acts), np.uint8)


_BY_ACT: Final = codes_of(ACTS)


class ActCodes:
    """The loudness of the act of each step, read once: new steps only add to it."""

    def __init__(self) -> None:
        self.codes: Codes = codes_of(())
        self._line = -1

    def read(self, session: Session) -> None:
        """Whatever has become of the steps."""
        line, _ = session.stamp
        known = len(self.codes) if line == self._line else 0
        new = _BY_ACT[np.frombuffer(bytes(session.steps.marks.acts[known:]), np.uint8)]
        self.codes = np.concatenate((self.codes[:known], new))
        self._line = line


def boundaries(session: Session) -> npt.NDArray[np.int64]:
    """Positions at which operations begin, int64, ascending; each operation has at least one step."""
    numbers = np.frombuffer(bytes(session.steps.operations), np.intc)
    return np.flatnonzero(np.diff(numbers, prepend=-1))


def x_of(position: int, total: int, width: int) -> float:
    """The x coordinate of a position on a track of `width` pixels."""
    return width * position / total if total else 0.0


def position_at(x: float, total: int, width: int) -> int:
    """The position nearest to a point of the track."""
    if not total or width <= 0:
        return 0
    return min(total, max(0, round(x * total / width)))


def ticks(codes: Codes, width: int) -> list[Tick]:
    """At most one tick a pixel, ascending: the first of the loudest. `codes`: see codes_of()."""
    if not len(codes):
        return []
    starts, total = _starts(len(codes), width), len(codes)
    found = []
    for x, first, last in zip(range(width + 1), starts, [*starts[1:], total + 1], strict=True):
        if first < last:
            loudest = first - 1 + int(codes[first - 1 : last - 1].argmax())
            found.append(Tick(x, _ACTS[codes[loudest]], loudest + 1))
    return found


def _starts(total: int, width: int) -> list[int]:
    """The first position at each pixel, 0 to `width`, or beyond it; positions go from 1 to `total`."""
    pixels = np.arange(width + 1)
    firsts = np.maximum(1, ((pixels - 0.5) * total / width).astype(np.int64) - 1)
    while (short := np.rint(width * firsts / total) < pixels).any():
        firsts += short
    starts: list[int] = firsts.tolist()
    return starts


def cuts(bounds: npt.NDArray[np.int64], total: int, width: int) -> list[int]:
    """Pixels at which operations begin, at least three apart. `bounds`: see boundaries()."""
    found: list[int] = []
    # Not np.unique(), which imports numpy.ma: each start paints the timeline.
    for x in sorted(set(np.rint(width * bounds / max(1, total)).astype(np.int64).tolist())):
        if not found or x - found[-1] >= 3:
            found.append(x)
    return found
