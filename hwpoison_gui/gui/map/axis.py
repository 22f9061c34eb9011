"""The axis at the left of the map, with frame numbers and physical addresses, and the label beside the pointer."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPainter, QPen

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.map.cells import visible_cells
from hwpoison_gui.gui.map.stamps import Face, Stamps, glyphs_of
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.view.base.palette import Theme, mixed
from hwpoison_gui.view.base.units import FRAME_SIZE, in_unit
from hwpoison_gui.view.map.camera import Camera
from hwpoison_gui.view.map.layout import Layout

_SPACING: Final = 3.2  # minimum distance of labels, in lines of text
_GAP: Final = 8  # pixels between a label and the frames, bridged by a tick
_WIDEST_ADDRESS: Final = "000.0M"
_STEPS: Final = tuple(1 << shift for shift in range(24))


def axis_font(base: QFont) -> QFont:
    """Return the monospaced font, slightly smaller than that of the window."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(max(6.0, base.pointSizeF() * look.CAPTION))
    return font


def axis_width(base: QFont, frames: int) -> float:
    """Return the width, in pixels, that the axis needs for the numbers of `frames` frames."""
    metrics = QFontMetricsF(axis_font(base))
    longest = (f"0x{max(frames - 1, 0xFFF):x}", _WIDEST_ADDRESS)
    return math.ceil(max(metrics.horizontalAdvance(text) for text in longest)) + _GAP + look.SMALL


def row_step(cell: float, line: float) -> int:
    """Return the number of rows from one label to the next, given the height of a line of text."""
    return next((step for step in _STEPS if step * cell >= _SPACING * line), _STEPS[-1])


def address_of(pfn: int) -> str:
    """Format a physical address as boot parameters do: 44M, 1.5G."""
    number, decimals, unit = in_unit(pfn * FRAME_SIZE)
    return f"{round(number, decimals):g}{unit[0]}" if pfn else "0"


class AxisPainter:
    """Draws the first frame number of rows, with the physical address below it."""

    def __init__(self, theme: Theme, base: QFont) -> None:
        self._stamps = Stamps()
        self.set_theme(theme, base)

    def set_theme(self, theme: Theme, base: QFont) -> None:
        """Use another theme and font."""
        self._theme = theme
        font = axis_font(base)
        metrics = QFontMetricsF(font)
        self._face = Face(font, math.ceil(metrics.horizontalAdvance("0") - 0.3), math.ceil(metrics.height()))
        self._inks = (mixed(theme.muted, theme.text, 0.5), theme.muted)
        self._stamps.clear()

    def paint(self, painter: QPainter, layout: Layout, camera: Camera, width: float, ratio: float) -> None:
        """Draw the axis, `width` pixels wide, beside the frames."""
        fill(painter, QRectF(0, 0, width, camera.view_height), QColor(self._theme.ground))
        beside = max(0.0, math.floor(camera.to_view(0, 0)[0])) + width
        left, top, _, bottom = visible_cells(camera)
        line = self._face.height
        step = row_step(camera.cell, line)
        painter.setPen(QPen(QColor(self._theme.line), 1))
        texts, tops = [], []
        for row in range(-(-top // step) * step, bottom, step):
            pfn = layout.pfn_at(left, row)
            y = round(camera.to_view(0, row)[1])
            if pfn is not None and -1 <= y <= camera.view_height - line:  # no half of a number at the edge
                painter.drawLine(QPointF(beside - _GAP + 2, y + 0.5), QPointF(beside - 1, y + 0.5))
                whole = y + 1 + 2 * line <= camera.view_height  # the second line is omitted where it would be clipped
                texts += [f"0x{pfn:x}", address_of(pfn) if whole else ""]
                tops += [y + 1, y + 1 + line]
        starts = [beside - _GAP - len(text) * self._face.width for text in texts]
        glyphs = glyphs_of(texts, max(map(len, texts), default=1))
        ink = np.arange(len(texts)) % 2
        self._stamps.put_text(painter, self._face, self._inks, ratio, (starts, tops, glyphs, ink))


def paint_label(painter: QPainter, theme: Theme, font: QFont, text: str, anchor: QRectF, view: QRectF) -> None:
    """Draw `text` in a small box beside `anchor`, inside `view`."""
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
