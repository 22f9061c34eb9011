"""A sortable table of a few thousand rows: VMAs, files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QWidget

from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.gui.widgets.model_index import Index
from hwpoison_gui.gui.widgets.row_model import KEY_ROLE, SORT_ROLE, RowModel
from hwpoison_gui.gui.widgets.table_keys import let_sort, sort_by_key, to_an_end
from hwpoison_gui.gui.widgets.table_view import FactView
from hwpoison_gui.view.base.columns import TextColumn, as_tsv
from hwpoison_gui.view.base.palette import Theme

NO_KEY = -1


class RowTable(FactView):
    """Shows a RowModel; the selection is kept by key when rows are replaced."""

    chosen = Signal(int)  # key of the row that the user chose

    def __init__(self, name: str, model: Callable[[QWidget], RowModel], parent: QWidget | None = None) -> None:
        self.rows: RowModel
        super().__init__((), parent)
        self.rows = model(self)
        self.columns = self.rows.columns
        self.order = QSortFilterProxyModel(self)
        self.order.setSourceModel(self.rows)
        self.order.setSortRole(SORT_ROLE)
        self._quiet = False
        self.setModel(self.order)
        let_sort(self)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAccessibleName(name)
        self.copying = Copying(self, name, self._chosen, self._whole)

    def set_theme(self, theme: Theme) -> None:
        self.rows.theme = theme
        self.set_look()
        self.rows.refresh_look()

    def fit_heads(self) -> None:
        """Make columns wide enough for heads of two lines, of which eliding would cut the second."""
        head = self.horizontalHeader()
        head.setTextElideMode(Qt.TextElideMode.ElideNone)
        for number in range(len(self.columns)):
            self.setColumnWidth(number, max(self.columnWidth(number), head.sectionSizeHint(number)))

    def set_columns(self, columns: Sequence[TextColumn], cells: Callable[[Any], tuple[str, ...]]) -> None:
        """Show other columns of the same rows; the current row stays."""
        if tuple(columns) == self.columns:
            return
        key = self.current_key()
        self.rows.set_columns(columns, cells)
        self.columns = self.rows.columns
        self.set_look()
        self.show_key(key)

    def set_rows(self, rows: list[Any]) -> None:
        """Replace the rows without emitting `chosen`."""
        key = self.current_key()
        self._quiet = True
        try:
            self.rows.set_rows(rows)
        finally:
            self._quiet = False
        if self.current_key() != key:
            self.show_key(key)

    def current_key(self) -> int:
        """Key of the current row, or NO_KEY."""
        index = self.currentIndex()
        return int(index.data(KEY_ROLE)) if index.isValid() else NO_KEY

    def show_key(self, key: int) -> None:
        """Make a row current without emitting `chosen`; NO_KEY for none."""
        row = self.rows.row_of(key)
        if key == self.current_key() and row >= 0:
            return
        self._quiet = True
        try:
            index = self.order.mapFromSource(self.rows.index(row, 0)) if row >= 0 else QModelIndex()
            flags = QItemSelectionModel.SelectionFlag
            self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            if index.isValid():
                self.scrollTo(index)
        finally:
            self._quiet = False

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if not self._quiet and current.isValid():
            self.chosen.emit(int(current.data(KEY_ROLE)))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Qt makes the first row current when a table without one gets the focus: nobody has chosen that row."""
        key, self._quiet = self.current_key(), True
        try:
            super().focusInEvent(event)
        finally:
            self._quiet = False
        if key == NO_KEY:
            self.show_key(NO_KEY)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not sort_by_key(self, event) and not to_an_end(self, event):
            super().keyPressEvent(event)

    def selected_cells(self) -> list[tuple[str, ...]]:
        return self._cells(sorted(index.row() for index in self.selectionModel().selectedRows()))

    def _chosen(self) -> str:
        return as_tsv(self.selected_cells())

    def _whole(self) -> str:
        return as_tsv(self._cells(range(self.order.rowCount())), [column.head for column in self.columns])

    def _cells(self, rows: Iterable[int]) -> list[tuple[str, ...]]:
        width = range(len(self.columns))
        return [tuple(str(self.order.index(row, column).data()) for column in width) for row in rows]
