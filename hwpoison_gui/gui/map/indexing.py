"""Indexes a large map once nothing changes any more: the next lens is then shown without a look at every frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from PySide6.QtCore import QObject

from hwpoison_gui.gui.control.slices import BESIDE_SECONDS, Slices
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.view.map.plane import Sheet

_REST_MS: Final = 300


class Indexing(QObject):
    """Finds which numbers occur in each block of cells; see view/map/block_sets.py.

    `sheets` gives those of lenses that may be chosen next.
    """

    def __init__(self, frame_map: FrameMapWidget, sheets: Callable[[], Iterable[Sheet]]) -> None:
        super().__init__(frame_map)
        self._map, self._sheets = frame_map, sheets
        self._slices = Slices(self, BESIDE_SECONDS)
        frame_map.countsChanged.connect(self.changed)
        frame_map.view.cameraChanged.connect(self.changed)  # by a change of the row length, among others

    def changed(self) -> None:
        """Begin again after a rest, if anything is to be done."""
        plane = self._map.plane
        if plane is not None and plane.needs_index(self._sheets()):
            self._slices.run(lambda: plane.index(self._sheets()), lambda _: None, _REST_MS)
        else:
            self._slices.give_up()
