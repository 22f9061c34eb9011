"""Centre of the window: banner, caption, map, search bar, lenses and legend from top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hwpoison_gui.gui.map.widget import FrameMapWidget

if TYPE_CHECKING:
    from hwpoison_gui.gui.map.find_bar import FindBar
    from hwpoison_gui.gui.map.legend import Legend
    from hwpoison_gui.gui.map.lens_bar import LensBar
    from hwpoison_gui.gui.widgets.banner import Banner


class MapStage(QWidget):
    """Arranges them; the map takes the remaining space."""

    def __init__(self, frame_map: FrameMapWidget) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(frame_map, 1)
        self._box, self._map = box, frame_map

    def minimumSizeHint(self) -> QSize:
        """With all lines that the legend has at the present width, which QMainWindow would not ask for."""
        least = super().minimumSizeHint()
        return least.expandedTo(QSize(0, self._box.minimumHeightForWidth(self.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def add_bars(self, banner: Banner, lenses: LensBar, legend: Legend) -> None:
        """Add the banner above the map, and lenses and legend below it."""
        self._box.insertWidget(0, banner)
        self._box.addWidget(lenses)
        self._box.addWidget(legend)

    def add_finder(self, finder: FindBar) -> None:
        """Insert the search bar below the map."""
        self._box.insertWidget(self._box.indexOf(self._map) + 1, finder)

    def add_caption(self, caption: QWidget) -> None:
        """Insert the caption of a scenario above the map, which is lower for its sake."""
        self._map.caption = caption
        self._box.insertWidget(self._box.indexOf(self._map), caption)
