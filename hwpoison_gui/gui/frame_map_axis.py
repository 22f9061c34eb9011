"""The map's left edge: frame numbers and physical addresses of rows, and the label beside the pointer."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPainter, QPen

from hwpoison_gui.gui.frame_map_cells import visible_cells
from hwpoison_gui.gui.frame_map_stamps import faded
from hwpoison_gui.view.camera import Camera
from hwpoison_gui.view.layout import FRAME_SIZE, Layout, amount
from hwpoison_gui.view.palette import Theme

_SPACING: Final = 46  # pixels between labelled rows, at least
_STEPS: Final = tuple(1 << shift for shift in range(24))


def axis_font(base: QFont) -> QFont:
    """The monospaced face, a little smaller than the window's."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(max(7.0, base.pointSizeF() * 0.85))
    return font


def axis_width(base: QFont, frames: int) -> float:
    """Pixels the left edge needs for the numbers of `frames` frames."""
    metrics = QFontMetricsF(axis_font(base))
    longest = (f"0x{max(frames - 1, 0xFFF):x}", "000.0 MiB")
    return math.ceil(max(metrics.horizontalAdvance(text) for text in longest)) + 16


def row_step(cell: float) -> int:
    """Every how many rows a label stands."""
    return next((step for step in _STEPS if step * cell >= _SPACING), _STEPS[-1])


def paint_axis(painter: QPainter, theme: Theme, base: QFont, layout: Layout, camera: Camera, width: float) -> None:
    """Draws the left edge into (0, 0, width, height of the view)."""
    painter.fillRect(QRectF(0, 0, width, camera.view_height), QColor(theme.ground))
    font = axis_font(base)
    painter.setFont(font)
    line = QFontMetricsF(font).height()
    left, top, _, bottom = visible_cells(camera)
    step = row_step(camera.cell)
    right_aligned = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
    for row in range(-(-top // step) * step, bottom, step):
        pfn = layout.pfn_at(left, row)
        y = camera.to_view(0, row)[1]
        if pfn is None or y < -line or y > camera.view_height - line:
            continue
        painter.setPen(QPen(QColor(theme.line), 1))
        painter.drawLine(QPointF(width - 7, round(y) + 0.5), QPointF(width, round(y) + 0.5))
        painter.setPen(QColor(theme.muted))
        painter.drawText(QRectF(0, y + 1, width - 8, line), right_aligned, f"0x{pfn:x}")
        painter.setPen(faded(theme.muted, 0.72))
        painter.drawText(
            QRectF(0, y + 1 + line, width - 8, line), right_aligned, amount(pfn * FRAME_SIZE).replace(".0 ", " ")
        )


def paint_label(painter: QPainter, theme: Theme, font: QFont, text: str, anchor: QRectF, view: QRectF) -> None:
    """Draws `text` on a small sheet beside `anchor`, within `view`."""
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    room = metrics.boundingRect(QRectF(0, 0, min(460.0, view.width() - 24), 400), Qt.TextFlag.TextWordWrap, text)
    width, height = math.ceil(room.width()) + 20, math.ceil(room.height()) + 12
    x = anchor.right() + 12 if anchor.right() + 12 + width <= view.right() - 4 else anchor.left() - 12 - width
    y = anchor.bottom() + 10 if anchor.bottom() + 10 + height <= view.bottom() - 4 else anchor.top() - 10 - height
    x = max(view.left() + 4, min(x, view.right() - width - 4))
    y = max(view.top() + 4, min(y, view.bottom() - height - 4))
    sheet = QRectF(round(x) + 0.5, round(y) + 0.5, width, height)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme.line), 1))
    painter.setBrush(QColor(theme.raised))
    painter.drawRoundedRect(sheet, 4, 4)
    painter.setPen(QColor(theme.text))
    painter.drawText(sheet.adjusted(10, 6, -10, -6), Qt.TextFlag.TextWordWrap, text)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
