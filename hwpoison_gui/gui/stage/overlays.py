"""Overlays of the stage: the title card, a black screen, a spotlight, and the line that shows how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.stage.board import words
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.view.base.palette import Theme

LINE: Final = 4  # pixels
_DARK: Final = QColor(0, 0, 0, 190)
_SPOT: Final = 0.16  # radius of the spotlight, as a share of the height


class Card(QWidget):
    """A title with a few words beneath it, over everything."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        self.title, self.text, self.hint = words(self), words(self), words(self)
        box = QVBoxLayout(self)
        box.addStretch(2)
        for label in (self.title, self.text, self.hint):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            box.addWidget(label)
        box.addStretch(3)

    def show_words(self, title: str, text: str, hint: str) -> None:
        self.title.setText(title)
        self.text.setText(text)
        self.hint.setText(hint)

    def set_look(self, theme: Theme, title: QFont, text: QFont, unit: int) -> None:
        self.title.setFont(title)
        self.text.setFont(text)
        self.hint.setFont(text)
        look.ink(self.hint, theme.muted)
        box = self.layout()
        assert isinstance(box, QVBoxLayout)
        box.setContentsMargins(3 * unit, unit, 3 * unit, unit)
        box.setSpacing(unit)


class Blank(QWidget):
    """A black screen."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        painter.end()


class Spotlight(QWidget):
    """Darkens all but a circle around the pointer; clicks go through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._at = QPointF()
        self.hide()

    def move_to(self, point: QPointF) -> None:
        self._at = point
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        radius = self.height() * _SPOT
        shade = QPainterPath()
        shade.addRect(QRectF(self.rect()))
        shade.addEllipse(self._at, radius, radius)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(shade, _DARK)
        painter.end()


class StopLine(QWidget):
    """A thin line: the stops passed, and those to come."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedHeight(LINE)
        self._at, self._of = 0, 1
        self._colours = (QColor(), QColor())

    def set_progress(self, at: int, stops: Sequence[int], theme: Theme) -> None:
        self._at, self._of = at, max(1, len(stops) - 1)
        self._colours = QColor(theme.line), QColor(theme.accent)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        fill(painter, self.rect(), self._colours[0])
        fill(painter, QRectF(0, 0, self.width() * self._at / self._of, self.height()), self._colours[1])
        painter.end()
