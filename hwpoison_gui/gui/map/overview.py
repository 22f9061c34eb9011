"""The overview: a small picture of all frames in a corner of the map, shown while the map shows only some of them.

The frames are drawn into a pixmap that is kept until they change; a paint draws this pixmap and a rectangle.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QEnterEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from hwpoison_gui.gui.map.marks import places
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.map.camera import Camera
from hwpoison_gui.view.map.layout import Layout
from hwpoison_gui.view.map.lens_colours import colour_table
from hwpoison_gui.view.map.lenses import Lens
from hwpoison_gui.view.map.plane import FramePlane

_LONGEST: Final = 200  # maximum length, in pixels, of the longer side
_SHARE: Final = 0.3  # maximum share of the map's width and height
_SMALLEST: Final = 40  # minimum size in pixels
_FRAME: Final = 4
_APART: Final = 10  # distance from the edges of the map
_MARK: Final = 4.0  # size, in pixels, of the mark on a poisoned frame
_MOST_MARKS: Final = 2000  # maximum number of marks; of more frames a sample is drawn
_FINDER: Final = 7.0  # minimum size of the rectangle
_NOTCH: Final = 120  # Qt's unit of a wheel's step
_CAP, _JOIN = Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin
_SIDES: Final = (Qt.MouseButton.BackButton, Qt.MouseButton.ForwardButton)


class Overview(QWidget):
    """Shows all frames of `frame_map` and a rectangle around its view. A click or drag moves the view."""

    def __init__(self, frame_map: FrameMapWidget, theme: Theme) -> None:
        super().__init__(frame_map.view.viewport())
        # Otherwise the map below would be painted twice, once for itself and once as the background of this widget.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._map, self._theme = frame_map, theme
        self._on = True
        self._picture: QPixmap | None = None
        self._drawn: tuple[Layout, QSize, float] | None = None
        self._coloured: tuple[Lens, bool] | None = None
        self._table: list[int] = []
        self._grip: QPointF | None = None  # offset from the pointer to the centre of the rectangle while dragging
        self._pressed = QPointF()
        self._wheel = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Overview of all page frames")
        self.setToolTip(
            "All frames; the rectangle is what the map shows.\nClick or drag to look elsewhere. O hides it."
        )
        self.hide()
        frame_map.view.cameraChanged.connect(self._moved)
        frame_map.countsChanged.connect(self._changed)

    @property
    def on(self) -> bool:
        """True if enabled; it is visible only while the map does not show all frames."""
        return self._on

    def set_on(self, on: bool) -> None:
        """Enable or disable it."""
        self._on = on
        self._moved()

    def set_theme(self, theme: Theme) -> None:
        """Use another theme."""
        self._theme, self._coloured = theme, None
        self._changed()

    # -- position

    def _moved(self) -> None:
        plane, camera = self._map.plane, self._map.view.camera
        size = self._size_for(plane) if plane is not None and self._on and not camera.is_fit else QSize()
        if size.isEmpty():
            self._grip = None
            self._cover(QRectF())
            self.hide()
            return
        if size != self.size() or not self.isVisible() or not (self._grip is not None or self.underMouse()):
            self.setGeometry(QRect(self._corner(camera, size), size))
        self._cover(QRectF(self.geometry()))
        # Not isVisible(), which is also false while an ancestor is hidden.
        if self.isHidden():
            self.show()
        share = min(1.0, camera.view_width / camera.cell / camera.width) * min(
            1.0, camera.view_height / camera.cell / camera.height
        )
        self.setAccessibleDescription(f"The map shows {share:.0%} of all frames")
        self.update()

    def _cover(self, rect: QRectF) -> None:
        """Tell the map which part is covered, so that labels avoid it."""
        item = self._map.view.item
        if rect != item.covered:
            item.covered = rect
            item.update()

    def _size_for(self, plane: FramePlane) -> QSize:
        """Return its size including the border, empty if there is no room."""
        room = self._map.view.viewport().size()
        across, down = min(_LONGEST, room.width() * _SHARE), min(_LONGEST, room.height() * _SHARE)
        if min(across, down) < _SMALLEST:
            return QSize()
        scale = min(across / plane.layout.width, down / plane.layout.height)
        width, height = (max(8, round(length * scale)) for length in (plane.layout.width, plane.layout.height))
        return QSize(width + 2 * _FRAME, height + 2 * _FRAME)

    def _corner(self, camera: Camera, size: QSize) -> QPoint:
        """Return its position: lower right, or lower left at the end of the map, where it would hide frames for good.

        It does not move while the pointer is on it, so that a second click does not hit the map.
        """
        right, bottom = camera.at(camera.view_width, camera.view_height)
        to_left = right >= camera.width and camera.left > 0
        to_top = bottom >= camera.height and camera.top > 0
        room = self._map.view.viewport().size()
        x = round(self._map.view.item.edge) + _APART if to_left else room.width() - size.width() - _APART
        return QPoint(x, _APART if to_top else room.height() - size.height() - _APART)

    def _inside(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_FRAME, _FRAME, -_FRAME, -_FRAME)

    def view_rect(self) -> QRectF:
        """Return the rectangle of the map's view in this widget."""
        camera, inside = self._map.view.camera, self._inside()
        x, y = inside.width() / camera.width, inside.height() / camera.height
        across, down = camera.view_width / camera.cell * x, camera.view_height / camera.cell * y
        rect = QRectF(inside.left() + camera.left * x, inside.top() + camera.top * y, across, down) & inside
        wider, higher = max(0.0, _FINDER - rect.width()) / 2, max(0.0, _FINDER - rect.height()) / 2
        return rect.adjusted(-wider, -higher, wider, higher)

    # -- drawing

    def _changed(self) -> None:
        self._picture = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        plane = self._map.plane
        if plane is None:
            return
        inside = self._inside()
        now = plane.layout, self.size(), self.devicePixelRatioF()
        if self._picture is None or now != self._drawn:
            self._drawn = now
            self._picture = self._draw(plane, inside.size().toSize(), now[2])
        theme, rect = self._theme, self.view_rect()
        painter = QPainter(self)
        fill(painter, self.rect(), QColor(theme.raised))
        painter.setPen(QColor(theme.muted))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.drawPixmap(inside.topLeft(), self._picture)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((theme.ground, 4), (theme.text, 2)):
            painter.setPen(QPen(QColor(colour), width, Qt.PenStyle.SolidLine, _CAP, _JOIN))
            painter.drawRect(rect)
        painter.end()

    def _draw(self, plane: FramePlane, size: QSize, ratio: float) -> QPixmap:
        """Draw all frames into a pixmap, from a level of the pyramid in which no poisoned frame is lost."""
        wanted = plane.lens, plane.match is not None
        if self._coloured != wanted:
            self._coloured, self._table = wanted, colour_table(self._theme, *wanted)
        cell = min(size.width() / plane.layout.width, size.height() / plane.layout.height)
        number = plane.pyramid.level_for(cell * ratio)
        level = plane.pyramid.level(number)
        image = QImage(level.data, level.shape[1], level.shape[0], level.shape[1], QImage.Format.Format_Indexed8)
        image.setColorTable(self._table)
        picture = QPixmap(size * ratio)
        picture.setDevicePixelRatio(ratio)
        painter = QPainter(picture)
        fill(painter, QRect(QPoint(), size), QColor(self._theme.ground))
        # An odd last row or column of the level extends past the last frame.
        across, down = (level.shape[1] << number) / plane.layout.width, (level.shape[0] << number) / plane.layout.height
        where = QRectF(0, 0, size.width() * across, size.height() * down)
        painter.drawImage(where, image.convertToFormat(QImage.Format.Format_RGB32))
        self._draw_poison(painter, plane, size)
        painter.end()
        return picture

    def _draw_poison(self, painter: QPainter, plane: FramePlane, size: QSize) -> None:
        pfns = plane.poisoned
        pfns = pfns[:: len(pfns) // _MOST_MARKS + 1]
        width, height = plane.layout.width, plane.layout.height
        camera = Camera(width, height, size.width(), size.height(), size.width() / width)
        px, py = places(plane.layout, camera, pfns, _MARK)
        left, top = np.clip(px, 0, size.width() - _MARK), np.clip(py, 0, size.height() - _MARK)
        marks = [QRectF(x, y, _MARK, _MARK) for x, y in zip(left.tolist(), top.tolist(), strict=True)]
        for mark in marks:
            fill(painter, mark.adjusted(-1, -1, 1, 1), QColor(self._theme.ground))
        for mark in marks:
            fill(painter, mark, QColor(self._theme.poison))

    # -- the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in _SIDES:
            event.ignore()  # back and forward, as on the map
            return
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._pressed = event.position()
        rect = self.view_rect()
        held = rect.contains(self._pressed)
        self._grip = rect.center() - self._pressed if held else QPointF()
        if not held:
            self._look_at(self._pressed)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        if not self._grip.isNull() and not self._is_far(event.position()):
            return
        self._pressed = QPointF(-_LONGEST, -_LONGEST)  # from now on every move counts as dragging
        self._look_at(event.position() + self._grip)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() in _SIDES:
            event.ignore()
        elif event.button() == Qt.MouseButton.LeftButton and self._grip is not None:
            self._grip = None
            if not self._is_far(event.position()):
                self._look_at(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()  # no context menu for the frames below

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._wheel += event.angleDelta().y()
        steps = int(self._wheel / _NOTCH)
        self._wheel -= steps * _NOTCH
        camera = self._map.view.camera
        if steps:
            self._map.view.look(camera.zoomed(steps, camera.view_width / 2, camera.view_height / 2))
        event.accept()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._map.view.hover(QPointF(-1, -1))  # the map gets no leave event

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._moved()

    def _is_far(self, point: QPointF) -> bool:
        return (point - self._pressed).manhattanLength() >= QApplication.startDragDistance()

    def _look_at(self, point: QPointF) -> None:
        """Centre the map on a point of the overview."""
        inside, view = self._inside(), self._map.view
        x, y = (point.x() - inside.left()) / inside.width(), (point.y() - inside.top()) / inside.height()
        x, y = min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)
        view.look(view.camera.centred(x * view.camera.width, y * view.camera.height))
