"""The error records overlaid on the open machine, and which of them is chosen: a playhead in real time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from hwpoison_gui.gui.control.controller import Controller

if TYPE_CHECKING:
    from hwpoison_gui.opening.real_errors import RealErrors
    from hwpoison_gui.sources.records.history import ErrorRecord, History

NONE = -1
NONE_OPEN = "No error records are open."
NO_MEMORY = "This machine has error records only: open another machine instead."


class Recorded(QObject):
    """`history` is None if there are none. The machine has them; its session keeps them."""

    changed = Signal()  # other records, or none
    moved = Signal()  # another one is chosen

    def __init__(self, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self.history: History | None = controller.machine.history
        self.at = NONE
        controller.opened.connect(self._opened)

    @property
    def record(self) -> ErrorRecord | None:
        """The chosen record."""
        return self.history.records[self.at] if self.history is not None and self.at != NONE else None

    def _opened(self) -> None:
        if self.history is None and self._controller.machine.history is None:
            return
        self._take()

    def show(self, errors: RealErrors | None) -> None:
        """Overlay other records on the machine; None takes them away."""
        history, files = (errors.history, errors.files) if errors is not None else (None, None)
        machine = self._controller.machine
        self._controller.set_files(machine._replace(history=history, records=files))
        self._take()

    def _take(self) -> None:
        self.history = self._controller.machine.history
        self.at = NONE
        self.changed.emit()

    def choose(self, number: int) -> None:
        """Choose a record, and select its frame if the machine has it."""
        if self.history is None or not 0 <= number < len(self.history.records) or number == self.at:
            return
        self.at = number
        self.moved.emit()
        pfn = self.history.records[number].pfn
        if pfn is not None and pfn < self._controller.session.machine.frames:
            self._controller.selection.select(pfn)

    def step(self, by: int) -> None:
        """Choose the next or the previous record."""
        if self.history is not None and self.history.records:
            first = 0 if by > 0 else len(self.history.records) - 1
            self.choose(first if self.at == NONE else self.at + by)

    def missing(self, by: int) -> str:
        """Why there is no record to step to; empty if there is one."""
        if self.history is None:
            return NONE_OPEN
        at, last = self.at, len(self.history.records) - 1
        if last < 0 or (at != NONE and not 0 <= at + by <= last):
            return "There is no further record." if by > 0 else "There is no earlier record."
        return ""
