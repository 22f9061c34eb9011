"""Draws the frames: class codes as an image, and the contents of large cells.

Cells have borders from 14 pixels, state signs from 20, and frame number and flag letters from 44 pixels.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QPolygonF

from hwpoison_gui.gui.map.stamps import Face, Stamps, faded, glyphs_of
from hwpoison_gui.gui.widgets.primitives import draw_lines, draws_vectors, fill
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.palette import Theme, argb
from hwpoison_gui.view.map.camera import Camera
from hwpoison_gui.view.map.layout import FRAMES_2MIB
from hwpoison_gui.view.map.lens_colours import code_colours
from hwpoison_gui.view.map.lenses import Lens
from hwpoison_gui.view.map.plane import FramePlane

BORDERS_FROM: Final = 14.0
SIGNS_FROM: Final = 20.0
TEXT_FROM: Final = 44.0
BLOCKS_FROM: Final = 8.0
MOST_VECTORS: Final = 1 << 16  # cells; more are an image with a pixel for each, also where the picture is of vectors
_HEX: Final = glyphs_of(["0123456789abcdef"], 16)[0]
_LETTERS: Final = 14  # maximum number of flag letters shown


def visible_cells(camera: Camera) -> tuple[int, int, int, int]:
    """Return first column, first row, end column and end row (exclusive) of the cells in view."""
    right, bottom = camera.at(camera.view_width, camera.view_height)
    return (
        max(0, math.floor(camera.left)),
        max(0, math.floor(camera.top)),
        min(camera.width, math.ceil(right)),
        min(camera.height, math.ceil(bottom)),
    )


class CellPainter:
    """Draws the frames of a plane as seen by a camera."""

    def __init__(self, theme: Theme) -> None:
        self._stamps = Stamps()
        self._letters = np.zeros((0, _LETTERS), np.int64)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Use another theme."""
        self._theme = theme
        self._coloured: tuple[Lens | None, bool] = (None, False)
        self._stamps.clear()

    def _colour(self, lens: Lens, filtered: bool) -> None:
        """Build the colour tables of a lens, if they are not the current ones."""
        if self._coloured != (lens, filtered):
            self._coloured = lens, filtered
            colours = code_colours(self._theme, lens, filtered)
            self._table = [argb(colour) for colour in colours]
            dark = {colour: int(self._theme.ink_on(colour) == self._theme.cell_dark) for colour in set(colours)}
            # 1 where dark text has more contrast on the colour of the code
            self._ink = np.array([dark[colour] for colour in colours], np.int64)

    def paint(self, painter: QPainter, plane: FramePlane, camera: Camera, ratio: float) -> None:
        """Draw everything in view; `ratio`: device pixels per pixel."""
        self._colour(plane.lens, plane.match is not None)
        self._paint_image(painter, plane, camera, ratio)
        if camera.cell >= BORDERS_FROM:
            self._paint_borders(painter, camera)
        if camera.cell >= BLOCKS_FROM:
            self._paint_blocks(painter, plane, camera)
        if camera.cell >= SIGNS_FROM:
            self._paint_contents(painter, plane, camera, ratio)

    def _paint_image(self, painter: QPainter, plane: FramePlane, camera: Camera, ratio: float) -> None:
        vectors = draws_vectors(painter)
        number = 0 if vectors else plane.pyramid.level_for(camera.cell * ratio)
        size = 1 << number
        left, top, right, bottom = visible_cells(camera)
        left, top, right, bottom = left // size, top // size, -(-right // size), -(-bottom // size)
        if right <= left or bottom <= top:
            return
        codes = np.ascontiguousarray(plane.pyramid.region(number, left, top, right, bottom))
        if vectors and codes.size <= MOST_VECTORS:
            self._paint_runs(painter, codes, camera, left, top)
            return
        image = QImage(codes.data, right - left, bottom - top, right - left, QImage.Format.Format_Indexed8)
        image.setColorTable(self._table)
        x, y = camera.to_view(left * size, top * size)
        edge = size * camera.cell
        # Qt scales 32-bit images several times faster than indexed ones; only the visible part is converted.
        image = image.convertToFormat(QImage.Format.Format_RGB32)
        painter.drawImage(QRectF(x, y, (right - left) * edge, (bottom - top) * edge), image)

    def _paint_runs(self, painter: QPainter, codes: np.ndarray, camera: Camera, left: int, top: int) -> None:
        """Draw cells of one colour that are side by side as one rectangle, all of a colour as one path."""
        changes = np.diff(codes, axis=1, prepend=-1, append=-1) != 0
        rows, starts = np.nonzero(changes[:, :-1])
        ends = np.nonzero(changes[:, 1:])[1] + 1
        x0, y = (starts + left - camera.left) * camera.cell, (rows + top - camera.top) * camera.cell
        x1, found = (ends + left - camera.left) * camera.cell, codes[rows, starts]
        painter.setPen(Qt.PenStyle.NoPen)
        for code in np.flatnonzero(np.bincount(found)).tolist():  # np.unique() would import numpy.ma in a paint
            path, mine = QPainterPath(), found == code
            path.setFillRule(Qt.FillRule.WindingFill)
            for a, b, at in zip(x0[mine].tolist(), x1[mine].tolist(), y[mine].tolist(), strict=True):
                path.addRect(a, at, b - a, camera.cell)
            painter.fillPath(path, QColor(self._table[code]))

    def _paint_borders(self, painter: QPainter, camera: Camera) -> None:
        left, top, right, bottom = visible_cells(camera)
        x = (np.arange(left, right + 1) - camera.left) * camera.cell
        y = (np.arange(top, bottom + 1) - camera.top) * camera.cell
        across = np.column_stack((np.full_like(y, x[0]), y, np.full_like(y, x[-1]), y))
        down = np.column_stack((x, np.full_like(x, y[0]), x, np.full_like(x, y[-1])))
        draw_lines(painter, np.concatenate((across, down)), QPen(QColor(self._theme.ground), 1))

    def _paint_blocks(self, painter: QPainter, plane: FramePlane, camera: Camera) -> None:
        lines = plane.layout.borders(FRAMES_2MIB, *visible_cells(camera)).astype(np.float64)
        lines[:, 0::2] = (lines[:, 0::2] - camera.left) * camera.cell
        lines[:, 1::2] = (lines[:, 1::2] - camera.top) * camera.cell
        np.clip(lines[:, 0::2], -4, camera.view_width + 4, out=lines[:, 0::2])
        thick = 1 if camera.cell < BORDERS_FROM else 3
        draw_lines(painter, lines, QPen(QColor(self._theme.block_line), thick))

    def _paint_contents(self, painter: QPainter, plane: FramePlane, camera: Camera, ratio: float) -> None:
        left, top, right, bottom = visible_cells(camera)
        columns, rows = np.meshgrid(np.arange(left, right), np.arange(top, bottom))
        x, y = columns.ravel(), rows.ravel()
        pfns = plane.layout.pfns_at(x, y)
        there = pfns >= 0
        x, y, pfns = x[there], y[there], pfns[there]
        px, py = (x - camera.left) * camera.cell, (y - camera.top) * camera.cell
        ink = self._ink[plane.codes.at(x, y)]
        self._paint_signs(painter, plane.sign_sets(pfns), (px, py, ink), camera.cell, ratio)
        if camera.cell >= TEXT_FROM:
            self._paint_text(painter, plane, pfns, (px, py, ink), camera.cell, ratio)

    def _paint_signs(self, painter: QPainter, signs: np.ndarray, where: tuple, cell: float, ratio: float) -> None:
        inks = (self._theme.cell_light, self._theme.cell_dark)
        sets = 1 << len(kinds.SIGNS)

        def draw(p: QPainter, number: int) -> None:
            draw_signs(p, number % sets, QColor(inks[number // sets]), cell)

        sheet = self._stamps.sheet(("signs", cell), 2 * sets, cell, cell, ratio, draw)
        shown = signs > 0
        px, py, ink = (part[shown] for part in where)
        self._stamps.put(painter, sheet, (cell, cell), ratio, (px, py, signs[shown] + sets * ink))

    def _paint_text(
        self, painter: QPainter, plane: FramePlane, pfns: np.ndarray, where: tuple, cell: float, ratio: float
    ) -> None:
        face = cell_face(cell, max(4, len(f"{plane.frames - 1:x}")))
        inks = (self._theme.cell_light, self._theme.cell_dark)
        spacing = face.height - 1
        px, py, ink = where
        for line, glyphs in enumerate(self._lines_of_text(plane, pfns, max(1, int((cell - 4) / face.width)))):
            left = np.floor(px + (cell - (glyphs >= 0).sum(axis=1) * face.width) / 2)
            top = np.floor(py + (cell - 3 * spacing) / 2 - 1 + line * spacing)
            self._stamps.put_text(painter, face, inks, ratio, (left, top, glyphs, ink))

    def _lines_of_text(self, plane: FramePlane, pfns: np.ndarray, room: int) -> list[np.ndarray]:
        """Return glyph numbers (-1: none) of three lines, a row per cell: frame number, two lines of flag letters."""
        digits = len(f"{plane.frames - 1:x}")
        number = _HEX[pfns[:, None] >> (4 * np.arange(digits - 1, -1, -1)) & 15]
        letters = self._letters_of(plane)[plane.ids(pfns)]
        return [number, letters[:, :room], letters[:, room : 2 * room]]

    def _letters_of(self, plane: FramePlane) -> np.ndarray:
        words = plane.words.words
        if len(self._letters) != len(words):
            self._letters = glyphs_of([pf.letters_of(word) for word in words], _LETTERS)
        return self._letters

    def forget_words(self) -> None:
        """Drop the letters of flag words, as another machine has other ids."""
        self._letters = np.zeros((0, _LETTERS), np.int64)


def cell_face(cell: float, digits: int) -> Face:
    """Return the largest font whose text fits a cell; `digits`: of frame numbers."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setHintingPreference(QFont.HintingPreference.PreferFullHinting)
    for size in (20, 18, 16, 15, 14, 13, 12, 11, 10, 9, 8):
        font.setPixelSize(size)
        metrics = QFontMetricsF(font)
        width, height = math.ceil(metrics.horizontalAdvance("0") - 0.3), math.ceil(metrics.ascent() + metrics.descent())
        if max(digits, 6) * width <= cell - 8 and 3 * (height - 1) <= cell - 5:
            break
    return Face(font, width, height)


def draw_signs(painter: QPainter, signs: int, ink: QColor, cell: float) -> None:
    """Draw the state signs of a cell into (0, 0, cell, cell): a bar at the bottom, and a sign in each corner."""
    small = max(4.0, min(12.0, round(cell * 0.2)))
    bar = max(2.0, round(cell / 16))
    low = cell - 1 - bar - small
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    if signs & kinds.MAPPED:
        side = round(cell * 0.25)
        fill(painter, QRectF(side, cell - 2 - bar, cell + 1 - 2 * side, bar), faded(ink.name(), 0.75))
    if signs & kinds.DIRTY:  # a folded corner, upper right
        tip = [QPointF(cell - small, 1), QPointF(cell, 1), QPointF(cell, 1 + small)]
        painter.drawPolygon(QPolygonF(tip))
    if signs & kinds.WRITEBACK:  # an arrow to the disk, lower right
        points = ((0.5, 1), (0, 0.45), (0.32, 0.45), (0.32, 0), (0.68, 0), (0.68, 0.45), (1, 0.45))
        painter.drawPolygon(QPolygonF([QPointF(cell - 1 - small * (1 - a), low + b * small) for a, b in points]))
    if signs & kinds.MLOCKED:  # a pin, upper left
        painter.drawEllipse(QRectF(2, 2, small * 0.7, small * 0.7))
        painter.drawRect(QRectF(2 + small * 0.25, 2 + small * 0.5, max(1.0, small * 0.2), small * 0.6))
    if signs & kinds.LOCKED:  # a padlock, lower left
        painter.drawRect(QRectF(2, low + small * 0.45, small * 0.9, small * 0.55))
        painter.setPen(QPen(ink, max(1.0, small * 0.14)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawArc(QRectF(2 + small * 0.2, low, small * 0.5, small * 0.9), 0, 180 * 16)
