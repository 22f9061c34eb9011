"""Indexes a large map once nothing changes any more: the next lens is then shown without a look at every frame."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject

from hwpoison_gui.gui.control.slices import BESIDE_SECONDS, Slices
from hwpoison_gui.gui.map.widget import FrameMapWidget

_REST_MS: Final = 300


class Indexing(QObject):
    """Finds which flag words occur in each block of cells; see view/map/block_sets.py."""

    def __init__(self, frame_map: FrameMapWidget) -> None:
        super().__init__(frame_map)
        self._map = frame_map
        self._slices = Slices(self, BESIDE_SECONDS)
        frame_map.countsChanged.connect(self._changed)
        frame_map.view.cameraChanged.connect(self._changed)  # by a change of the row length, among others

    def _changed(self) -> None:
        plane = self._map.plane
        if plane is not None and plane.needs_index:
            self._slices.run(plane.index, lambda _: None, _REST_MS)
        else:
            self._slices.give_up()
