"""Cells whose text wraps: the height that a row needs."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTableView

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.widgets.model_index import Index


class WrappedDelegate(QStyledItemDelegate):
    """Gives wrapped text its height; the usual one leaves out the padding of the style sheet."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width = max(1, self._table.columnWidth(index.column()) - 3 * look.SMALL)
        text = str(index.data() or "")
        needed = QFontMetrics(option.font).boundingRect(0, 0, width, 1 << 16, Qt.TextFlag.TextWordWrap, text)  # type: ignore[attr-defined]
        return QSize(width, needed.height() + 2 * look.TIGHT)
