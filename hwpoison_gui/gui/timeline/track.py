"""The timeline: all steps as a track with marks, boundaries of operations, and a handle to drag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.steps import Step
from hwpoison_gui.view.base.moment import START, title_of
from hwpoison_gui.view.base.palette import DARK, Theme, mixed
from hwpoison_gui.view.facts.timeline_marks import ActCodes, Tick, boundaries, cuts, position_at, ticks, x_of
from hwpoison_gui.view.words.lookup import text_of

# Pixels at 100 % text.
_EDGE: Final = 12
_HEIGHT: Final = 32
_TRACK: Final = 6
_RING: Final = 13  # radius of the ring around the handle
_AHEAD: Final = 0.35  # share of the text colour in the part of the track that is ahead
_PASSED: Final = 0.65  # the same in the part that was passed
_SECTORS: Final = 60  # sectors of the ring: it is painted as often for each step
_RESTING: Final = 0.15  # text of an empty track


def act_colour(theme: Theme, act: Act) -> str:
    """The colour of an act, here and in the reverse map."""
    loud = {
        Act.VISIT: theme.warn,
        Act.UNMAP: theme.task(1),
        Act.SIGNAL: theme.kill,
        Act.DIE: theme.kill,
        Act.PANIC: theme.poison,
        Act.RESULT: theme.good,
        Act.DROP: theme.poison,
        Act.MAP: theme.task(1),
    }
    return loud.get(act, theme.muted)


_TALL: Final = {Act.SIGNAL: 7, Act.DIE: 9, Act.PANIC: 10, Act.RESULT: 9, Act.UNMAP: 6, Act.VISIT: 6}


class Timeline(QWidget):
    """Shows the timeline position; a drag or a click requests another one."""

    seekRequested = Signal(int)
    scrubbing = Signal(bool)

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._theme, self._scale = theme, look.scale()
        self._acts = ActCodes()
        self._bounds = np.zeros(0, np.int64)
        self._operations: Sequence[Operation] = ()
        self._steps: Sequence[Step] = ()
        self._ticks: tuple[int, list[Tick]] = (-1, [])
        self._cuts: tuple[QSize, list[QLineF]] = (QSize(), [])
        self.position = 0
        self._waited = 0  # sectors of a ring around the handle, of _SECTORS
        self._dragging = False
        self._notes: tuple[int, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Timeline")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def total(self) -> int:
        return len(self._acts.codes)

    def set_theme(self, theme: Theme) -> None:
        self._theme, self._scale = theme, look.scale()
        self._ticks, self._cuts = (-1, []), (QSize(), [])
        self.updateGeometry()
        self.update()

    def set_steps(self, session: Session) -> None:
        """Reread the steps; call when they changed."""
        self._acts.read(session)
        self._bounds = boundaries(session)
        self._operations = session.operations
        self._steps = session.steps
        self._ticks, self._cuts = (-1, []), (QSize(), [])
        self.update()

    def set_notes(self, positions: Sequence[int]) -> None:
        """Set the positions that have a note."""
        self._notes = tuple(positions)
        self.update()

    def set_position(self, position: int) -> None:
        """Move the handle."""
        self.position = position
        self.setAccessibleDescription(f"step {position:,} of {self.total:,}")
        self.update()

    def set_waited(self, share: float) -> None:
        """Show around the handle how much of the time for reading the present step is over, 0 to 1."""
        sectors = round(share * _SECTORS)
        if sectors != self._waited:
            self._waited = sectors
            x, side = round(self.x_of_position(self.position)), round(_RING * self._scale) + 2
            self.update(x - side, 0, 2 * side, self.height())

    # -- geometry

    def sizeHint(self) -> QSize:
        return QSize(400, look.px(_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, look.px(_HEIGHT))

    @property
    def _edge(self) -> float:
        """Margin for half of the handle, left and right of the track."""
        return _EDGE * self._scale

    def _width(self) -> int:
        return max(1, round(self.width() - 2 * self._edge))

    def x_of_position(self, position: int) -> float:
        """X coordinate of a position on the widget."""
        return self._edge + x_of(position, self.total, self._width())

    def _marks(self) -> list[Tick]:
        if self._ticks[0] != self._width():
            self._ticks = (self._width(), ticks(self._acts.codes, self._width()))
        return self._ticks[1]

    # -- drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        middle, scale = self.height() / 2, self._scale
        track = QRectF(self._edge, middle - _TRACK * scale / 2, self._width(), _TRACK * scale)
        painter.setPen(Qt.PenStyle.NoPen)
        window, text = self._theme.window, self._theme.text
        painter.setBrush(QColor(mixed(window, text, _AHEAD if self.total else _RESTING)))
        painter.drawRect(track)
        painter.setBrush(QColor(mixed(window, text, _PASSED)))
        track.setRight(self.x_of_position(self.position))
        painter.drawRect(track)
        self._paint_bounds(painter, middle)
        colours = {act: QColor(act_colour(self._theme, act)) for act in Act}
        ahead = QColor(
            mixed(self._theme.line, self._theme.muted, 0.6)
        )  # its result is not shown before its end is reached
        for tick in self._marks():
            tall = _TALL.get(tick.act, 3) * scale
            colour = colours[tick.act] if tick.position <= self.position else ahead
            fill(painter, QRectF(self._edge + tick.x - 1, middle - tall, 2, 2 * tall), colour)
        self._paint_notes(painter, middle)
        self._paint_handle(painter, middle)

    def _paint_notes(self, painter: QPainter, middle: float) -> None:
        """Draw a small flag above the track for each note."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.accent))
        scale = self._scale
        for position in self._notes:
            at = QPointF(self.x_of_position(position), middle)
            painter.drawPolygon([at + QPointF(x, y) * scale for x, y in ((0, -9), (-4, -16), (4, -16))])

    def _paint_bounds(self, painter: QPainter, middle: float) -> None:
        painter.setPen(QPen(QColor(self._theme.muted), 1))
        if self._cuts[0] != self.size():
            pixels = cuts(self._bounds, self.total, self._width())
            near, far = 9 * self._scale, 13 * self._scale
            lines = [
                QLineF(x, middle + side * near, x, middle + side * far)
                for x in (self._edge + pixel + 0.5 for pixel in pixels)
                for side in (-1, 1)
            ]
            self._cuts = (self.size(), lines)
        painter.drawLines(self._cuts[1])
        painter.setPen(Qt.PenStyle.NoPen)

    def _paint_handle(self, painter: QPainter, middle: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        where = QPointF(self.x_of_position(self.position), middle)
        painter.setPen(QPen(QColor(self._theme.window), 2))
        resting = mixed(self._theme.window, self._theme.text, _AHEAD)
        painter.setBrush(QColor(self._theme.text if self.total else resting))
        painter.drawEllipse(where, 8 * self._scale, 8 * self._scale)
        if self._waited:
            side = _RING * self._scale
            painter.setPen(QPen(QColor(self._theme.accent), 2.5 * self._scale))
            ring = QRectF(where.x() - side, where.y() - side, 2 * side, 2 * side)
            painter.drawArc(ring, 90 * 16, -round(360 * 16 * self._waited / _SECTORS))
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.accent), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(where, 10.5 * self._scale, 10.5 * self._scale)

    # -- the user

    def _at(self, x: float) -> int:
        return position_at(x - self._edge, self.total, self._width())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.total:
            self._dragging = True
            self.scrubbing.emit(True)
            self.seekRequested.emit(self._at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            position = self._at(event.position().x())
            if position != self.position:
                self.seekRequested.emit(position)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragging and event.button() == Qt.MouseButton.LeftButton:
            self._dragging = False
            self.scrubbing.emit(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y()
        if notches:
            self.seekRequested.emit(max(0, min(self.total, self.position + (1 if notches < 0 else -1))))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1}
        by = moves.get(Qt.Key(event.key()))
        if by is None or event.modifiers():
            event.ignore()
        else:
            self.seekRequested.emit(max(0, min(self.total, self.position + by)))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), plain(self.tip_at(event.pos().x())), self)
            return True
        return super().event(event)

    def tip_at(self, x: float) -> str:
        """Tip: the step under a point of the track."""
        if not self.total:
            return "Every step of what you do will stand here. Drag to go back and forth."
        position = self._at(x)
        if position == 0:
            return START
        number = int(np.searchsorted(self._bounds, position)) - 1
        if position > len(self._steps) or number >= len(self._operations):
            return ""  # a long operation has replaced them, and goes on
        operation, mark, frame = self._operations[number], self._steps[position - 1].mark, ""
        title = f"{number + 1}. {title_of(operation)}"
        if operation.parts:
            at = operation.part_number(position)
            operation, frame = operation.parts[at], f"frame {at + 1:,}, "
        within, length = position - operation.first, operation.last - operation.first
        return f"{title}\n{frame}step {within:,} of {length:,}: {text_of(mark)}"

    def focusInEvent(self, event) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event) -> None:
        super().focusOutEvent(event)
        self.update()
