"""The timeline: operations recorded as steps, walked forward and backward to any step.

A step is what changed between two marks of an operation. Walking applies recorded changes, old to
new or new to old; nothing is run again and no copy of the memory is kept.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.gate import Cells, Change, Column, Gate, Store
from hwpoison_gui.kernel.mark import Mark

_MANY: Final = 1000  # steps of an operation


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


@contextmanager
def _no_collection() -> Iterator[None]:
    """Steps only add up while they are recorded; looking for cycles among them doubles the time of long ones."""
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
        self._listeners: list[Callable[[Notice], None]] = []

    def subscribe(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        """Call `listener` after every move; returns a function that ends this."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def record(self, operation: int, marks: Generator[Mark, None, Any], last: Callable[[], Mark]) -> Any:
        """Run an operation to its end from the newest step, unannounced; returns what it returns.

        Changes after its last mark get a step labelled `last()`, as does an operation without marks.
        """
        assert self.position == len(self.steps), "the future must be discarded first"
        before = self.position
        with _no_collection():
            value = self._run(operation, marks, last, before)
        self.position = len(self.steps)
        if self.position - before > _MANY:
            gc.freeze()  # a million records that no cycle holds: the collector need not look through them again
        return value

    def _run(self, operation: int, marks: Generator[Mark, None, Any], last: Callable[[], Mark], before: int) -> Any:
        while True:
            try:
                mark = next(marks)
            except StopIteration as stop:
                rest = self._gate.take()
                if rest or len(self.steps) == before:
                    self.steps.append(Step(last(), rest, operation))
                return stop.value
            self.steps.append(Step(mark, self._gate.take(), operation))

    def announce(self, before: int) -> None:
        """Tell the listeners that the model moved from step `before` to where it is."""
        self._notify(before, self.position)

    def take_back(self, before: int) -> None:
        """Undo and forget everything after step `before`, unnotified: an operation failed to be carried out."""
        self._gate.backward(self._gate.take())
        for step in reversed(self.steps[before:]):
            self._gate.backward(step.changes)
        del self.steps[before:]
        self.position = before

    def seek(self, position: int) -> None:
        """Walk to a step. Raises ValueError for one that is not there."""
        if not 0 <= position <= len(self.steps):
            raise ValueError(f"step {position}, expected 0 to {len(self.steps)}")
        before = self.position
        with _no_collection():
            if position > before:
                for step in self.steps[before:position]:
                    self._gate.forward(step.changes)
            else:
                for step in reversed(self.steps[position:before]):
                    self._gate.backward(step.changes)
        self.position = position
        if position != before:
            self._notify(before, position)

    def discard_future(self) -> None:
        """Forget the steps after the present one."""
        del self.steps[self.position :]

    def _notify(self, before: int, after: int) -> None:
        low, high = sorted((before, after))
        keys: defaultdict[Store, list[Any]] = defaultdict(list)
        for step in self.steps[low:high]:
            for store, key, _, _ in step.changes:
                keys[store].append(key)
        pfns: set[int] = set()
        for store, found in keys.items():
            if isinstance(store, Column):
                pfns.update(found)
            elif isinstance(store, Cells):
                for cells in found:
                    pfns.update(cells.tolist())
        tables = (store.name for store in keys if not isinstance(store, (Column, Cells)))
        notice = Notice(before, after, np.array(sorted(pfns), np.int64), frozenset(tables))
        for listener in tuple(self._listeners):
            listener(notice)
