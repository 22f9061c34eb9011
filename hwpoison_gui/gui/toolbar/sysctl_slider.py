"""Two-position slider for a sysctl: name, values 0 and 1, meaning of the current value."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)  # fmt: skip
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.kernel.profile.type import SYSCTL_RECOVERY, Sysctl
from hwpoison_gui.view.base.palette import DARK, Theme, mixed
from hwpoison_gui.view.facts.counters import NO_HANDLER
from hwpoison_gui.view.words.sysctls import sysctl_words

DETAILS: Final = (2, 1, 0)  # full name and meaning; both short; a short name only
_PREFIX: Final = "memory_failure_"
_TRACK: Final = QSize(34, 18)  # pixels at 100 % text
_DRAG: Final = 6  # pixels beyond which press and release is a drag


class SysctlSlider(QAbstractSlider):
    """Set by click, drag, arrow keys, Space, 0 and 1; `valueWanted` carries the requested value."""

    valueWanted = Signal(int)

    def __init__(self, sysctl: Sysctl, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.sysctl = sysctl
        self._said = sysctl_words(sysctl.name)
        self._theme = theme
        self._detail = DETAILS[0]
        self._scale = 1.0
        self.in_bar: QAction | None = None  # in a tool bar, visibility belongs to the action of a widget
        self._widths: dict[int, int] = {}  # cached: asked for often while the window is laid out
        self._size: QSize | None = None  # tool bars ask for it many times
        self.setRange(0, 1)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # after a click, 1 and Enter go where they went before
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"vm.{sysctl.name}")
        self.setToolTip(f"vm.{sysctl.name}\n{self._said.tip}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._pressed_at = 0.0
        self._is_modelled = False
        self.set_value(0)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._widths.clear()
        self._size = None
        self.updateGeometry()
        self.update()

    def set_scale(self, scale: float) -> None:
        """Draw it larger or smaller than the window's text by a factor."""
        if scale != self._scale:
            self._scale = scale
            self.set_theme(self._theme)

    def set_detail(self, detail: int) -> None:
        """Set how much text stands beside the switch (one of DETAILS); the tool tip has all of it."""
        if detail != self._detail:
            self._detail = detail
            self._size = None
            self.updateGeometry()
            self.update()

    def set_modelled(self, on: bool) -> None:
        """Say beside the name that the captured kernel has no such sysctl: the value is the model's."""
        if on != self._is_modelled:
            self._is_modelled = on
            more = f"\n{NO_HANDLER}" if on else ""
            self.setToolTip(f"vm.{self.sysctl.name}\n{self._said.tip}{more}")
            self.set_theme(self._theme)

    def set_value(self, value: int | None) -> None:
        """Show the current value without emitting `valueWanted`; None (no such sysctl) hides the slider."""
        if self.in_bar is not None:
            self.in_bar.setVisible(value is not None)
        value = value or 0
        self.setValue(value)
        self.setAccessibleDescription(f"{value}: {self._said.on if value else self._said.off}")

    # -- the user

    def _want(self, value: int) -> None:
        if value != self.value():
            self.valueWanted.emit(value)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._pressed_at = event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self.isSliderDown():
            return
        self.setSliderDown(False)
        x, zero, one = event.position().x(), self._digit(0), self._digit(1)
        if abs(x - self._pressed_at) >= _DRAG:
            self._want(int(x > self._track().center().x()))
        elif x <= zero.right():
            self._want(0)
        elif one.left() <= x <= one.right() + look.SMALL:
            self._want(1)
        elif self.rect().contains(event.position().toPoint()):
            self._want(1 - self.value())

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # a sysctl is not to be written by accident

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._want(1 - self.value())
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_1):
            self._want(1)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_0):
            self._want(0)
        else:
            event.ignore()

    # -- geometry and drawing

    def _fonts(self) -> tuple[QFont, QFont]:
        return look.mono(look.CAPTION * self._scale), look.font(look.CAPTION * self._scale)

    def _digit_font(self, bold: bool = True) -> QFont:
        return look.font(look.BODY * self._scale, QFont.Weight.Bold if bold else QFont.Weight.Normal)

    def _name(self, detail: int) -> str:
        name = f"vm.{self.sysctl.name}" if detail == DETAILS[0] else self.sysctl.name.removeprefix(_PREFIX)
        return f"{name} (model)" if self._is_modelled else name

    def _words(self, detail: int) -> tuple[str, str]:
        """Texts for 0 and 1 at this level of detail."""
        return {2: (self._said.off, self._said.on), 1: self._said.short, 0: ("", "")}[detail]

    def width_of(self, detail: int) -> int:
        """Width in pixels at this level of detail."""
        if detail not in self._widths:
            small, text = self._fonts()
            metrics = QFontMetrics(text)
            row = self._words_left() + max(metrics.horizontalAdvance(said) for said in self._words(detail))
            name = QFontMetrics(small).horizontalAdvance(self._name(detail))
            self._widths[detail] = max(name, row) + look.TIGHT * 2
        return self._widths[detail]

    def sizeHint(self) -> QSize:
        if self._size is None:
            height = QFontMetrics(self._fonts()[0]).height() + self._track().height() + look.TIGHT + 4
            self._size = QSize(self.width_of(self._detail), round(height))
        return self._size

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _digit(self, value: int) -> QRectF:
        track = self._track()
        width = QFontMetrics(self._digit_font()).horizontalAdvance("0") + 4
        left = look.TIGHT if value == 0 else track.right() + look.TIGHT
        return QRectF(left, track.top(), width, track.height())

    def _track(self) -> QRectF:
        width = QFontMetrics(self._digit_font()).horizontalAdvance("0") + 4
        top = QFontMetrics(self._fonts()[0]).height() + look.TIGHT
        return QRectF(QPointF(look.TIGHT + width + look.TIGHT, top), _TRACK * look.scale() * self._scale)

    def _words_left(self) -> int:
        return int(self._digit(1).right()) + look.SMALL

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, value = self._theme, self.value()
        text = theme.text if self.isEnabled() else look.disabled_of(theme)
        small, words = self._fonts()
        painter.setFont(small)
        painter.setPen(QColor(theme.muted))
        painter.drawText(QPointF(look.TIGHT, QFontMetrics(small).ascent()), self._name(self._detail))
        for digit in (0, 1):
            painter.setFont(self._digit_font(digit == value))
            painter.setPen(QColor(text if digit == value else theme.muted))
            painter.drawText(self._digit(digit), Qt.AlignmentFlag.AlignCenter, str(digit))
        self._paint_track(painter, text)
        painter.setFont(words)
        painter.setPen(QColor(theme.kill if self._is_harsh() else text))
        room = self._track()
        room.setLeft(self._words_left())
        room.setRight(self.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, self._words(self._detail)[value])
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _is_harsh(self) -> bool:
        return self.sysctl.name == SYSCTL_RECOVERY and not self.value() and self.isEnabled()

    def _paint_track(self, painter: QPainter, text: str) -> None:
        theme, track = self._theme, self._track()
        on = bool(self.value())
        ground = mixed(theme.window, text, 0.55) if on else theme.line
        painter.setPen(QPen(QColor(theme.muted), 1))
        painter.setBrush(QColor(ground))
        radius = track.height() / 2
        painter.drawRoundedRect(track.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        x = track.right() - radius if on else track.left() + radius
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(text))
        painter.drawEllipse(QPointF(x, track.center().y()), radius - 3, radius - 3)
