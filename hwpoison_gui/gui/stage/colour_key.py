"""Colour key of the map in one line, legible from the back row."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.map.marks import draw_poison
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.map.lens_colours import class_colour
from hwpoison_gui.view.map.lenses import KIND, LensClass

_GAP = 1.4  # between two classes, in heights of a line


class ColourKey(QWidget):
    """Swatch and name of each class that the machine has had frames of; of the largest ones where the line is short."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.setAccessibleName("What the colours of the map mean")
        self._theme = theme
        self._most: dict[int, int] = {}  # class -> most frames so far: names keep their places while counts change

    def set_counts(self, counts: Sequence[int]) -> None:
        """Name the classes that have frames, given the frames of each class by its id."""
        self._most = {one.id: max(counts[one.id], self._most.get(one.id, 0)) for one in KIND.classes[1:]}
        self.setAccessibleDescription(", ".join(one.shortest for one in self.named()))
        self.update()

    def set_fonts(self, font: QFont) -> None:
        self.setFont(font)
        self.setFixedHeight(QFontMetrics(font).height())

    def named(self) -> list[LensClass]:
        """The classes that the line has room for, in the order of the lens, poison first."""
        found = [one for one in KIND.classes[:0:-1] if self._most.get(one.id) or one.id == KIND.poison]
        while len(found) > 1 and sum(map(self._width, found)) > self.width():
            found.remove(min(found[1:], key=lambda one: self._most[one.id]))
        return found

    def _width(self, one: LensClass) -> float:
        line = QFontMetrics(self.font())
        return line.horizontalAdvance(one.shortest) + (1 + _GAP) * line.height()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        left, side = 0.0, self.height() * 0.7
        for one in self.named():
            painter.save()
            painter.translate(left, (self.height() - side) / 2)
            if one.id == KIND.poison:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                draw_poison(painter, self._theme, side)
            else:
                painter.setPen(QPen(QColor(self._theme.line), 1))
                painter.setBrush(QColor(class_colour(self._theme, KIND, one.key)))
                painter.drawRect(QRectF(0.5, 0.5, side - 1, side - 1))
            painter.restore()
            painter.setPen(QColor(self._theme.muted))
            beside = QRectF(left + side + look.TIGHT, 0, self.width(), self.height())
            painter.drawText(beside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, one.shortest)
            left += self._width(one)
        painter.end()
