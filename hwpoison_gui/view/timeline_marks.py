"""The timeline as pixels: which act each pixel shows, and where operations begin.

With more steps than pixels, a pixel shows the loudest of its steps: a kill is never lost among looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.session.session import Session

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


class Tick(NamedTuple):
    """A mark at `x` pixels from the left: the act of step `position`."""

    x: int
    act: Act
    position: int


def acts_of(session: Session) -> list[Act]:
    """The act of each step."""
    return [step.mark.act for step in session.steps]


def boundaries(session: Session) -> list[int]:
    """Positions at which operations begin."""
    return [operation.first for operation in session.operations]


def x_of(position: int, total: int, width: int) -> float:
    """Where a position lies on a track of `width` pixels."""
    return width * position / total if total else 0.0


def position_at(x: float, total: int, width: int) -> int:
    """The position nearest to a point of the track."""
    if not total or width <= 0:
        return 0
    return min(total, max(0, round(x * total / width)))


def ticks(acts: Sequence[Act], width: int) -> list[Tick]:
    """At most one tick a pixel, ascending."""
    best: dict[int, Tick] = {}
    total = len(acts)
    for position, act in enumerate(acts, start=1):
        x = round(x_of(position, total, width))
        old = best.get(x)
        if old is None or LOUDNESS[act] > LOUDNESS[old.act]:
            best[x] = Tick(x, act, position)
    return [best[x] for x in sorted(best)]


def cuts(bounds: Sequence[int], total: int, width: int) -> list[int]:
    """Pixels at which operations begin, at least three apart."""
    found: list[int] = []
    for first in bounds:
        x = round(x_of(first, total, width))
        if not found or x - found[-1] >= 3:
            found.append(x)
    return found
