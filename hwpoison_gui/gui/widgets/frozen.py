"""The first columns of a table, which stay in view while the others are scrolled sideways."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QFrame, QTableView


class FrozenColumns(QTableView):
    """Lies over the left edge of a table, whose model, selection and rows it shows: `columns` of them.

    It is hidden while the table is at its left edge. It takes no focus: the table has the keys.
    """

    def __init__(self, table: QTableView, columns: int) -> None:
        super().__init__(table)
        self._columns = columns
        self.setModel(table.model())
        selected: QItemSelectionModel = table.selectionModel()
        self.setSelectionModel(selected)
        self.setItemDelegate(table.itemDelegate())
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("QTableView, QTableView:focus { border: 0; border-right: 1px solid palette(mid); }")
        self.setShowGrid(False)
        self.setWordWrap(table.wordWrap())
        self.setTextElideMode(table.textElideMode())
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionsClickable(False)
        self.setSelectionBehavior(table.selectionBehavior())
        self.setSelectionMode(table.selectionMode())
        self.setAutoScroll(False)  # the table scrolls to what becomes current
        self.setVerticalScrollMode(table.verticalScrollMode())
        for policy in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("The first columns, which stay in view")
        mine, other = self.verticalScrollBar(), table.verticalScrollBar()
        mine.valueChanged.connect(other.setValue)
        other.valueChanged.connect(mine.setValue)
        table.horizontalScrollBar().valueChanged.connect(self._show)
        table.verticalHeader().sectionResized.connect(self._resize_row)
        self.hide()

    @property
    def _table(self) -> QTableView:
        """The table below; a reference to it would keep both alive."""
        return cast("QTableView", self.parent())

    def _resize_row(self, row: int, _: int, height: int) -> None:
        self.setRowHeight(row, height)

    def fit(self) -> None:
        """Take the fonts, widths and heights of the table; call when they have changed."""
        table, model = self._table, self._table.model()
        self.setFont(table.font())
        for column in range(model.columnCount()):
            self.setColumnHidden(column, column >= self._columns)
            self.setColumnWidth(column, table.columnWidth(column))
        for row in range(model.rowCount()):
            self.setRowHeight(row, table.rowHeight(row))
        self.horizontalHeader().setFixedHeight(table.horizontalHeader().height())
        width = sum(table.columnWidth(column) for column in range(self._columns))
        place, head = table.viewport().geometry(), table.horizontalHeader().height()
        self.setGeometry(place.x(), place.y() - head, width, head + place.height())
        self.verticalScrollBar().setValue(table.verticalScrollBar().value())
        self._show()

    def _show(self, *_: object) -> None:
        self.setVisible(self._table.horizontalScrollBar().value() > 0)
        self.raise_()
