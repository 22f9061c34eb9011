"""Small pictures that are drawn many times: marks, signs and glyphs of the map.

Positions are numpy arrays; Qt gets them as one array of fragments, without a Python object for each. Where a picture
is made of vectors, each is drawn instead of copied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPixmap

from hwpoison_gui.gui.widgets.primitives import FRAGMENT, draw_fragments, draws_vectors
from hwpoison_gui.record import Record

Draw = Callable[[QPainter, int], None]

FIRST_GLYPH: Final = 32
GLYPHS: Final = "".join(chr(number) for number in range(FIRST_GLYPH, 127))


class Face(Record):
    """A monospaced font, and the size of a glyph in whole pixels."""

    font: QFont
    width: float
    height: float


class Sheet(Record):
    """Pictures in a row on a pixmap, and what drew them."""

    pixmap: QPixmap
    draw: Draw


def glyphs_of(texts: Sequence[str], most: int) -> np.ndarray:
    """Return glyph numbers, shape (texts, most), -1 after the end of shorter texts."""
    rows = np.full((len(texts), most), -1)
    for row, text in enumerate(texts):
        short = text[:most]
        rows[row, : len(short)] = [ord(letter) - FIRST_GLYPH for letter in short]
    return rows


class Stamps:
    """A cache of pixmaps drawn on first use, and methods that draw one at many positions."""

    def __init__(self) -> None:
        self._sheets: dict[tuple, Sheet] = {}

    def clear(self) -> None:
        """Drop all pixmaps after a change of theme, font or screen."""
        self._sheets.clear()

    def sheet(self, key: tuple, count: int, width: float, height: float, ratio: float, draw: Draw) -> Sheet:
        """Return a sheet of `count` pictures; `draw(painter, n)` draws one into (0, 0, width, height)."""
        found = self._sheets.get((*key, ratio))
        if found is None:
            pixmap = QPixmap(round(count * width * ratio), round(height * ratio))
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for number in range(count):
                painter.resetTransform()
                painter.scale(ratio, ratio)
                painter.translate(number * width, 0)
                painter.setClipRect(QRectF(0, 0, width, height))
                draw(painter, number)
            painter.end()
            if len(self._sheets) > 200:  # sizes change with the zoom
                self._sheets.clear()
            found = self._sheets[(*key, ratio)] = Sheet(pixmap, draw)
        return found

    def put(self, painter: QPainter, sheet: Sheet, size: tuple[float, float], ratio: float, where: tuple) -> None:
        """Draw pictures of a sheet. `where`: arrays (left, top, number); number may be a scalar."""
        left, top, number = where
        count = len(left)
        if not count:
            return
        if draws_vectors(painter):
            _draw_each(painter, sheet.draw, left, top, np.broadcast_to(number, count))
            return
        width, height = size
        rows = np.empty((count, FRAGMENT))
        rows[:, 0] = left + width / 2
        rows[:, 1] = top + height / 2
        rows[:, 2] = np.multiply(number, width * ratio)
        rows[:, 3] = 0
        rows[:, 4] = width * ratio
        rows[:, 5] = height * ratio
        rows[:, 6] = rows[:, 7] = 1 / ratio
        rows[:, 8] = 0
        rows[:, 9] = 1
        draw_fragments(painter, rows, sheet.pixmap)

    def put_text(self, painter: QPainter, face: Face, inks: tuple[str, ...], ratio: float, where: tuple) -> None:
        """Draw rows of glyphs. `where`: arrays (left, top, glyphs, index into `inks`), one entry per row."""
        left, top, glyphs, ink = where
        if draws_vectors(painter):
            _write_each(painter, face, inks, where)
            return

        def draw(p: QPainter, number: int) -> None:
            p.setFont(face.font)
            p.setPen(QColor(inks[number // len(GLYPHS)]))
            p.drawText(
                QRectF(0, 0, face.width, face.height), Qt.AlignmentFlag.AlignCenter, GLYPHS[number % len(GLYPHS)]
            )

        key = ("text", face.font.key(), inks)
        sheet = self.sheet(key, len(inks) * len(GLYPHS), face.width, face.height, ratio, draw)
        used = glyphs >= 0
        x = np.asarray(left)[:, None] + np.arange(glyphs.shape[1]) * face.width
        y = np.asarray(top)[:, None] + np.zeros_like(x)
        number = glyphs + len(GLYPHS) * np.asarray(ink)[:, None]
        self.put(painter, sheet, (face.width, face.height), ratio, (x[used], y[used], number[used]))


def _draw_each(painter: QPainter, draw: Draw, left: np.ndarray, top: np.ndarray, numbers: np.ndarray) -> None:
    for x, y, number in zip(left.tolist(), top.tolist(), numbers.tolist(), strict=True):
        painter.save()
        painter.translate(x, y)
        draw(painter, int(number))
        painter.restore()


def _write_each(painter: QPainter, face: Face, inks: tuple[str, ...], where: tuple) -> None:
    """Write rows of glyphs as text."""
    painter.setFont(face.font)
    metrics = QFontMetricsF(face.font)
    base = (face.height - metrics.height()) / 2 + metrics.ascent()
    rows = zip(*(np.asarray(column).tolist() for column in where), strict=True)
    for x, y, glyphs, ink in rows:
        painter.setPen(QColor(inks[ink]))
        painter.drawText(QPointF(x, y + base), "".join(GLYPHS[glyph] for glyph in glyphs if glyph >= 0))


def faded(colour: str, opacity: float) -> QColor:
    """Return a colour with an opacity of 0 to 1."""
    result = QColor(colour)
    result.setAlphaF(opacity)
    return result
