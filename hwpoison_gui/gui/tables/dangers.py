"""The lists of the Assess panel: the most dangerous frames, processes and files, the worst first."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QWidget

from hwpoison_gui.gui.tables.assess import AssessTable
from hwpoison_gui.gui.widgets.row_model import RowModel
from hwpoison_gui.gui.widgets.row_table import RowTable
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.rows.dangers import DANGER_CELLS, DANGER_COLUMNS, FRAMES

AT_FIRST: Final = 10  # rows of a list


class DangerTable(RowTable):
    """One of the lists; `shown` is its name (rows.dangers.LISTS)."""

    def __init__(self, parent: QWidget, theme: Theme = DARK) -> None:
        columns, cells = DANGER_COLUMNS[FRAMES], DANGER_CELLS[FRAMES]
        super().__init__("Most dangerous", lambda table: RowModel(table, columns, cells), parent)
        self.shown = FRAMES
        self.setTextElideMode(Qt.TextElideMode.ElideRight)  # what happens stands before the names
        self.set_theme(theme)

    def show_list(self, name: str) -> None:
        """Show the columns of a list, without rows yet."""
        if name == self.shown:
            return
        self.set_rows([])
        self.shown = name
        self.horizontalHeader().setSortIndicator(-1, self.horizontalHeader().sortIndicatorOrder())
        self.set_columns(DANGER_COLUMNS[name], DANGER_CELLS[name])


class AssessPanel(QStackedWidget):
    """The table of outcomes, or one of the lists; `table.tools` chooses."""

    def __init__(self, parent: QWidget, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.table, self.worst = AssessTable(self, theme), DangerTable(self, theme)
        for view in (self.table, self.worst):
            self.addWidget(view)
        self.setFocusProxy(self.table)

    def set_theme(self, theme: Theme) -> None:
        self.table.set_theme(theme)
        self.worst.set_theme(theme)

    def show_list(self, name: str) -> None:
        """Show a list by its name; empty: the table of outcomes."""
        had = self.table.hasFocus() or self.worst.hasFocus()
        if name:
            self.worst.show_list(name)
        view = self.worst if name else self.table
        self.setFocusProxy(view)
        self.setCurrentWidget(view)
        if had:
            view.setFocus()
