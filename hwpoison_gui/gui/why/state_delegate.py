"""Delegates of the state table for cells that are not plain text: signs and flags."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.signs import cross, ring, tick
from hwpoison_gui.gui.why.state_model import StateModel
from hwpoison_gui.gui.widgets.model_index import Index
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.view.base.palette import mixed
from hwpoison_gui.view.outline.state_rows import FITS, OPEN, TRIED


class RowDelegate(QStyledItemDelegate):
    """Default drawing, with a highlight behind the first match."""

    def __init__(self, parent: QWidget, model: StateModel) -> None:
        super().__init__(parent)
        self._model = model

    def _light(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        if self._model.table.rows[index.row()].state == FITS:
            ground = mixed(self._model.theme.base, self._model.lit(), 0.22)
            fill(painter, option.rect, QColor(ground))  # type: ignore[attr-defined]

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        self._light(painter, option, index)
        super().paint(painter, option, index)

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> QRect:
        self._light(painter, option, index)
        plain = QStyleOptionViewItem(option)
        self.initStyleOption(plain, index)
        plain.text = ""  # type: ignore[attr-defined]
        widget: QWidget = option.widget  # type: ignore[attr-defined]
        widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, plain, painter, widget)
        return QRect(option.rect)  # type: ignore[attr-defined]


class SignDelegate(RowDelegate):
    """A tick for the first match, a cross for rows that do not match, a ring for rows not tried."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        room = self._ground(painter, option, index)
        row, theme = self._model.table.rows[index.row()], self._model.theme
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(room.center()) + QPointF(0.5, 0.5)
        if row.state == FITS:
            tick(painter, middle, QColor(self._model.lit()))
        elif row.state == TRIED:
            cross(painter, middle, QColor(theme.muted))
        elif row.never and row.state == OPEN:
            painter.setPen(QPen(QColor(theme.muted), 1.6))
            painter.drawLine(middle - QPointF(3.5, 0), middle + QPointF(3.5, 0))
        else:
            ring(painter, middle, QColor(theme.muted))
        painter.restore()


class BitsDelegate(RowDelegate):
    """The flags by name; those that do not match are highlighted and underlined."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        room = self._ground(painter, option, index).adjusted(look.SMALL, 0, -look.TIGHT, 0)
        row, theme = self._model.table.rows[index.row()], self._model.theme
        painter.save()
        font = look.mono(look.CAPTION)
        space = QFontMetrics(font).horizontalAdvance(" ")
        x = room.left()
        quiet = theme.muted if row.state != FITS and (row.state != OPEN or row.never) else theme.text
        for bit in row.bits:
            wrong = row.state == TRIED and not bit.fits
            font.setUnderline(wrong)
            painter.setFont(font)
            painter.setPen(QColor(theme.text if wrong else quiet))
            said = bit.name if bit.wanted else f"no {bit.name}"
            width = QFontMetrics(font).horizontalAdvance(said)
            painter.drawText(QRect(x, room.top(), width, room.height()), Qt.AlignmentFlag.AlignVCenter, said)
            x += width + space
        if not row.bits:
            painter.setFont(font)
            painter.setPen(QColor(quiet))
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, "anything")
        painter.restore()
