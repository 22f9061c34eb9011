"""Draws the small picture of a lesson: the map around the broken page, and what became of the processes."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from hwpoison_gui.gui.look import signs
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.lessons import COLUMNS, ROWS, Picture
from hwpoison_gui.view.base.palette import Theme, mixed

CELL: Final = 8  # pixels at 100 % text
FAN: Final = 5  # width of the processes beside the map, in cells
_MOST: Final = 12  # processes drawn as a column; more are lines alone


def draw_picture(painter: QPainter, at: QPointF, cell: float, picture: Picture, theme: Theme) -> None:
    """Draw it with its top left corner at `at`, (COLUMNS + FAN) * cell wide and ROWS * cell high."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for number, kind in enumerate(picture.cells):
        row, column = divmod(number, COLUMNS)
        if kind >= 0:
            box = QRectF(at.x() + column * cell, at.y() + row * cell, cell - 1, cell - 1)
            fill(painter, box, QColor(theme.kinds[kind]))
    if picture.hit >= 0:
        _draw_hit(painter, at, cell, picture, theme)
    if picture.panic:
        _draw_panic(painter, at, cell, theme)
    painter.restore()


def _draw_hit(painter: QPainter, at: QPointF, cell: float, picture: Picture, theme: Theme) -> None:
    """The frame, with a line to each process that had mapped it."""
    row, column = divmod(picture.hit, COLUMNS)
    hit = QRectF(at.x() + column * cell, at.y() + row * cell, cell - 1, cell - 1)
    right = at.x() + (COLUMNS + FAN - 1) * cell
    count = len(picture.fates)
    step = min(2.0 * cell, (ROWS - 1) * cell / max(1, count - 1))
    top = at.y() + (ROWS * cell - 1 - step * (count - 1)) / 2
    colours = {"dead": theme.kill, "told": theme.warn, "alive": theme.good, "exited": theme.muted}
    faint = mixed(theme.base, theme.text, 0.75)
    ends = [QPointF(right, top + number * step) for number in range(count)]
    for end, fate in zip(ends, picture.fates, strict=True):
        colour = colours.get(fate, theme.muted) if count > _MOST else faint
        painter.setPen(QPen(QColor(colour), 1 if count <= _MOST else 0.6))
        painter.drawLine(hit.center(), end - QPointF(0.6 * cell, 0))
    for end, fate in zip(ends, picture.fates, strict=True):
        if count <= _MOST:
            (signs.cross if fate == "dead" else signs.dot)(painter, end, QColor(colours.get(fate, theme.muted)))
    painter.setPen(QPen(QColor(theme.text), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(hit.adjusted(-1.5, -1.5, 1.5, 1.5))


def _draw_panic(painter: QPainter, at: QPointF, cell: float, theme: Theme) -> None:
    """The machine has stopped: nothing of it is lit any more."""
    veil = QColor(theme.ground)
    veil.setAlphaF(0.6)
    box = QRectF(at.x(), at.y(), (COLUMNS + FAN) * cell, ROWS * cell)
    fill(painter, box, veil)
    painter.setPen(QPen(QColor(theme.kill), 3))
    middle, size = box.center(), 2.2 * cell
    painter.drawLine(middle + QPointF(-size, -size), middle + QPointF(size, size))
    painter.drawLine(middle + QPointF(-size, size), middle + QPointF(size, -size))
