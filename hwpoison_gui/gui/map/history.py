"""History of map views (place, layout, lens, filter), with back and forward."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent

from hwpoison_gui.gui.map.filter_control import FilterControl
from hwpoison_gui.gui.map.layout_control import LayoutControl
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.view.map.look_history import Look, LookHistory

if TYPE_CHECKING:
    from hwpoison_gui.gui.map.find_bar import FindBar

_SIDES = {Qt.MouseButton.BackButton: -1, Qt.MouseButton.ForwardButton: 1}


class MapHistory(QObject):
    """Records what the map shows: place, layout, lens and filter. The mouse's side buttons go back and forward."""

    changed = Signal()  # the map shows another view
    waysChanged = Signal()  # whether going back or forward is possible has changed

    def __init__(
        self,
        frame_map: FrameMapWidget,
        lenses: LensControl,
        layouts: LayoutControl,
        filters: FilterControl,
        finder: Callable[[], FindBar],
    ) -> None:
        super().__init__(frame_map)
        self._map, self._lenses, self._layouts, self._filters = frame_map, lenses, layouts, filters
        self._finder = finder
        self._plane: object = None
        self._room = QSize()
        self._ways = (False, False)
        self._going = False
        self.looks = LookHistory()
        frame_map.view.cameraChanged.connect(self._note)
        frame_map.layoutChanged.connect(self._note)
        lenses.lensChanged.connect(self._note)
        filters.found.connect(self._note)
        frame_map.view.viewport().installEventFilter(self)

    def _note(self) -> None:
        self.changed.emit()
        plane = self._map.plane
        look = self.look()
        if plane is None or look is None or self._going:
            return
        if plane is not self._plane:
            self._plane = plane
            self.looks.clear()
        room = self._map.view.viewport().size()
        if room != self._room and self.looks.can_go(0):
            self.looks.correct(look)  # only the window was resized
        else:
            self.looks.note(look, time.monotonic())
        self._room = room
        self._tell()

    def look(self) -> Look | None:
        """The present view; None if the centre is no frame."""
        plane, camera = self._map.plane, self._map.view.camera
        if plane is None or camera.is_fit:
            return self.look_at(None) if plane is not None else None
        x, y = camera.at(camera.view_width / 2, camera.view_height / 2)
        pfn = plane.layout.pfn_at(math.floor(x), math.floor(y))
        return self.look_at(pfn) if pfn is not None else None

    def look_at(self, pfn: int | None) -> Look:
        """The present view with another frame in the middle; None: the whole map."""
        cell = self._map.view.camera.cell if pfn is not None else 0.0
        filter_ = self._filters.text.strip()
        return Look(pfn, cell, self._map.layout_name, self._map.row_width, self._lenses.wanted, filter_)

    def _tell(self) -> None:
        ways = self.looks.can_go(-1), self.looks.can_go(1)
        if ways != self._ways:
            self._ways = ways
            self.waysChanged.emit()

    def go(self, by: int) -> None:
        """Go `by` views forward, or back if negative."""
        present = self.looks.go(0)
        unnoted = (
            present is not None and present.filter != self._filters.text.strip()
        )  # an invalid expression is not recorded
        look = self.looks.go(0 if unnoted and by < 0 else by)
        if look is None:
            return
        self._going = True
        try:
            self.show(look)
        finally:
            self._going = False
        self._tell()

    def show(self, look: Look) -> None:
        """Show a view; a layout that it changes is stored only when it is chosen."""
        if (look.layout, look.row_width) != (self._map.layout_name, self._map.row_width):
            self._map.set_layout(look.layout, look.row_width)
        if look.lens != self._lenses.wanted:
            self._lenses.choose(look.lens)
        if look.filter != self._filters.text.strip():
            self._finder().setVisible(bool(look.filter))
            self._finder().set_text(look.filter)
        if look.pfn is None:
            self._map.fit()
        elif self._map.plane is not None:
            x, y = self._map.plane.layout.position(look.pfn)
            self._map.view.look(self._map.view.camera.centred(x + 0.5, y + 0.5, look.cell))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent) and event.button() in _SIDES:
            self.go(_SIDES[event.button()])
            return True
        return super().eventFilter(watched, event)
