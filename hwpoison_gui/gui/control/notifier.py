"""Collects what changed during an action, and notifies the views once at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from hwpoison_gui.record import Record
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.steps import Step
from hwpoison_gui.session.timeline import Notice

MOST_STEPS: Final = 2000  # steps that a notice lists one by one; after more, views refresh everything
# After an operation was given up, views that read tables during its recording must refresh: all use `processes`.
_GIVEN_UP: Final = Notice(0, 0, np.empty(0, np.int64), frozenset({"processes"}))


class Moved(Record):
    """A change of the machine: frames, ascending, and names of tables. `acted`: there are new steps.

    `steps` are the steps walked, in either direction, if they were few and none was new; else None.
    """

    pfns: npt.NDArray[np.int64]
    tables: frozenset[str]
    acted: bool
    steps: tuple[Step, ...] | None = None


class Notifier(QObject):
    """Follows one session at a time. Between `enter` and its `leave` changes are held back and grouped."""

    changed = Signal(object, bool)  # Moved, or None; whether the selection has changed

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._depth = 0
        self._looked = self._acted = False
        self._notices: list[Notice] = []
        self._session = session
        self._unsubscribe = session.subscribe(self._heard)

    def follow(self, session: Session) -> None:
        """Follow another session."""
        self._unsubscribe()
        self._session = session
        self._unsubscribe = session.subscribe(self._heard)

    @property
    def grouping(self) -> bool:
        """Whether changes are held back."""
        return self._depth > 0

    @property
    def few_steps(self) -> tuple[Step, ...] | None:
        """The steps walked so far, if none is new and they are few; else None."""
        spans = [sorted((notice.before, notice.after)) for notice in self._notices]
        if self._acted or sum(last - first for first, last in spans) > MOST_STEPS:
            return None
        return tuple(step for first, last in spans for step in self._session.steps[first:last])

    def note_steps(self) -> None:
        """There are new steps."""
        self._acted = True

    def note_given_up(self) -> None:
        """An operation was given up, and its steps were undone."""
        self._acted = True
        self._notices.append(_GIVEN_UP)

    def note_look(self) -> None:
        """The selection has changed."""
        self._looked = True

    def enter(self) -> None:
        self._depth += 1

    def leave(self) -> None:
        """End one `enter`; the last one notifies the listeners."""
        self._depth -= 1
        if self._depth:
            return
        if self._notices or self._acted or self._looked:
            self._tell()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Groups changes: listeners are notified once, at the end of the block."""
        self.enter()
        try:
            yield
        finally:
            self.leave()

    def _heard(self, notice: Notice) -> None:
        self._notices.append(notice)
        if not self._depth:
            self._tell()

    def _tell(self) -> None:
        moved, looked = None, self._looked
        if self._notices or self._acted:
            moved = Moved(_frames_of(self._notices), _tables_of(self._notices), self._acted, self.few_steps)
        self._notices, self._acted, self._looked = [], False, False
        self.changed.emit(moved, looked)


def _frames_of(notices: Sequence[Notice]) -> npt.NDArray[np.int64]:
    return union([notice.pfns for notice in notices])


def union(parts: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """The sorted union, int64, of arrays of frames that are sorted themselves."""
    if len(parts) == 1:
        return parts[0]
    # Not np.unique: it would load numpy.ma in the midst of the first click.
    pfns = np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.int64)
    return pfns[np.diff(pfns, prepend=-1) != 0]


def _tables_of(notices: Sequence[Notice]) -> frozenset[str]:
    return frozenset[str]().union(*(notice.tables for notice in notices))
