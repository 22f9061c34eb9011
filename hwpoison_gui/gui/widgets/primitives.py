"""Draws with QPainter what is slow by the plain call.

Rows of a numpy array are passed as C arrays, without one Python object per primitive.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import numpy as np
import shiboken6
from PySide6.QtCore import QLineF, QRect, QRectF
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

# Columns of a row, in the layout of the C++ structures.
LINE: Final = 4  # x1, y1, x2, y2
FRAGMENT: Final = 10  # centre x, y; left, top, width, height in the source; scales, rotation, opacity

_VECTORS: Final = "hwpoison_gui.gui.export.svg"


def draws_vectors(painter: QPainter) -> bool:
    """Return whether a picture is made that can be enlarged: see gui/export/svg.py."""
    if _VECTORS not in sys.modules:  # then no painter draws on such a device, and PySide creates no class for engines
        return False
    from PySide6.QtGui import QPaintEngine

    engine = painter.paintEngine()
    return engine is not None and engine.type() == QPaintEngine.Type.User


def fill(painter: QPainter, box: QRect | QRectF, colour: QColor) -> None:
    """As painter.fillRect(), which might be meant for a QGradient: PySide creates the 182 constants of that class."""
    painter.setBackground(colour)
    painter.eraseRect(box)


def draw_lines(painter: QPainter, lines: np.ndarray, pen: QPen) -> None:
    """Draw lines; `lines` is float64 of shape (n, LINE)."""
    if len(lines):
        rows = np.ascontiguousarray(lines, np.float64)  # keeps a reference: it must outlive the pointer
        painter.setPen(pen)
        painter.drawLines(_first_of(rows, QLineF), len(rows))


def draw_fragments(painter: QPainter, fragments: np.ndarray, source: QPixmap) -> None:
    """Draw parts of a pixmap; `fragments` is float64 of shape (n, FRAGMENT)."""
    if len(fragments):
        rows = np.ascontiguousarray(fragments, np.float64)
        painter.drawPixmapFragments(_first_of(rows, QPainter.PixmapFragment), len(rows), source)


def _first_of(rows: np.ndarray, kind: type) -> Any:
    return shiboken6.wrapInstance(rows.ctypes.data, kind)
