"""The view of the map: turns mouse and keyboard events into camera movements or signals about a frame."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame

from hwpoison_gui.gui.look.viewport import know_viewport
from hwpoison_gui.gui.map.item import NONE, FrameMapItem
from hwpoison_gui.gui.map.multi_select import Marking
from hwpoison_gui.gui.widgets.table_keys import wants_menu
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.map.camera import Camera
from hwpoison_gui.view.map.layout import neighbour

_NOTCH: Final = 120  # Qt's unit of a wheel's step
_PANNING: Final = Qt.MouseButton.LeftButton | Qt.MouseButton.MiddleButton
_SELECTING: Final = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
_ARROWS: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_HELD: Final = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta)
_HINT: Final = "No frame is selected. Arrow keys select one, Enter breaks it, the menu key says what else can be done."
_FIRE: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOVES: Final = {Qt.Key.Key_A: (1, 0), Qt.Key.Key_D: (-1, 0), Qt.Key.Key_W: (0, 1), Qt.Key.Key_S: (0, -1)}


class FrameMapView(QAbstractScrollArea):
    """Shows a FrameMapItem and emits what the user wants; changes only the camera itself."""

    fired = Signal(int)
    selected = Signal(int)
    hovered = Signal(int)
    menuRequested = Signal(int, QPoint)
    cameraChanged = Signal()
    resized = Signal()
    fitWanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        know_viewport(self)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleDescription(_HINT)
        viewport = self.viewport()
        viewport.setMouseTracking(True)
        viewport.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.item = FrameMapItem(theme, self.font(), self._repaint)
        self.marking = Marking(self.item, viewport)
        self._pressed: QPointF | None = None
        self._marks = False  # pressed with Ctrl or Shift: a drag marks frames
        self._twice = False  # pressed as the second click of a double click
        self._panned: QPointF | None = None  # last position of the pointer while it drags the map
        self._wheel = 0

    def _repaint(self) -> None:
        """Repaint request of the item. A bound method of the viewport instead would outlive the application."""
        self.viewport().update()

    # -- the camera

    @property
    def camera(self) -> Camera:
        """The part of the map in view."""
        return self.item.camera

    def look(self, camera: Camera) -> None:
        """Set the camera. If it moved, no frame is hovered until the pointer moves again."""
        moved = camera != self.item.camera
        self.item.set_camera(camera)
        if moved:
            self.forget_pointer()
        self.cameraChanged.emit()

    def room(self, edge: float | None = None) -> tuple[float, float]:
        """Return width and height, in pixels, of the area for frames; `edge`: given another width of the axis."""
        size = self.viewport().size()
        beside = self.item.edge if edge is None else edge
        return max(1.0, size.width() - beside), max(1.0, float(size.height()))

    # -- events

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        self.item.paint(painter, self.viewport())
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._wheel += event.angleDelta().y()
        steps = int(self._wheel / _NOTCH)
        self._wheel -= steps * _NOTCH
        if steps:
            point = event.position()
            self.look(self.camera.zoomed(steps, point.x() - self.item.edge, point.y()))
            self.hover(point)
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Hide the label of a frame that arrows went to at the next other key, which may belong to a shortcut."""
        key = event.key() if isinstance(event, QKeyEvent) else None
        if event.type() == QEvent.Type.ShortcutOverride and key not in (*_ARROWS, *_HELD):
            self.leave_arrows()
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.leave_arrows()
        self._pressed, self._twice = event.position(), False
        self._marks = bool(event.modifiers() & _SELECTING) and event.button() == Qt.MouseButton.LeftButton

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._pressed, self._twice = event.position(), True

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        here = event.position()
        if self._pressed is None or not event.buttons() & _PANNING:
            self.hover(here)
            return
        if self._panned is None:
            if not self._is_far(here):
                return
            if self._marks:
                self.marking.drag(self._pressed, here)
                return
            self._panned = self._pressed
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        step = here - self._panned
        self._panned = here
        self.look(self.camera.panned(step.x(), step.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.buttons():
            return
        pressed, panned, near = self._pressed, self._panned, not self._is_far(event.position())
        self._pressed = self._panned = None
        if panned is not None:
            self.viewport().unsetCursor()
            self.hover(event.position())
        elif pressed is not None and near:
            self._clicked(pressed, event)
        elif pressed is not None and self._marks:
            self.marking.drop(pressed, event.position(), event.modifiers())

    def _is_far(self, here: QPointF) -> bool:
        """True if the pointer moved too far for a click; how long it took does not matter."""
        way = here - self._pressed if self._pressed is not None else QPointF()
        return way.manhattanLength() >= QApplication.startDragDistance()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._set_hovered(NONE)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.item.focused = True
        self.item.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.item.focused = False
        self.describe(self.item.hovered)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if wants_menu(event):
            self._ask_for_menu()
        elif not self._key(key, event.modifiers()):
            event.ignore()
            return
        # The keyboard does not refer to the frame under the pointer; the label is for the frame that arrows went to.
        self._set_hovered(NONE)
        self.describe(self.item.selected if key in _ARROWS else NONE)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        event.ignore()

    # -- actions

    def hover(self, point: QPointF) -> None:
        """Handle the pointer being at `point`."""
        self._set_hovered(self.item.pfn_at(point))

    def forget_pointer(self) -> None:
        """Treat no frame as hovered until the pointer moves again."""
        self._set_hovered(NONE)

    def _set_hovered(self, pfn: int) -> None:
        if pfn != self.item.hovered:
            self.item.hovered = pfn
            self.describe(pfn)
            self.hovered.emit(pfn)

    def leave_arrows(self) -> None:
        """Hide the label of a frame that arrows went to; that of the pointer stays."""
        if self.item.described != self.item.hovered:
            self.describe(self.item.hovered)

    def describe(self, pfn: int) -> None:
        """Show the label of a frame, or none (NONE); screen readers get its text, or that of the selected frame."""
        self.item.described = pfn
        self.item.update()
        told = self.item.selected if pfn == NONE else pfn
        self.setAccessibleDescription(self.item.summary_of(told) if told != NONE else _HINT)

    def _clicked(self, point: QPointF, event: QMouseEvent) -> None:
        pfn = self.item.pfn_at(point)
        if pfn == NONE:
            return
        if event.button() == Qt.MouseButton.RightButton:
            if pfn not in self.item.marked:
                self.marking.begin(pfn)
            self.selected.emit(pfn)
            self.menuRequested.emit(pfn, self.viewport().mapToGlobal(point.toPoint()))
        elif event.button() == Qt.MouseButton.LeftButton:
            if event.modifiers() & _SELECTING:
                self.marking.click(pfn, event.modifiers())
                self.selected.emit(pfn)
            elif not self._twice:  # the second click of a double click does not inject a second error
                self.marking.begin(pfn)
                self.fired.emit(pfn)

    def _key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        """Handle a key and return True if it has a meaning here."""
        plane = self.item.plane
        if plane is None or modifiers & Qt.KeyboardModifier.AltModifier:
            return False
        if key in _ARROWS:
            dx, dy = _ARROWS[key]
            far = 16 if modifiers & Qt.KeyboardModifier.ControlModifier else 1
            self._step(dx * far, dy * far, bool(modifiers & Qt.KeyboardModifier.ShiftModifier))
        elif key == Qt.Key.Key_Space and modifiers & Qt.KeyboardModifier.ControlModifier:
            self.marking.toggle(self.item.selected)
        elif key == Qt.Key.Key_Escape:
            return self.marking.forget()
        elif modifiers & Qt.KeyboardModifier.ControlModifier:
            return False
        elif key in _MOVES:
            dx, dy = _MOVES[key]
            self.look(self.camera.panned(dx * 80, dy * 80))
        elif key in _FIRE and self.item.selected != NONE:
            self.fired.emit(self.item.selected)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1)
        elif key in (Qt.Key.Key_Minus, Qt.Key.Key_Underscore):
            self.zoom(-1)
        elif key == Qt.Key.Key_Home:
            self.fitWanted.emit()
        elif key == Qt.Key.Key_F and self.item.selected != NONE:
            self.centre(self.item.selected)
        else:
            return False
        return True

    def _ask_for_menu(self) -> None:
        if self.item.selected != NONE:
            corner = self.item.rect_of(self.item.selected).bottomRight().toPoint()
            self.menuRequested.emit(self.item.selected, self.viewport().mapToGlobal(corner))

    def zoom(self, steps: int) -> None:
        """Zoom about the selected frame if it is in view, otherwise about the centre."""
        camera, plane = self.camera, self.item.plane
        x, y = camera.view_width / 2, camera.view_height / 2
        if plane is not None and self.item.selected != NONE:
            column, row = plane.layout.position(self.item.selected)
            px, py = camera.to_view(column + 0.5, row + 0.5)
            if 0 <= px < camera.view_width and 0 <= py < camera.view_height:
                x, y = px, py
        self.look(camera.zoomed(steps, x, y))

    def centre(self, pfn: int) -> None:
        """Centre a frame, large enough to be distinguished from its neighbours."""
        if self.item.plane is not None:
            x, y = self.item.plane.layout.position(pfn)
            self.look(self.camera.centred(x + 0.5, y + 0.5, max(self.camera.cell, 20.0)))

    def reveal(self, pfn: int) -> None:
        """Move as little as needed to bring a frame into view."""
        if self.item.plane is not None:
            self.look(self.camera.revealing(*self.item.plane.layout.position(pfn)))

    def _step(self, dx: int, dy: int, extend: bool) -> None:
        plane = self.item.plane
        if plane is None:
            return
        if self.item.selected == NONE:
            middle = QPointF(self.item.edge + self.camera.view_width / 2, self.camera.view_height / 2)
            pfn = max(0, self.item.pfn_at(middle))
        else:
            pfn = neighbour(plane.layout, self.item.selected, dx, dy)
        if extend:
            self.marking.extend(pfn)
        else:
            self.marking.begin(pfn)
        self.selected.emit(pfn)
        self.reveal(pfn)
