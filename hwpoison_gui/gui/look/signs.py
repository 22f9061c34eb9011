"""Small signs drawn with lines: tick, cross, ring, dot, triangle. They depend on neither font nor colour."""

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
    """Offset from the centre, scaled with the text."""
    return QPointF(x, y) * look.scale()


def tick(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """Yes: passed, or taken."""
    _pen(painter, colour)
    painter.drawPolyline([at + _by(-4, 0), at + _by(-1, 3), at + _by(4, -4)])


def cross(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """No: failed, or not taken."""
    _pen(painter, colour)
    painter.drawLine(at + _by(-3, -3), at + _by(3, 3))
    painter.drawLine(at + _by(-3, 3), at + _by(3, -3))


def ring(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """Not reached yet."""
    _pen(painter, colour, 1.2)
    painter.drawEllipse(at, 2.5 * look.scale(), 2.5 * look.scale())


def dot(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """In progress."""
    _pen(painter, colour)
    painter.setBrush(colour)
    painter.drawEllipse(at, 2.5 * look.scale(), 2.5 * look.scale())


def triangle(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """The present step."""
    path = QPainterPath(at + _by(-3, -5))
    path.lineTo(at + _by(4, 0))
    path.lineTo(at + _by(-3, 5))
    path.closeSubpath()
    painter.fillPath(path, colour)
