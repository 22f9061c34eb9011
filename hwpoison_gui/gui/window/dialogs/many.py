"""Opens the dialogs for many frames: the one that breaks them, and the list of what came of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.map.filter_control import FilterControl
from hwpoison_gui.session.operation import Operation

if TYPE_CHECKING:
    from hwpoison_gui.gui.control.damage import DamageControl


class Many:
    """The dialogs, imported when they are opened."""

    def __init__(
        self,
        above: QWidget,
        controller: Controller,
        filters: FilterControl,
        damage: Callable[[], DamageControl],
        appearance: Appearance,
    ) -> None:
        self._above, self._controller, self._filters, self._appearance = above, controller, filters, appearance
        self._damage = damage

    def ask(self, text: str = "") -> None:
        """Open the dialog that breaks many frames; `text` names them at first, else what is marked or looked for."""
        from hwpoison_gui.gui.window.dialogs.break_many import BreakMany, named_at_first

        text = text or named_at_first(self._controller.selection.marked, self._filters.text)
        c, find = self._controller, self._filters.frames_of
        self._open(BreakMany(self._above, c, self._damage(), find, text, self._appearance.theme))

    def ask_part(self, text: str, frames: int) -> None:
        """Do the same for a part of DRAM with so many frames: of too many, every n-th."""
        from hwpoison_gui.gui.window.dialogs.break_many import strided

        self.ask(strided(text, frames))

    def show_worst(self) -> None:
        """Open the list of the frames of the operation at hand."""
        from hwpoison_gui.gui.window.dialogs.worst_frames import WorstFrames

        operation = self._at_hand()
        if operation is not None:
            self._open(WorstFrames(self._above, self._controller, operation, self._appearance.theme))

    def missing_worst(self) -> str:
        """Why there is no such list now."""
        operation = self._at_hand()
        if operation is None:
            return "This step is of no operation on many frames."
        from hwpoison_gui.view.outcome.summing import summary_at_hand

        known = summary_at_hand(self._controller.session, operation)
        return "" if known is not None else "What came of them is not summed up yet: go to the end of the operation."

    def _at_hand(self) -> Operation | None:
        """The operation on many frames that the present step belongs to."""
        operation = self._controller.session.operation_at(self._controller.session.position)
        return operation if operation is not None and operation.parts else None

    def _open(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()
