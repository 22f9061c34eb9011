"""The middle of the window: the map, a banner above it, the legend below."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from hwpoison_gui.gui.banner import Banner
from hwpoison_gui.gui.frame_map import FrameMapWidget
from hwpoison_gui.gui.legend import Legend


class MapStage(QWidget):
    """Places them; the map takes what the others leave."""

    def __init__(self, frame_map: FrameMapWidget, legend: Legend, banner: Banner) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(banner)
        box.addWidget(frame_map, 1)
        box.addWidget(legend)
