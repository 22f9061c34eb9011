"""The selected frame and process, and the frames marked for one operation. They belong to the window."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from PySide6.QtCore import QObject, Signal

NONE: Final = -1  # no frame


class Selection(QObject):
    """`frame` is a page frame number, or NONE; `task` the tgid of a process, or None; `marked`: pfns, ascending.

    `frames` tells how many the machine has. Whoever selects may have the number from the machine before, whose frames
    were more: such a number selects nothing.
    """

    changed = Signal()

    def __init__(self, frames: Callable[[], int], parent: QObject) -> None:
        super().__init__(parent)
        self._frames = frames
        self.frame = NONE
        self.task: int | None = None
        self.marked: tuple[int, ...] = ()

    @property
    def pair(self) -> tuple[int, int | None]:
        """Frame and task, for comparison."""
        return self.frame, self.task

    def select(self, pfn: int) -> None:
        """Select a frame; the process stays selected."""
        pfn = pfn if pfn < self._frames() else NONE
        if pfn != self.frame:
            self.frame = pfn
            self.changed.emit()

    def select_task(self, tgid: int | None) -> None:
        """Select a process, or none; the frame stays selected."""
        if tgid != self.task:
            self.task = tgid
            self.changed.emit()

    def mark(self, pfns: Iterable[int]) -> None:
        """Marks frames, and no others."""
        frames = self._frames()
        marked = tuple(sorted(pfn for pfn in set(pfns) if 0 <= pfn < frames))
        if marked != self.marked:
            self.marked = marked
            self.changed.emit()

    def forget(self) -> None:
        """Clear the selection without a signal: the machine is replaced."""
        self.frame, self.task, self.marked = NONE, None, ()
