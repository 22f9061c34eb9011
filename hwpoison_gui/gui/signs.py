"""Small signs drawn with lines: a tick, a cross, a ring, a dot, a triangle. They need no font and no colour."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen


def _pen(painter: QPainter, colour: QColor, width: float = 1.6) -> None:
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def tick(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """It was so."""
    _pen(painter, colour)
    painter.drawPolyline([at + QPointF(-4, 0), at + QPointF(-1, 3), at + QPointF(4, -4)])


def cross(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """It was not so."""
    _pen(painter, colour)
    painter.drawLine(at + QPointF(-3, -3), at + QPointF(3, 3))
    painter.drawLine(at + QPointF(-3, 3), at + QPointF(3, -3))


def ring(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """Not known yet."""
    _pen(painter, colour, 1.2)
    painter.drawEllipse(at, 2.5, 2.5)


def dot(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """Under way."""
    _pen(painter, colour)
    painter.setBrush(colour)
    painter.drawEllipse(at, 2.5, 2.5)


def triangle(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """Here."""
    path = QPainterPath(at + QPointF(-3, -5))
    path.lineTo(at + QPointF(4, 0))
    path.lineTo(at + QPointF(-3, 5))
    path.closeSubpath()
    painter.fillPath(path, colour)
