"""The timeline: operations recorded as steps, and moves to any step, forward or backward.

A step holds the changes between two marks of an operation. A move applies recorded changes, old to new or new to old;
nothing is run again and no copy of the memory is kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.collector import Pause
from hwpoison_gui.kernel.block_list import BlockList
from hwpoison_gui.kernel.changes_alike import ChangesAlike
from hwpoison_gui.kernel.gate import Cells, Change, Column, Gate, Store
from hwpoison_gui.kernel.mark import Mark, Run
from hwpoison_gui.record import Record
from hwpoison_gui.session.steps import RecordedSteps, RunOfFrames

_LINES: Final = itertools.count()  # unique among all timelines: what was read from one is never taken for another's
_STORE: Final = itemgetter(0)  # store of a change
STEPS_PER_SLICE: Final = 1024  # steps applied between two yields of a walk


class Notice(Record):
    """The position changed from `before` to `after`.

    `pfns`: int64, ascending, the frames of which a column changed. `tables`: names of the tables that changed.
    """

    before: int
    after: int
    pfns: npt.NDArray[np.int64]
    tables: frozenset[str]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pause the cyclic collector: a walk makes no cycles, and looking for them takes half of a long one."""
    pause = Pause()
    try:
        yield
    finally:
        pause.end()


class Timeline:
    """The recorded steps and the current position: the number of steps applied."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.steps = RecordedSteps()
        self.position = 0
        self.away = False  # the machine is in the state of another position (`as_of`)
        self._looked_at: int | None = None  # that position, inside `as_of`
        self._line = next(_LINES)  # another one when steps are cut or mended
        self._news = News(set(), set())  # changes since the last notice
        self._listeners: list[Callable[[Notice], None]] = []

    @property
    def stamp(self) -> tuple[int, int]:
        """Identifies the state of the machine: equal stamps mean the same timeline and equal states."""
        return self._line, self.position

    def subscribe(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        """Call `listener` after every move. Returns a function that unsubscribes it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # Recording

    def add(self, made: Mark | Run | RunOfFrames, operation: int) -> None:
        """Record the changes since the last step as the next step, or as the steps of a run.

        They are applied already. Later steps must have been cut.
        """
        changes = self._gate.take()
        self._news.read(changes)
        self.position += self.steps.add(made, changes, operation)

    @property
    def changed(self) -> bool:
        """Whether anything changed since the last step."""
        return self._gate.changed

    def taking_back(self, before: int) -> Iterator[None]:
        """Undo and delete everything after a position, in slices, without a notice: an operation was given up."""
        self._gate.backward(self._gate.take())
        yield from self.walk(before)
        self._news = News(set(), set())
        self.cut()

    def cut(self) -> RecordedSteps:
        """Remove the steps after the position and return them."""
        if self.position < len(self.steps):
            self._line = next(_LINES)
        return self.steps.cut(self.position)

    def mend(self, tail: RecordedSteps) -> None:
        """Put back the steps that `cut` returned; the position must be the same as then."""
        assert self.position == len(self.steps)
        if len(tail):
            self._line = next(_LINES)
        self.steps.extend(tail)

    # Walking

    def seek(self, position: int) -> None:
        """Move to a position and notify. Raises ValueError if it is not within 0 to len(steps)."""
        before = self.position
        for _ in self.walk(position):
            pass
        self.announce(before)

    def walk(self, position: int) -> Iterator[None]:
        """Move to a position without a notice. Yields every STEPS_PER_SLICE steps; it may be abandoned at any yield.

        Raises ValueError if the position is not within 0 to len(steps).
        """
        if not 0 <= position <= len(self.steps):
            raise ValueError(f"step {position}, expected 0 to {len(self.steps)}")
        while self.position != position:
            with _no_collection():
                self._go(position)
            if self.position != position:
                yield

    def _go(self, position: int) -> None:
        at = self.position
        if position > at:
            to = min(position, at + STEPS_PER_SLICE)
            changes = self.steps.between(at, to)
            self._gate.forward(changes)
        else:
            to = max(position, at - STEPS_PER_SLICE)
            changes = self.steps.between(to, at)
            self._gate.backward(changes)
        self.position = to
        if not self.away:
            self._news.read_each(changes)

    @contextmanager
    def as_of(self, position: int) -> Iterator[None]:
        """Put the machine into the state of another position while inside; `self.position` stays. May be nested."""
        with self.excursion() as go:
            for _ in go(position):
                pass
            yield

    @contextmanager
    def excursion(self) -> Iterator[Callable[[int], Iterator[None]]]:
        """Inside, a function brings the machine to the states of other positions, in slices; afterwards it is back.

        `self.position` is unchanged. May be nested.
        """
        here, away, outer = self.position, self.away, self._looked_at
        self._looked_at = start = here if outer is None else outer
        try:
            yield lambda position: self._look_at(position, here)
        finally:
            for _ in self._look_at(start, here):
                pass
            self.away, self._looked_at = away, outer

    def _look_at(self, position: int, here: int) -> Iterator[None]:
        """Bring the machine to the state of `position`; `self.position` stays `here`. Yields as `walk` does."""
        while self._looked_at != position:
            assert self._looked_at is not None, "outside of an excursion"
            self.away, self.position = True, self._looked_at
            with _no_collection():
                self._go(position)
            self._looked_at, self.position = self.position, here
            if self._looked_at != position:
                yield

    def announce(self, before: int) -> None:
        """Notify the listeners of the move from `before` to the position, if there was one."""
        news, self._news = self._news, News(set(), set())
        if before == self.position:
            return
        notice = Notice(before, self.position, news.frames(), news.tables())
        for listener in tuple(self._listeners):
            listener(notice)


class News(Record):
    """Frames of which a column changed (`pfns`), and changed stores that are no columns."""

    pfns: set[int]
    stores: set[Store]

    def read(self, changes: BlockList[Change]) -> None:
        """Add the frames and stores of some changes."""
        for part in changes.parts():
            if isinstance(part, ChangesAlike):
                for store, keys, _, _ in part.columns:
                    if isinstance(store, Column):
                        self.pfns.update(keys)
                    else:
                        self.stores.add(store)
            elif isinstance(part, list):
                self.read_each(part)

    def read_each(self, changes: Sequence[Change]) -> None:
        """Add the frames and stores of changes that are not in columns."""
        stores = set(map(_STORE, changes))
        columns = {store for store in stores if isinstance(store, Column)}
        if columns:
            self.pfns.update([change[1] for change in changes if change[0] in columns])
        cells = {store for store in stores if isinstance(store, Cells)}
        for store, key, _, _ in changes if cells else ():
            if store in cells:
                self.pfns.update(key.tolist())
        self.stores.update(stores - columns - cells)

    def frames(self) -> npt.NDArray[np.int64]:
        """The frames, int64, ascending."""
        return np.sort(np.fromiter(self.pfns, np.int64, len(self.pfns)))

    def tables(self) -> frozenset[str]:
        """The names of the stores."""
        return frozenset(store.name for store in self.stores)
