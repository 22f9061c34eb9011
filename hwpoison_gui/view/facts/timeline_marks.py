"""The timeline as pixels: which act each pixel shows, and where operations begin.

With more steps than pixels, a pixel shows the loudest of its steps: a kill is never lost among looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def boundaries(session: Session) -> list[int]:
    """Positions at which operations begin."""
    return [operation.first for operation in session.operations]


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
    pixels = np.rint(width * np.arange(1, len(codes) + 1) / len(codes)).astype(np.int64)
    starts = _firsts(pixels)
    taken = pixels[starts]
    loudest = np.repeat(np.maximum.reduceat(codes, starts), np.diff(starts, append=len(codes)))
    candidates = np.flatnonzero(codes == loudest)
    places = candidates[_firsts(pixels[candidates])]
    acts = [_ACTS[code] for code in codes[places].tolist()]
    return [Tick(*one) for one in zip(taken.tolist(), acts, (places + 1).tolist(), strict=True)]


def _firsts(ascending: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Index of the first of each value. Not np.unique, which sorts, and loads numpy.ma in the midst of a paint."""
    return np.flatnonzero(np.diff(ascending, prepend=ascending[0] - 1))


def cuts(bounds: Sequence[int], total: int, width: int) -> list[int]:
    """Pixels at which operations begin, at least three apart."""
    found: list[int] = []
    for first in bounds:
        x = round(x_of(first, total, width))
        if not found or x - found[-1] >= 3:
            found.append(x)
    return found
