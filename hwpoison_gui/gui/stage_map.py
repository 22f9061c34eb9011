"""The middle of the window: the map with its legend below, which is small where there is little room."""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hwpoison_gui.gui.banner import Banner
from hwpoison_gui.gui.frame_map import FrameMapWidget
from hwpoison_gui.gui.legend import Legend
from hwpoison_gui.gui.legend_line import LegendLine

_SHARE: Final = 0.36  # of the height that the whole legend may take


class MapStage(QWidget):
    """Places them; `legend` and `line` show the same."""

    def __init__(self, frame_map: FrameMapWidget, legend: Legend, line: LegendLine, banner: Banner) -> None:
        super().__init__()
        self._legend, self._line = legend, line
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(banner)
        box.addWidget(frame_map, 1)
        box.addWidget(legend)
        box.addWidget(line)
        line.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.choose()

    def choose(self) -> None:
        """Takes the legend that fits."""
        whole = self._legend.heightForWidth(self.width()) <= self.height() * _SHARE
        if whole != self._legend.isVisibleTo(self):
            self._legend.setVisible(whole)
            self._line.setVisible(not whole)
