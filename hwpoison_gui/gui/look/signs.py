"""Small signs drawn with lines: a tick, a cross, a ring, a dot, a triangle. They need no font and no colour."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from hwpoison_gui.gui.look import theme as look


def _pen(painter: QPainter, colour: QColor, width: float = 1.6) -> None:
    pen = QPen(colour, width * look.scale())
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _by(x: float, y: float) -> QPointF:
    """So far from the middle, beside text of the usual size."""
    return QPointF(x, y) * look.scale()


def tick(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """It was so."""
    _pen(painter, colour)
    painter.drawPolyline([at + _by(-4, 0), at + _by(-1, 3), at + _by(4, -4)])


def cross(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """It was not so."""
    _pen(painter, colour)
    painter.drawLine(at + _by(-3, -3), at + _by(3, 3))
    painter.drawLine(at + _by(-3, 3), at + _by(3, -3))


def ring(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """Not known yet."""
    _pen(painter, colour, 1.2)
    painter.drawEllipse(at, 2.5 * look.scale(), 2.5 * look.scale())


def dot(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """Under way."""
    _pen(painter, colour)
    painter.setBrush(colour)
    painter.drawEllipse(at, 2.5 * look.scale(), 2.5 * look.scale())


def triangle(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """Here."""
    path = QPainterPath(at + _by(-3, -5))
    path.lineTo(at + _by(4, 0))
    path.lineTo(at + _by(-3, 5))
    path.closeSubpath()
    painter.fillPath(path, colour)
