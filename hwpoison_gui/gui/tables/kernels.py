"""The panel Kernels: the frames that another kernel gives another outcome, and the differences that decide it."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.model_index import Index
from hwpoison_gui.gui.widgets.row_model import Role, RowModel
from hwpoison_gui.gui.widgets.row_table import RowTable
from hwpoison_gui.gui.widgets.wrapped import WrappedDelegate
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.rows.between import BETWEEN_COLUMNS, between_cells
from hwpoison_gui.view.words.kernels import listed

_FIELDS: Final = [column.field for column in BETWEEN_COLUMNS]
_WRAPS: Final = {"before": 90, "after": 90, "decided_by": 180}  # least widths of words that wrap, at 100 % text


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
    """A row for each group of frames; the largest is the first. `note` is shown while there are no rows.

    What decides is a sentence or several: it wraps, the outcomes do where they must, and where there is still too
    little room for it, the amount of memory goes, which the number of frames says, too.
    """

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__("Kernels", lambda table: BetweenModel(table, BETWEEN_COLUMNS, between_cells), parent)
        self.note = ""
        self.choice = KernelChoice(self)
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setItemDelegate(WrappedDelegate(self))
        self.setVerticalScrollMode(RowTable.ScrollMode.ScrollPerPixel)
        self.order.layoutChanged.connect(self.resizeRowsToContents)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.choice.setFont(look.font(look.CAPTION))

    def set_rows(self, rows: list[Any]) -> None:
        super().set_rows(rows)
        self.set_look()

    def set_look(self) -> None:
        super().set_look()
        self.verticalHeader().setMaximumSectionSize(-1)
        metrics, head = self.fontMetrics(), self.horizontalHeader()
        for number, column in enumerate(self.columns):
            cells = [str(self.rows.index(row, number).data()) for row in range(len(self.rows.rows))]
            if not cells:
                continue
            word = max(metrics.horizontalAdvance(word) for cell in cells for word in cell.split())  # must not be broken
            wide = max(map(metrics.horizontalAdvance, cells))
            wide = max(word, min(wide, look.px(_WRAPS.get(column.field, wide)))) + 2 * look.MEDIUM
            self._widths[number] = max(wide, head.sectionSizeHint(number))
            self.setColumnWidth(number, self._widths[number])
        self._give_room()

    def _give_room(self) -> None:
        memory, wide = _FIELDS.index("memory"), _FIELDS.index("decided_by")
        others = sum(self._widths.get(number, 0) for number in range(len(self.columns)) if number != wide)
        self.setColumnHidden(memory, others + self._widths.get(wide, 0) > self.viewport().width())
        super()._give_room()
        self.resizeRowsToContents()

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
