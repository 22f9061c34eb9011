"""Draws marks over the frames: poison, highlights of the walk, selection and hover.

Marks have a minimum size on screen, so that a single frame among millions is visible. They are binned to screen
positions before they are drawn, so the cost depends on the view and not on the size of the machine.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen

from hwpoison_gui.gui.map.stamps import Stamps, faded
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.palette import Theme, mixed
from hwpoison_gui.view.map.camera import Camera
from hwpoison_gui.view.map.layout import Layout
from hwpoison_gui.view.map.plane import FramePlane
from hwpoison_gui.view.map.roles import (
    FREED,
    RECORDED,
    RECORDED_HERE,
    RECORDED_LATER,
    SKIPPED,
    TARGET,
    UNMAPPED,
    VISITED,
    Role,
    of_selected,
)

SMALLEST_POISON: Final = 13.0
SMALLEST_RING: Final = 11.0
SMALLEST_DOT: Final = 5
POISON_BADGE_FROM: Final = 44.0
MOST_MARKS: Final = 1500  # marks of one role in view; more are binned more coarsely


class Highlight(Record):
    """Frames to outline, and their role."""

    pfns: np.ndarray
    role: Role


class Ring(Record):
    """Appearance of a role: colour, width, whether dashed, a stroke through the frame, and whether corners alone."""

    colour: str
    width: float = 2.0
    dashed: bool = False
    strokes: str = ""  # "/" cut
    corners: bool = False  # whether a small dot is hollow
    diamond: bool = False


def ring_of(theme: Theme, role: Role) -> Ring:
    """Return the ring of a role."""
    rings = {
        TARGET: Ring(theme.poison, 3.0),
        VISITED: Ring(theme.warn),
        SKIPPED: Ring(theme.skipped, 2.0, dashed=True),
        UNMAPPED: Ring(theme.text, 2.0, strokes="/"),
        FREED: Ring(theme.text, 1.0, dashed=True),
        RECORDED: Ring(theme.poison, diamond=True),
        RECORDED_LATER: Ring(theme.text, 1.0, diamond=True),
        RECORDED_HERE: Ring(theme.accent, 3.0, diamond=True),
    }
    if role.colour < 0:
        return rings[role]
    return Ring(theme.task(role.colour), corners=role == of_selected(role.colour))


def paint_focus(painter: QPainter, theme: Theme, view: QRectF) -> None:
    """Mark the corners of the map, which has the keyboard focus. A full border would distract from the frames."""
    painter.setPen(QPen(QColor(mixed(theme.accent, theme.ground, 0.3)), 2))
    left, top, right, bottom = view.left() + 1, view.top() + 1, view.right() - 1, view.bottom() - 1
    for x, across in ((left, 12), (right, -12)):
        for y, down in ((top, 12), (bottom, -12)):
            painter.drawLine(QPointF(x, y), QPointF(x + across, y))
            painter.drawLine(QPointF(x, y), QPointF(x, y + down))


def places(layout: Layout, camera: Camera, pfns: np.ndarray, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Return upper left corners of marks of `size` pixels over frames in view; overlapping marks are merged."""
    x, y = layout.positions(np.asarray(pfns, np.int64))
    px = (x + 0.5 - camera.left) * camera.cell - size / 2
    py = (y + 0.5 - camera.top) * camera.cell - size / 2
    seen = (px > -size) & (py > -size) & (px < camera.view_width) & (py < camera.view_height)
    px, py = np.round(px[seen]), np.round(py[seen])
    step = max(2.0, size / 3) if camera.cell < size / 2 else 1.0
    while step > 1 or len(px) > MOST_MARKS:
        bins = np.floor(py / step).astype(np.int64) * (1 << 20) + np.floor(px / step).astype(np.int64)
        _, first = np.unique(bins, return_index=True)
        px, py = px[first], py[first]
        if len(px) <= MOST_MARKS:
            break
        step *= 2
    return px, py


def nearest(layout: Layout, camera: Camera, pfns: np.ndarray, pfn: int) -> int:
    """Return the marked frame whose mark covers the cell of `pfn`, or -1."""
    if not len(pfns):
        return -1
    x, y = layout.position(pfn)
    across, down = layout.positions(np.asarray(pfns, np.int64))
    far = np.maximum(np.abs(across - x), np.abs(down - y))
    first = int(np.argmin(far))
    return int(pfns[first]) if not far[first] or far[first] * camera.cell <= SMALLEST_DOT / 2 else -1


class MarkPainter:
    """Draws marks over the frames of a plane."""

    def __init__(self, theme: Theme) -> None:
        self._stamps = Stamps()
        self._scale = 1.0
        self.set_theme(theme)

    def set_scale(self, scale: float) -> None:
        """Make the least sizes of poison and rings larger or smaller by a factor."""
        if scale != self._scale:
            self._scale = scale
            self._stamps.clear()

    def set_theme(self, theme: Theme) -> None:
        """Use another theme."""
        self._theme = theme
        self._stamps.clear()

    def paint_marked(self, painter: QPainter, layout: Layout, camera: Camera, pfns: np.ndarray) -> None:
        """Draw frames marked for one operation: hatched, so that their colours stay visible."""
        size = max(camera.cell, float(SMALLEST_DOT))
        brush = QBrush(
            QColor(self._theme.text), Qt.BrushStyle.BDiagPattern if size > SMALLEST_DOT else Qt.BrushStyle.SolidPattern
        )
        painter.setPen(QPen(QColor(self._theme.text), 1))
        painter.setBrush(brush)
        for x, y in zip(*(corner.tolist() for corner in places(layout, camera, pfns, size)), strict=True):
            painter.drawRect(QRectF(x + 0.5, y + 0.5, size - 1, size - 1))

    def paint_poison(self, painter: QPainter, plane: FramePlane, camera: Camera, ratio: float) -> None:
        """Draw the poison mark on every poisoned frame in view."""
        if not len(plane.poisoned):
            return
        size = max(round(SMALLEST_POISON * self._scale), camera.cell)
        px, py = places(plane.layout, camera, plane.poisoned, size)
        badge = POISON_BADGE_FROM * self._scale
        sheet = self._stamps.sheet(
            ("poison", size), 1, size, size, ratio, lambda p, _: draw_poison(p, self._theme, size, badge)
        )
        self._stamps.put(painter, sheet, (size, size), ratio, (px, py, 0))

    def paint_highlight(
        self, painter: QPainter, layout: Layout, camera: Camera, ratio: float, highlight: Highlight, pulse: float
    ) -> None:
        """Draw the ring of a role around its frames; `pulse` (0 to 1) widens that of the target."""
        ring = ring_of(self._theme, highlight.role)
        swell = round(6 * pulse) if highlight.role == TARGET else 0
        size = math.ceil(max(SMALLEST_RING * self._scale, camera.cell + 4)) + 2 * swell
        if highlight.role in (TARGET, RECORDED_HERE):
            size += 6
        many = highlight.role == FREED or highlight.role.colour >= 0
        dots = many and camera.cell < SMALLEST_RING
        if dots:  # hundreds of rings would hide the map
            size = max(SMALLEST_DOT, math.ceil(camera.cell) + 2)
        px, py = places(layout, camera, highlight.pfns, size)
        sheet = self._stamps.sheet(
            ("ring", highlight.role, size),
            1,
            size,
            size,
            ratio,
            lambda p, _: self._draw_dot(p, ring, size) if dots else self._draw_ring(p, ring, size),
        )
        self._stamps.put(painter, sheet, (size, size), ratio, (px, py, 0))

    def paint_selection(self, painter: QPainter, plane: FramePlane, camera: Camera, pfn: int, focused: bool) -> None:
        """Draw the ring of the selected frame, with ticks that make it easier to find; poison stays visible inside."""
        smallest = SMALLEST_POISON + 8 if plane.is_poisoned(pfn) else SMALLEST_RING
        rect = cell_rect(plane.layout, camera, pfn, smallest, 3)
        for colour, width in ((self._theme.ground, 5.0), (self._theme.accent, 2.0)):
            pen = QPen(QColor(colour), width)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect)
            if camera.cell < SMALLEST_RING and focused:
                middle, reach = rect.center(), rect.width() / 2 + 8
                for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                    near = QPointF(middle.x() + dx * (rect.width() / 2 + 2), middle.y() + dy * (rect.height() / 2 + 2))
                    painter.drawLine(near, QPointF(middle.x() + dx * reach, middle.y() + dy * reach))

    def paint_hover(self, painter: QPainter, layout: Layout, camera: Camera, pfn: int) -> None:
        """Draw a thin ring around the frame under the pointer."""
        rect = cell_rect(layout, camera, pfn, 7, 1)
        for colour, width in ((self._theme.ground, 3.0), (self._theme.text, 1.0)):
            painter.setPen(QPen(QColor(colour), width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect)

    def _draw_dot(self, painter: QPainter, ring: Ring, size: float) -> None:
        fill(painter, QRectF(0, 0, size, size), faded(self._theme.ground, 0.9))
        fill(painter, QRectF(1, 1, size - 2, size - 2), QColor(ring.colour))
        if ring.corners:
            fill(painter, QRectF(2, 2, size - 4, size - 4), QColor(self._theme.ground))

    def _draw_ring(self, painter: QPainter, ring: Ring, size: float) -> None:
        width = ring.width * max(1.0, min(self._scale, size / SMALLEST_RING / 1.5))
        half = width / 2 + 1
        box = QRectF(half, half, size - 2 * half, size - 2 * half)
        pen = QPen(QColor(ring.colour), width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        halo = QPen(faded(self._theme.ground, 0.9), width + 2)
        halo.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        if ring.dashed:
            pen.setDashPattern([2, 1.5])
        for one in (halo, pen):
            painter.setPen(one)
            if ring.corners:
                _draw_corners(painter, box)
            elif ring.diamond:
                _draw_diamond(painter, box)
            else:
                painter.drawRect(box)
            if size >= POISON_BADGE_FROM:  # over text: lighter
                painter.setPen(QPen(faded(ring.colour, 0.35), width))
            if ring.strokes:
                painter.drawLine(box.bottomLeft(), box.topRight())


def _draw_corners(painter: QPainter, box: QRectF) -> None:
    reach = max(3.0, box.width() * 0.3)
    for corner, across, down in (
        (box.topLeft(), 1, 1), (box.topRight(), -1, 1), (box.bottomLeft(), 1, -1), (box.bottomRight(), -1, -1),
    ):  # fmt: skip
        painter.drawPolyline([corner + QPointF(across * reach, 0), corner, corner + QPointF(0, down * reach)])


def _draw_diamond(painter: QPainter, box: QRectF) -> None:
    middle = box.center()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolygon([
        QPointF(middle.x(), box.top()), QPointF(box.right(), middle.y()), QPointF(middle.x(), box.bottom()),
        QPointF(box.left(), middle.y()),
    ])  # fmt: skip


def draw_poison(painter: QPainter, theme: Theme, size: float, badge_from: float = POISON_BADGE_FROM) -> None:
    """Draw the poison mark into (0, 0, size, size); from `badge_from` on it is a border."""
    if size >= badge_from:  # a striped border that leaves room for text
        _draw_stripes(painter, theme, size)
        return
    edge = 1.5 if size < 20 else 2.5
    painter.setPen(QPen(QColor(theme.poison_ink), edge))
    painter.setBrush(QColor(theme.poison))
    painter.drawRoundedRect(QRectF(edge / 2, edge / 2, size - edge, size - edge), 2, 2)
    inset = size * 0.29
    pen = QPen(QColor(theme.poison_ink), max(2.0, size * 0.14))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawLine(QPointF(inset, inset), QPointF(size - inset, size - inset))
    painter.drawLine(QPointF(inset, size - inset), QPointF(size - inset, inset))


def _draw_stripes(painter: QPainter, theme: Theme, size: float) -> None:
    band = max(4.0, size * 0.09)
    frame = QPainterPath()
    frame.setFillRule(Qt.FillRule.OddEvenFill)
    frame.addRect(QRectF(1, 1, size - 1, size - 1))
    frame.addRect(QRectF(band, band, size - 2 * band, size - 2 * band))
    painter.fillPath(frame, QColor(theme.poison_ink))
    painter.setClipPath(frame, Qt.ClipOperation.IntersectClip)
    painter.setPen(QPen(QColor(theme.poison), band * 0.75))
    step = band * 1.9
    for number in range(-int(size / step) - 1, int(size / step) + 2):
        painter.drawLine(QPointF(number * step, 0), QPointF(number * step + size, size))


def cell_rect(layout: Layout, camera: Camera, pfn: int, smallest: float, outset: float) -> QRectF:
    """Return the rectangle of a frame's cell in the view, at least `smallest` wide, enlarged by `outset`."""
    x, y = layout.position(pfn)
    px, py = camera.to_view(x + 0.5, y + 0.5)
    size = max(smallest, camera.cell + 2 * outset - 2)
    left, top = round(px - size / 2), round(py - size / 2)
    return QRectF(left + 0.5, top + 0.5, math.ceil(size) - 1, math.ceil(size) - 1)
