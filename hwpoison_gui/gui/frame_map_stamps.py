"""Small pictures drawn many times at once: marks, signs and glyphs of the map.

Their places are numpy arrays; Qt gets them as one array of fragments, without an object for each.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pyqtgraph.Qt import internals
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

Draw = Callable[[QPainter, float], None]


class Stamps:
    """Pixmaps by key, drawn when first asked for, and a way to put one at many places."""

    def __init__(self) -> None:
        self._pixmaps: dict[tuple, QPixmap] = {}
        self._fragments = internals.PrimitiveArray(QPainter.PixmapFragment, 10)

    def clear(self) -> None:
        """Forgets all pictures: another theme, font or screen."""
        self._pixmaps.clear()

    def sheet(self, key: tuple, count: int, width: float, height: float, ratio: float, draw: Callable) -> QPixmap:
        """A row of `count` pictures; `draw(painter, number)` draws one into (0, 0, width, height)."""
        found = self._pixmaps.get((*key, ratio))
        if found is None:
            found = QPixmap(round(count * width * ratio), round(height * ratio))
            found.fill(Qt.GlobalColor.transparent)
            painter = QPainter(found)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for number in range(count):
                painter.resetTransform()
                painter.scale(ratio, ratio)
                painter.translate(number * width, 0)
                painter.setClipRect(QRectF(0, 0, width, height))
                draw(painter, number)
            painter.end()
            if len(self._pixmaps) > 200:  # sizes come and go with the zoom
                self._pixmaps.clear()
            self._pixmaps[(*key, ratio)] = found
        return found

    def put(self, painter: QPainter, sheet: QPixmap, size: tuple[float, float], ratio: float, where: tuple) -> None:
        """Draws pictures of a sheet; `where` is (left, top, number) of each, numbers one or as many."""
        left, top, number = where
        count = len(left)
        if not count:
            return
        width, height = size
        self._fragments.resize(count)
        rows = self._fragments.ndarray()
        rows[:, 0] = left + width / 2
        rows[:, 1] = top + height / 2
        rows[:, 2] = np.multiply(number, width * ratio)
        rows[:, 3] = 0
        rows[:, 4] = width * ratio
        rows[:, 5] = height * ratio
        rows[:, 6] = rows[:, 7] = 1 / ratio
        rows[:, 8] = 0
        rows[:, 9] = 1
        fragments, number_of_them = self._fragments.drawargs()
        painter.drawPixmapFragments(fragments, number_of_them, sheet)


def faded(colour: str, opacity: float) -> QColor:
    """A colour of the theme with an opacity of 0 to 1."""
    result = QColor(colour)
    result.setAlphaF(opacity)
    return result
