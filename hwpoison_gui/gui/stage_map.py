"""The middle of the window: the map, a banner above it, its lenses and their legend below."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from hwpoison_gui.gui.banner import Banner
from hwpoison_gui.gui.find_bar import FindBar
from hwpoison_gui.gui.frame_map import FrameMapWidget
from hwpoison_gui.gui.legend import Legend
from hwpoison_gui.gui.lens_bar import LensBar


class MapStage(QWidget):
    """Places them; the map takes what the others leave."""

    def __init__(
        self, frame_map: FrameMapWidget, finder: FindBar, lenses: LensBar, legend: Legend, banner: Banner
    ) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(banner)
        box.addWidget(frame_map, 1)
        box.addWidget(finder)
        box.addWidget(lenses)
        box.addWidget(legend)
