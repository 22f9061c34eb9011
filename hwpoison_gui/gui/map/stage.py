"""Centre of the window: banner, map, search bar, lenses and legend from top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from hwpoison_gui.gui.map.legend import Legend
from hwpoison_gui.gui.map.lens_bar import LensBar
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.widgets.banner import Banner

if TYPE_CHECKING:
    from hwpoison_gui.gui.map.find_bar import FindBar


class MapStage(QWidget):
    """Places them; the map takes the remaining space."""

    def __init__(self, frame_map: FrameMapWidget, lenses: LensBar, legend: Legend, banner: Banner) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(banner)
        box.addWidget(frame_map, 1)
        box.addWidget(lenses)
        box.addWidget(legend)
        self._box = box

    def add_finder(self, finder: FindBar) -> None:
        """Inserts the search bar below the map."""
        self._box.insertWidget(2, finder)
