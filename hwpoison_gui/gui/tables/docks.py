"""Everything on the map as text: the tables of pages, VMAs and files, and their controls."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QToolButton,
    QWidget,
)

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.enabling import enable
from hwpoison_gui.gui.tables.pages import PageTable
from hwpoison_gui.gui.widgets.row_model import RowModel
from hwpoison_gui.gui.widgets.row_table import RowTable
from hwpoison_gui.gui.widgets.toggle import Toggle
from hwpoison_gui.view.base.columns import TextColumn
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.rows.files import FILE_COLUMNS, file_cells
from hwpoison_gui.view.rows.pages import PAGE_COLUMNS
from hwpoison_gui.view.rows.vmas import VMA_COLUMNS, vma_cells

PAGES: Final = "pages"
VMAS: Final = "vmas"
FILES: Final = "files"


def _file_colour(row: Any, column: TextColumn, theme: Theme) -> str | None:
    if column.field == "error":
        return theme.kill
    return theme.warn if column.field == "dirty" else None


class PageControls(QWidget):
    """Controls of the table of pages: sort column, filter, and Stop while sorting."""

    orderWanted = Signal(str, bool)  # field, descending
    foundOnly = Signal(bool)
    stopped = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.found = Toggle("Only what is found", self)
        self.found.setToolTip("Lists only pages that match the map’s filter")
        self.enable_found(False)
        self.field = QComboBox(self)
        self.field.setAccessibleName("Order of the pages")
        self.field.setToolTip("Column by which pages are sorted; a click on a column header does the same")
        for column in PAGE_COLUMNS:
            self.field.addItem(column.head, column.field)
        self.descending = Toggle("Descending", self)
        self.descending.setToolTip("Sorts the largest first")
        self.stop = QToolButton(self)
        self.stop.setText("Stop")
        self.stop.setToolTip("Stops sorting; the order stays")
        self.stop.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.SMALL)
        for widget in (self.stop, self.found, self.field, self.descending):
            row.addWidget(widget)
        self.field.activated.connect(self._wanted)
        self.descending.clicked.connect(self._wanted)
        self.found.clicked.connect(self.foundOnly)
        self.stop.clicked.connect(self.stopped)

    def enable_found(self, possible: bool) -> None:
        """Enable what lists the found pages only, if the map has a filter."""
        enable(self.found, "" if possible else "There is no filter: Ctrl+F sets one.")

    def _wanted(self) -> None:
        self.orderWanted.emit(self.field.currentData(), self.descending.isChecked())

    def show_order(self, field: str, descending: bool) -> None:
        """Show the sort order without emitting a signal."""
        self.field.setCurrentIndex(self.field.findData(field))
        self.descending.setChecked(descending)


class Tables:
    """The three tables and their controls, by name; the owner fills them."""

    def __init__(self, parent: QWidget, theme: Theme = DARK) -> None:
        self.pages = PageTable(parent)
        self.vmas = RowTable("VMAs", lambda table: RowModel(table, VMA_COLUMNS, vma_cells), parent)
        self.files = RowTable("Files", lambda table: RowModel(table, FILE_COLUMNS, file_cells, _file_colour), parent)
        self.controls = PageControls(parent)
        self.of_task = Toggle("Of the selected task only", parent)
        self.of_task.setToolTip("Lists those of all tasks if none is selected")
        self.by_name: dict[str, PageTable | RowTable] = {PAGES: self.pages, VMAS: self.vmas, FILES: self.files}
        self.tools: dict[str, QWidget] = {PAGES: self.controls, VMAS: self.of_task}
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        for table in self.by_name.values():
            table.set_theme(theme)
        for widget in (self.controls.found, self.controls.field, self.controls.descending, self.of_task):
            widget.setFont(look.font(look.CAPTION))
