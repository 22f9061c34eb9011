"""Rows of numbers handed to QPainter as the C arrays that it draws at once, without an object for each."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shiboken6
from PySide6.QtCore import QLineF
from PySide6.QtGui import QPainter, QPen, QPixmap

# Columns of a row, as the C++ structures have them.
LINE: Final = 4  # x1, y1, x2, y2
FRAGMENT: Final = 10  # x, y of the middle; left, top, width, height in the source; scales, rotation, opacity


def draw_lines(painter: QPainter, lines: np.ndarray, pen: QPen) -> None:
    """Draws straight lines; `lines` has a row of LINE numbers for each."""
    if len(lines):
        rows = np.ascontiguousarray(lines, np.float64)  # named: it must outlive what points at it
        painter.setPen(pen)
        painter.drawLines(_first_of(rows, QLineF), len(rows))


def draw_fragments(painter: QPainter, fragments: np.ndarray, source: QPixmap) -> None:
    """Draws parts of a pixmap; `fragments` has a row of FRAGMENT numbers for each."""
    if len(fragments):
        rows = np.ascontiguousarray(fragments, np.float64)
        painter.drawPixmapFragments(_first_of(rows, QPainter.PixmapFragment), len(rows), source)


def _first_of(rows: np.ndarray, kind: type) -> Any:
    return shiboken6.wrapInstance(rows.ctypes.data, kind)
