"""What can be read in a window: the words of all widgets that are in sight, row by row, and of painted views.

A painted view is read by its accessible text, which says what it draws.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QTextDocumentFragment
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QMenuBar,
    QTabBar,
    QTableView,
    QTextEdit,
    QTreeView,
    QWidget,
)

from hwpoison_gui.gui.map.item import NONE
from hwpoison_gui.gui.map.view import FrameMapView

_GAP = "\t"


def in_sight(widget: QWidget) -> bool:
    """Whether anything of a widget can be seen; a panel behind another one is only moved out of its window."""
    shown = widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
    return shown.isVisible() and not shown.visibleRegion().isEmpty()


def read(widget: QWidget) -> str:
    """All that can be read in a widget and in what is inside it, a line each."""
    return "\n".join(line for line in _lines(widget) if line.strip())


def plain(text: str) -> str:
    """The words of rich text."""
    return QTextDocumentFragment.fromHtml(text).toPlainText() if "</" in text else text


def _lines(widget: QWidget) -> Iterator[str]:
    if not widget.isVisible():
        return
    if in_sight(widget):  # what is inside covers it where it is opaque
        yield from words_of(widget)
    if isinstance(widget, QAbstractItemView | QHeaderView | QComboBox):
        return
    for child in widget.children():
        if isinstance(child, QWidget) and not child.isWindow():
            yield from _lines(child)


def words_of(widget: QWidget) -> list[str]:
    """What a widget itself says."""
    if isinstance(widget, QAbstractItemView):
        return [*_heads(widget), *rows_in_view(widget)]
    if isinstance(widget, QLabel):
        return [plain(widget.text())]
    if isinstance(widget, QComboBox):
        return [widget.currentText()]
    if isinstance(widget, QLineEdit):
        return [widget.text() or widget.placeholderText()]
    if isinstance(widget, QTabBar):
        return [_GAP.join(widget.tabText(number) for number in range(widget.count()))]
    if isinstance(widget, QMenu | QMenuBar):
        return [action.text().replace("&", "") for action in widget.actions() if action.isVisible()]
    if isinstance(widget, QTextEdit):
        return [_text_in_view(widget)]
    if isinstance(widget, QAbstractButton):
        return [widget.accessibleName() or widget.text()]
    if isinstance(widget, FrameMapView):
        return [widget.accessibleDescription()] if widget.item.described != NONE else []
    painted = widget.accessibleDescription() and not widget.findChildren(QLabel)
    if isinstance(widget, QAbstractScrollArea) or painted:
        return [widget.accessibleName(), widget.accessibleDescription()]
    return [widget.accessibleName()] if not widget.children() else []


def rows_in_view(view: QAbstractItemView) -> list[str]:
    """The rows that can be seen, a tab between fields."""
    model, rows = view.model(), []
    area = view.viewport().rect()
    if isinstance(view, QTreeView):
        index = view.indexAt(QPoint(view.indentation() * 8, 1))
        while index.isValid() and view.visualRect(index).intersects(area):
            rows.append(str(index.data()))
            index = view.indexBelow(index)
        return rows
    columns = model.columnCount() if isinstance(view, QTableView) else 1
    for row in range(max(0, view.indexAt(QPoint(2, 2)).row()), model.rowCount()):
        if view.visualRect(model.index(row, 0)).top() > area.bottom():
            break
        rows.append(_GAP.join(str(model.index(row, column).data() or "") for column in range(columns)))
    return rows


def _heads(view: QAbstractItemView) -> list[str]:
    if not isinstance(view, QTableView) or not view.horizontalHeader().isVisible():
        return []
    heads = range(view.model().columnCount())
    return [_GAP.join(str(view.model().headerData(n, Qt.Orientation.Horizontal) or "") for n in heads)]


def _text_in_view(edit: QTextEdit) -> str:
    """The paragraphs and table cells of which some part lies within the viewport.

    Their rectangles are asked for, not the text under the corners: between cells, and in a document that is not laid
    out to its end yet, a corner is over no text, and Qt answers with the start or the end of the document.
    """
    layout, lines = edit.document().documentLayout(), []
    layout.documentSize()  # lays out the whole document
    view = edit.viewport().rect().translated(edit.horizontalScrollBar().value(), edit.verticalScrollBar().value())
    block = edit.document().begin()
    while block.isValid():
        if layout.blockBoundingRect(block).intersects(view.toRectF()):
            lines.append(block.text())
        block = block.next()
    return "\n".join(lines)


def index_of(view: QAbstractItemView, words: str, column: int = 0) -> QModelIndex:
    """Where a row that can be seen has these words."""
    model = view.model()
    if isinstance(view, QTreeView):
        index = view.indexAt(QPoint(view.indentation() * 8, 1))
        while index.isValid() and not re.search(words, str(index.data())):
            index = view.indexBelow(index)
    else:
        columns = range(model.columnCount() if isinstance(view, QTableView) else 1)
        rows = (n for n in range(model.rowCount()) if words in [model.index(n, c).data() for c in columns])
        index = model.index(next(rows, -1), column)
    assert index.isValid() and view.visualRect(index).intersects(view.viewport().rect()), f"{words} is not in sight"
    return index
