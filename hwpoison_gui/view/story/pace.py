"""Time that playback shows each step, at speed 1: as long as a teacher takes to say its sentence.

Steps that say again what was just said, as those of a loop over the mappers of a page, are read once: the others
pass ever faster, so that ten thousand of them take some seconds more than ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hwpoison_gui.kernel.mark import Act, Mark, Site
from hwpoison_gui.view.words.lookup import branch_of, text_of, why_of

# Milliseconds that movements take, at any speed of reading.
FLIGHT_MS: Final = 900  # a flight of the camera
STEP_MS: Final = 420  # a step that is passed on the way
MOST_WALK_MS: Final = 3000  # any number of such steps together
MOVING_MS: Final = 1100  # until what moves within a step has arrived

# Milliseconds. A teacher says 150 words of 6 characters per minute, and takes breath before each sentence.
_BREATH: Final = 900.0
_CHARACTER: Final = 65.0
GLANCE: Final = 1500.0  # the first step of a run that is not read
AT_THE_END: Final = 3000.0  # more for the last step of an operation: its sentence sums up what has happened
DWELL: Final[dict[Act, float]] = {Act.DECIDE: 800.0, Act.RESULT: 1500.0, Act.PANIC: 3000.0}

_LOOPS: Final = frozenset({Act.VISIT, Act.SKIP, Act.UNMAP, Act.MAP, Act.SIGNAL, Act.DIE})  # acts on one mapper each
_REMEMBERED: Final = 8  # steps after which the sentence of another act is read again


def reading_ms(text: str) -> float:
    """Time to read a text aloud; 0 without one."""
    return _BREATH + _CHARACTER * len(text) if text else 0.0


class Pace:
    """The times of the steps of one operation; they are computed up to the step that is asked for.

    Parameters
    ----------
    marks
        Of the steps of the operation, in order.
    caption
        Text that is shown from its first step on and is to be read first.
    skim
        Show the steps of a run one by one, each shorter than the one before; otherwise only its first one.
    """

    def __init__(self, marks: Sequence[Mark], caption: str = "", *, skim: bool = True) -> None:
        self._marks, self._skim = marks, skim
        self._first = reading_ms(caption)
        self._times: list[float] = []
        self._said: dict[tuple[Site, str], int] = {}  # the last step with each sentence
        self._run = 0  # steps since the last one that is shown long enough to be read

    def time(self, step: int) -> float:
        """Milliseconds for which a step is shown, numbered from 0."""
        while len(self._times) <= step:
            self._times.append(self._next(len(self._times)))
        return self._times[step]

    def _next(self, number: int) -> float:
        mark = self._marks[number]
        sentence = mark.site, branch_of(mark)
        again = sentence in self._said
        if not again and mark.act not in _LOOPS:
            self._said = {one: last for one, last in self._said.items() if number - last <= _REMEMBERED}
            self._run = 0
        self._said[sentence] = number
        ends = AT_THE_END if number == len(self._marks) - 1 else 0.0
        if again:
            self._run += 1
            return ends + (GLANCE / self._run if self._skim else 0.0)
        read = reading_ms(f"{text_of(mark)} {why_of(mark)}".strip()) + DWELL.get(mark.act, 0.0)
        return read + ends + (0.0 if number else self._first)


class PaceTogether:
    """The times of two walks that are shown side by side: what is new on both sides is read, what is equal once.

    Parameters
    ----------
    sides
        The marks of each walk.
    ticks
        For each tick the number of steps done on each side.
    skim
        As of `Pace`.
    """

    def __init__(self, sides: Sequence[Sequence[Mark]], ticks: Sequence[Sequence[int]], *, skim: bool = True) -> None:
        self._sides, self._ticks = sides, ticks
        self._paces = [Pace(marks, skim=skim) for marks in sides]

    def time(self, tick: int) -> float:
        """Milliseconds for which a tick is shown; the first one, before both walks, only for a moment."""
        if not tick:
            return _BREATH
        here, before = self._ticks[tick], self._ticks[tick - 1]
        moved = [side for side, done in enumerate(here) if done != before[side]]
        times = [self._paces[side].time(here[side] - 1) for side in moved]
        said = {(mark.site, mark.args) for side in moved for mark in [self._sides[side][here[side] - 1]]}
        return max(times, default=0.0) if len(said) < 2 else sum(times)
