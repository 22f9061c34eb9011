"""A place for a table that shows no row in part."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QTableView, QWidget


class WholeRows(QWidget):
    """Makes the table in it as high as the rows that fit, which have one height."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._table: QTableView | None = None

    def hold(self, table: QTableView) -> None:
        """Take a child as the table."""
        self._table = table
        for bar in (table.horizontalScrollBar(), table.verticalScrollBar()):
            bar.rangeChanged.connect(self.fit)

    def sizeHint(self) -> QSize:
        return self._table.sizeHint() if self._table is not None else QSize()

    def minimumSizeHint(self) -> QSize:
        return self._table.minimumSizeHint() if self._table is not None else QSize()

    def fit(self, *_: object) -> None:
        """Give the table its height; call when the height of its rows has changed."""
        table = self._table
        if table is None:
            return
        bar, row = table.horizontalScrollBar(), max(1, table.verticalHeader().defaultSectionSize())
        around = table.horizontalHeader().height() + 2 * table.frameWidth()
        around += bar.sizeHint().height() if bar.maximum() else 0
        rows = max(1, (self.height() - around) // row)
        high = self.height() if rows >= table.model().rowCount() else min(self.height(), around + rows * row)
        table.setGeometry(0, 0, self.width(), high)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()
