"""Text under the pointer or of the widget with the focus, for the glossary."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QTextCursor, QTextLayout, QTextOption
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QTableView,
    QTextEdit,
    QWidget,
)

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.elided_label import ElidedLabel
from hwpoison_gui.gui.rmap.view import RmapView
from hwpoison_gui.gui.timeline.operations import OperationStrip
from hwpoison_gui.gui.timeline.track import Timeline
from hwpoison_gui.gui.widgets.model_index import NOWHERE
from hwpoison_gui.record import Record

Role = Qt.ItemDataRole
_LOW: Final = 64  # height of a control that is pointed at as a whole, at 100 % text
_NEAR: Final = 4  # pixels beside a character that still belong to it


class Pointed(Record):
    """`tip`: what is shown there anyway; `text`: what is there; `place`: the character under the pointer, or -1."""

    tip: str = ""
    text: str = ""
    place: int = -1


def pointed(widget: QWidget, pos: QPoint) -> Pointed:
    """Return the tip and the text at a point of a widget or of its viewport."""
    area = widget.parentWidget()
    if isinstance(area, QHeaderView) and area.viewport() is widget:
        return _of_header(area, pos)
    if isinstance(area, QAbstractItemView) and area.viewport() is widget:
        return _of_item(area, pos)
    if isinstance(area, QTextEdit | QPlainTextEdit) and area.viewport() is widget:
        return _of_text(area, pos)
    if isinstance(area, RmapView) and area.viewport() is widget:
        return Pointed(area.tip_at(QPointF(pos)), area.words_at(QPointF(pos)))
    if isinstance(widget, Timeline | OperationStrip):
        tip = widget.tip_at(pos.x())
        return Pointed(tip, tip)
    if isinstance(widget, QLabel):
        tip = f"{widget.text()}\n{widget.toolTip()}".rstrip() if _is_cut(widget) else widget.toolTip()
        return Pointed(tip, widget.text(), _place_in_label(widget, pos))
    return Pointed(widget.toolTip(), _of_control(widget))


def rect_of_pointed(widget: QWidget, pos: QPoint) -> QRect:
    """The row, header or low control at a point of a widget; empty where it points into something larger."""
    area = widget.parentWidget()
    if isinstance(area, QAbstractItemView) and area.viewport() is widget and not isinstance(area, QHeaderView):
        return area.visualRect(area.indexAt(pos))
    return widget.rect() if widget.height() <= look.px(_LOW) else QRect()


def said_by(widget: QWidget | None) -> str:
    """Return the full text of a widget that has the focus; empty without one."""
    if widget is None:
        return ""
    if isinstance(widget, QAbstractItemView) and widget.currentIndex().isValid():
        return _row_in_words(widget)
    if isinstance(widget, QTextEdit | QPlainTextEdit):
        return widget.textCursor().selectedText() or widget.toPlainText()
    words = [getattr(widget, "in_words", str)(), _of_control(widget)]
    return "\n".join(word for word in words if word)


def _row_in_words(view: QAbstractItemView) -> str:
    """The current cell first, then its row."""
    index = view.currentIndex()
    columns = range(index.model().columnCount(NOWHERE)) if isinstance(view, QTableView) else ()
    row = [index.siblingAtColumn(column).data(Role.DisplayRole) for column in columns]
    words = [_head_of(view, index.column()), index.data(Role.DisplayRole), index.data(Role.ToolTipRole), *row]
    return "\n".join(dict.fromkeys(str(word) for word in words if word))


def _of_control(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton | QLabel) else ""
    words = (text, widget.accessibleName(), widget.accessibleDescription(), widget.toolTip())
    return "\n".join(dict.fromkeys(word for word in words if word))


def _of_header(header: QHeaderView, pos: QPoint) -> Pointed:
    number, model = header.logicalIndexAt(pos), header.model()
    if number < 0 or model is None:
        return Pointed()
    head, tip = (model.headerData(number, header.orientation(), role) for role in (Role.DisplayRole, Role.ToolTipRole))
    return Pointed(str(tip or ""), f"{head or ''}\n{tip or ''}")


def _of_item(view: QAbstractItemView, pos: QPoint) -> Pointed:
    index = view.indexAt(pos)
    if not index.isValid():
        return Pointed()
    words = [str(word) for word in (index.data(Role.DisplayRole), _head_of(view, index.column())) if word]
    return Pointed(str(index.data(Role.ToolTipRole) or ""), "\n".join(words))


def _head_of(view: QAbstractItemView, column: int) -> str:
    """The header of a column of a table."""
    if not isinstance(view, QTableView):
        return ""
    return str(view.model().headerData(column, Qt.Orientation.Horizontal, Role.DisplayRole) or "")


def _of_text(edit: QTextEdit | QPlainTextEdit, pos: QPoint) -> Pointed:
    cursor = edit.cursorForPosition(pos)
    line = cursor.block().text()
    after = QTextCursor(cursor)
    after.movePosition(QTextCursor.MoveOperation.Right, QTextCursor.MoveMode.KeepAnchor)
    near = edit.cursorRect(cursor).united(edit.cursorRect(after)).adjusted(-_NEAR, 0, _NEAR, 0)
    return Pointed(edit.toolTip(), line, cursor.positionInBlock() if near.contains(pos) else -1)


def _is_cut(label: QLabel) -> bool:
    return isinstance(label, ElidedLabel) and label.is_cut


def _place_in_label(label: QLabel, pos: QPoint) -> int:
    """The number of the character at a point of a label's text, laid out as the label does; -1 beside it."""
    room, text = label.contentsRect(), label.text()
    option = QTextOption(label.alignment() & Qt.AlignmentFlag.AlignHorizontal_Mask)
    option.setWrapMode(QTextOption.WrapMode.WordWrap if label.wordWrap() else QTextOption.WrapMode.NoWrap)
    layout = QTextLayout(text, label.font())
    layout.setTextOption(option)
    layout.beginLayout()
    lines, height = [], 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(room.width())
        line.setPosition(QPointF(0, height))
        height += line.height()
        lines.append(line)
    layout.endLayout()
    top = _top(room, height, label.alignment())
    for line in lines:
        at = QPointF(pos) - QPointF(room.left(), top)
        if line.y() <= at.y() < line.y() + line.height():
            left, right = line.x(), line.x() + line.naturalTextWidth()
            if left <= at.x() <= right:
                return int(line.xToCursor(at.x(), line.CursorPosition.CursorOnCharacter))
    return -1


def _top(room: QRect, height: float, alignment: Qt.AlignmentFlag) -> float:
    if alignment & Qt.AlignmentFlag.AlignTop:
        return room.top()
    if alignment & Qt.AlignmentFlag.AlignBottom:
        return room.bottom() + 1 - height
    return room.top() + (room.height() - height) / 2
