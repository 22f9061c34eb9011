"""The panel Kernels: the frames that another kernel gives another outcome, and the differences that decide it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.model_index import Index
from hwpoison_gui.gui.widgets.row_model import Role, RowModel
from hwpoison_gui.gui.widgets.row_table import RowTable
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.rows.between import BETWEEN_COLUMNS, between_cells
from hwpoison_gui.view.words.kernels import listed


class KernelChoice(QComboBox):
    """The kernel that the machine's is compared with; all modelled ones but its own."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Kernel to compare with")
        self.setToolTip("The kernel that would handle the error instead; memory and sysctls stay as they are")

    def set_kernels(self, own: str, chosen: str) -> None:
        """List the kernels, newest first."""
        self.clear()
        for name, profile in reversed(PROFILES.items()):
            if name != own:
                self.addItem(listed(name), name)
                self.setItemData(self.count() - 1, profile.title, Qt.ItemDataRole.ToolTipRole)
        self.setCurrentIndex(self.findData(chosen))


class BetweenModel(RowModel):
    """Groups of frames; the tip of what decides one has a line for each difference and for its source."""

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        row, column = self.rows[index.row()], self.columns[index.column()]
        if role == Role.ToolTipRole and column.field == "decided_by" and row.explained:
            return plain(f"{row.explained}\n{column.tip}")
        return super().data(index, role)


class KernelTable(RowTable):
    """A row for each group of frames; the largest is the first. `note` is shown while there are no rows."""

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__("Kernels", lambda table: BetweenModel(table, BETWEEN_COLUMNS, between_cells), parent)
        self.note = ""
        self.choice = KernelChoice(self)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.choice.setFont(look.font(look.CAPTION))

    def set_note(self, note: str) -> None:
        if note != self.note:
            self.note = note
            self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.rows.rows and self.note:
            painter = QPainter(self.viewport())
            painter.setPen(QColor(self.rows.theme.muted))
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.note)
