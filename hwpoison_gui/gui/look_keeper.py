"""Back and forward through the places of the map that one has looked at."""

from __future__ import annotations

import math
import time

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QMouseEvent

from hwpoison_gui.gui.frame_map import FrameMapWidget
from hwpoison_gui.view.look_history import Look, LookHistory

_SIDES = {Qt.MouseButton.BackButton: -1, Qt.MouseButton.ForwardButton: 1}


class LookKeeper(QObject):
    """Notes where the map is moved to; the mouse's side buttons go back and forward."""

    def __init__(self, frame_map: FrameMapWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._map = frame_map
        self._plane: object = None
        self._going = False
        self.history = LookHistory()
        frame_map.view.cameraChanged.connect(self._moved)
        frame_map.view.viewport().installEventFilter(self)

    def _moved(self) -> None:
        plane, camera = self._map.plane, self._map.view.camera
        if plane is None or self._going:
            return
        if plane is not self._plane:
            self._plane = plane
            self.history.clear()
        if camera.is_fit:
            self.history.note(Look(None, 0.0), time.monotonic())
            return
        x, y = camera.at(camera.view_width / 2, camera.view_height / 2)
        pfn = plane.layout.pfn_at(math.floor(x), math.floor(y))
        if pfn is not None:
            self.history.note(Look(pfn, camera.cell), time.monotonic())

    def go(self, by: int) -> None:
        """Looks where one looked `by` places later, or before where it is negative."""
        look, plane = self.history.go(by), self._map.plane
        if look is None or plane is None:
            return
        self._going = True
        try:
            if look.pfn is None:
                self._map.fit()
            else:
                x, y = plane.layout.position(look.pfn)
                self._map.view.look(self._map.view.camera.centred(x + 0.5, y + 0.5, look.cell))
        finally:
            self._going = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent) and event.button() in _SIDES:
            self.go(_SIDES[event.button()])
            return True
        return super().eventFilter(watched, event)
