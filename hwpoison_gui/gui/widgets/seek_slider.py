"""A slider that goes to the place of a click, as the timeline does, and is dragged on from there."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider, QWidget

_HANDLE: Final = QStyle.SubControl.SC_SliderHandle


class SeekSlider(QSlider):
    """Horizontal. Qt's own slider goes one page towards a click on its groove: ten of twelve thousand steps."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self._part(_HANDLE).contains(event.position().toPoint()):
            self.setValue(self._value_at(event.position().x()))
        super().mousePressEvent(event)  # the handle is below the pointer now: the drag begins

    def _value_at(self, x: float) -> int:
        """Return the value with the middle of the handle at `x`."""
        groove, wide = self._part(QStyle.SubControl.SC_SliderGroove), self._part(_HANDLE).width()
        place = round(x) - groove.x() - wide // 2
        return QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), place, groove.width() - wide)

    def _part(self, part: QStyle.SubControl) -> QRect:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        return self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self)
