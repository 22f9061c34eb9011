"""The map as a paintable item: what is shown (plane, camera, marks), and the order of drawing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.map.axis import AxisPainter, axis_width, paint_label
from hwpoison_gui.gui.map.cells import CellPainter
from hwpoison_gui.gui.map.marks import Highlight, MarkPainter, cell_rect, nearest, paint_focus
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.map.camera import Camera
from hwpoison_gui.view.map.layout import Layout
from hwpoison_gui.view.map.plane import FramePlane
from hwpoison_gui.view.map.roles import meaning_of

NONE: Final = -1  # no frame selected or hovered
_LABEL: Final = 80  # maximum distance, in pixels, of a label above or below its frame


class FrameMapItem:
    """Draws a plane of frames in view coordinates; `update` requests a repaint of the view."""

    def __init__(self, theme: Theme, font: QFont, update: Callable[[], None]) -> None:
        self.theme, self.font, self.update = theme, font, update
        self.plane: FramePlane | None = None
        self.camera = Camera(1, 1, 1.0, 1.0)
        self.edge = 0.0  # width of the axis
        self.covered = QRectF()  # part of the view covered by the overview
        self.selected = self.hovered = NONE
        self.described = NONE  # frame with the label: hovered, or selected by keyboard
        self.marked: tuple[int, ...] = ()  # frames marked for an operation on all of them
        self.focused = False
        self.highlights: list[Highlight] = []
        self.recorded: list[Highlight] = []  # frames with recorded errors
        self.pulse = 0.0
        self.summary: Callable[[int], str] | None = None
        self.paints = 0
        self._cells = CellPainter(theme)
        self._marks = MarkPainter(theme)
        self._axis = AxisPainter(theme, font)

    def set_plane(self, plane: FramePlane) -> None:
        """Show the frames of another machine."""
        self.plane = plane
        self.fit_edge()
        self.selected = self.hovered = self.described = NONE
        self.highlights, self.recorded, self.marked = [], [], ()
        self._cells.forget_words()

    def set_theme(self, theme: Theme, font: QFont) -> None:
        """Use another theme and font."""
        self.theme, self.font = theme, font
        self.fit_edge()
        self._cells.set_theme(theme)
        self._marks.set_theme(theme)
        self._axis.set_theme(theme, font)
        self.update()

    def set_mark_scale(self, scale: float) -> None:
        """Make the least size of marks larger or smaller by a factor."""
        self._marks.set_scale(scale)
        self.update()

    def edge_for(self, layout: Layout) -> float:
        """Return the width of the axis, in pixels; 0 for layouts without numbered rows."""
        return axis_width(self.font, layout.frames) if layout.has_rows else 0.0

    def fit_edge(self) -> None:
        """Set the width of the axis to what the layout needs."""
        self.edge = self.edge_for(self.plane.layout) if self.plane is not None else 0.0

    def set_camera(self, camera: Camera) -> None:
        """Show another part of the map."""
        self.camera = camera
        self.update()

    def cell_at(self, point: QPointF) -> tuple[int, int]:
        """Return column and row of the cell under a point of the view."""
        # the centre of the pixel, so that on a border between two cells the painted one is taken
        x, y = self.camera.at(math.floor(point.x()) + 0.5 - self.edge, math.floor(point.y()) + 0.5)
        return math.floor(x), math.floor(y)

    def pfn_at(self, point: QPointF) -> int:
        """Return the frame under a point of the view, or NONE."""
        if self.plane is None or point.x() < self.edge:
            return NONE
        pfn = self.plane.layout.pfn_at(*self.cell_at(point))
        return NONE if pfn is None else pfn

    def rect_of(self, pfn: int) -> QRectF:
        """Return the rectangle of a frame's cell in the view."""
        if self.plane is None:
            return QRectF()
        return cell_rect(self.plane.layout, self.camera, pfn, 1, 0).translated(self.edge, 0)

    def summary_of(self, pfn: int) -> str:
        """Return the text of the label beside the pointer."""
        if self.summary is not None:
            return "\n".join([self.summary(pfn), *self._marks_at(pfn)])
        if self.plane is None:
            return ""
        word = self.plane.word(pfn)
        return f"0x{pfn:x}  {self.plane.kind(pfn).name}  {pf.words_of(word)}"

    def _marks_at(self, pfn: int) -> list[str]:
        """Return the meanings of the marks on a frame, or next to it if they are larger than cells."""
        said = list[str]()
        for mark in (*self.highlights, *self.recorded):
            meaning = meaning_of(mark.role)
            if not meaning or self.plane is None:
                continue
            near = nearest(self.plane.layout, self.camera, mark.pfns, pfn)
            if near != NONE:
                said.append(meaning if near == pfn else f"0x{near:x} beside it: {meaning}")
        return said

    def paint(self, painter: QPainter, device: QWidget) -> None:
        """Draw ground, frames, marks, axis and label, in this order."""
        self.paints += 1
        fill(painter, device.rect(), QColor(self.theme.ground))
        plane, camera = self.plane, self.camera
        if plane is None:
            return
        ratio = painter.deviceTransform().m11()  # not that of the widget: it may be drawn into a larger picture
        view = QRectF(0, 0, camera.view_width + self.edge, camera.view_height)
        painter.save()
        painter.setClipRect(view.adjusted(self.edge, 0, 0, 0))
        painter.translate(self.edge, 0)
        self._cells.paint(painter, plane, camera, ratio)
        self._paint_marks(painter, plane, ratio)
        painter.restore()
        if self.edge:
            self._axis.paint(painter, plane.layout, camera, self.edge, ratio)
        if self.focused:
            paint_focus(painter, self.theme, view)
        if self.described != NONE:
            text = self.summary_of(self.described)
            if text:
                self._paint_label(painter, text, view.adjusted(self.edge, 0, 0, 0))

    def _paint_marks(self, painter: QPainter, plane: FramePlane, ratio: float) -> None:
        camera, layout = self.camera, plane.layout
        self._marks.paint_poison(painter, plane, camera, ratio)
        for highlight in (*self.recorded, *self.highlights):
            self._marks.paint_highlight(painter, layout, camera, ratio, highlight, self.pulse)
        if self.marked:
            self._marks.paint_marked(painter, layout, camera, np.array(self.marked, np.int64))
        if self.selected != NONE:
            self._marks.paint_selection(painter, plane, camera, self.selected, self.focused)
        if self.hovered not in (NONE, self.selected):
            self._marks.paint_hover(painter, layout, camera, self.hovered)

    def _paint_label(self, painter: QPainter, text: str, view: QRectF) -> None:
        cell, covered = self.rect_of(self.described), self.covered
        if not covered.isEmpty() and covered.adjusted(0, -_LABEL, 0, _LABEL).intersects(
            QRectF(view.left(), cell.top(), view.width(), cell.height())
        ):
            if covered.center().x() > view.center().x():
                view.setRight(covered.left())
            else:
                view.setLeft(covered.right())
        paint_label(painter, self.theme, self.font, text, cell, view)
