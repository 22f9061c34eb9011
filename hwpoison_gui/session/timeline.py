"""The timeline: operations recorded as steps, walked forward and backward to any step.

A step is what changed between two marks of an operation. Walking applies recorded changes, old to
new or new to old; nothing is run again and no copy of the memory is kept.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.gate import Change, Gate
from hwpoison_gui.kernel.mark import Mark
from hwpoison_gui.session.stride import News, Stride, news_of, stride_of

STRIDE: Final = 1024  # steps
_BREATH: Final = 256  # steps that are walked between two opportunities to do something else


class Step(NamedTuple):
    """One step: its label, the changes it made (oldest first), and the number of its operation."""

    mark: Mark
    changes: tuple[Change, ...]
    operation: int


class Notice(NamedTuple):
    """The model moved from step `before` to step `after`.

    `pfns`: int64, ascending, the frames whose columns changed. `tables`: names of the tables that did.
    """

    before: int
    after: int
    pfns: npt.NDArray[np.int64]
    tables: frozenset[str]


class Tail(NamedTuple):
    """Steps that were cut off a timeline."""

    steps: list[Step]
    strides: list[Stride]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Records only add up, and no cycle holds them: looking for cycles among them takes half of a long walk."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Timeline:
    """Steps and the position among them: `position` steps are applied, 0 is the machine as booted."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.steps: list[Step] = []
        self.position = 0
        self.away = False  # the machine is as at another step for a while
        self._strides: list[Stride] = []  # of the first STRIDE steps, and so on; not of the rest
        self._listeners: list[Callable[[Notice], None]] = []

    def subscribe(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        """Call `listener` after every move; returns a function that ends this."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # Recording

    def add(self, mark: Mark, operation: int) -> None:
        """What changed since the last step is the next one, and it is applied. The future must be discarded first."""
        self.steps.append(Step(mark, self._gate.take(), operation))
        self.position += 1
        if not self.position % STRIDE:
            self._strides.append(stride_of(_changes(self.steps[-STRIDE:])))

    @property
    def changed(self) -> bool:
        """Whether anything changed since the last step."""
        return self._gate.changed

    def take_back(self, before: int) -> None:
        """Undo and forget everything after step `before`, unannounced: an operation is not carried out after all."""
        self._gate.backward(self._gate.take())
        for _ in self.walk(before):
            pass
        self.cut()

    def cut(self) -> Tail:
        """Forget the steps after the present one."""
        whole = self.position // STRIDE
        tail = Tail(self.steps[self.position :], self._strides[whole:])
        del self.steps[self.position :], self._strides[whole:]
        return tail

    def mend(self, tail: Tail) -> None:
        """Put back what `cut` took away; the position must be the same again."""
        assert self.position == len(self.steps)
        self.steps += tail.steps
        self._strides += tail.strides

    # Walking

    def seek(self, position: int) -> None:
        """Walk to a step and tell of it. Raises ValueError for one that is not there."""
        before = self.position
        for _ in self.walk(position):
            pass
        self.announce(before)

    def walk(self, position: int) -> Iterator[None]:
        """Walk to a step, unannounced. Yields now and then, always at a step: it may be left there.

        Raises ValueError for a step that is not there.
        """
        if not 0 <= position <= len(self.steps):
            raise ValueError(f"step {position}, expected 0 to {len(self.steps)}")
        while self.position != position:
            with _no_collection():
                self._go(position)
            if self.position != position:
                yield

    def _go(self, position: int) -> None:
        """A stride, or some steps, towards a position."""
        at, on = self.position, position > self.position
        first = at if on else at - STRIDE
        if not at % STRIDE and abs(position - at) >= STRIDE and self._strides[first // STRIDE].exchanges is not None:
            stride = self._strides[first // STRIDE]
            (stride.forward if on else stride.backward)(self._gate)
            self.position = at + STRIDE if on else first
            return
        to_stride = STRIDE - at % STRIDE if on else (at - 1) % STRIDE + 1
        by = min(abs(position - at), to_stride, _BREATH)
        if on:
            for step in self.steps[at : at + by]:
                self._gate.forward(step.changes)
        else:
            for step in reversed(self.steps[at - by : at]):
                self._gate.backward(step.changes)
        self.position = at + by if on else at - by

    @contextmanager
    def as_of(self, position: int) -> Iterator[None]:
        """Inside, the machine is as at another step, and `position` still says where the timeline stands."""
        here, away = self.position, self.away
        for _ in self.walk(position):
            pass
        self.position, self.away = here, away or position != here
        try:
            yield
        finally:
            self.position, self.away = position, away
            for _ in self.walk(here):
                pass

    def announce(self, before: int) -> None:
        """Tell the listeners that the model moved from step `before` to where it is, if it did."""
        if before == self.position:
            return
        news = self._between(*sorted((before, self.position)))
        pfns = np.array(sorted(news.pfns), np.int64)
        notice = Notice(before, self.position, pfns, news.tables)
        for listener in tuple(self._listeners):
            listener(notice)

    def _between(self, low: int, high: int) -> News:
        """What changed in steps `low` to `high`."""
        first, last = -(-low // STRIDE), high // STRIDE
        if first >= last:
            return news_of(_changes(self.steps[low:high]))
        parts = [stride.news for stride in self._strides[first:last]]
        parts.append(news_of(_changes(self.steps[low : first * STRIDE])))
        parts.append(news_of(_changes(self.steps[last * STRIDE : high])))
        tables = frozenset[str]().union(*(part.tables for part in parts))
        return News(frozenset[int]().union(*(part.pfns for part in parts)), tables)


def _changes(steps: Sequence[Step]) -> Iterator[Change]:
    return chain.from_iterable(step.changes for step in steps)
