"""View settings of the map, as kept in a session file."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from hwpoison_gui.gui.control.selection import NONE, Selection
from hwpoison_gui.gui.map.history import MapHistory
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.session.document.document import View
from hwpoison_gui.view.map.layouts import LAYOUTS
from hwpoison_gui.view.map.lenses import BY_KEY
from hwpoison_gui.view.map.look_history import Look


class MapView(QObject):
    """Reads and restores lens, filter, layout, row length, place and selection of the map."""

    changed = Signal()  # any of them but the selection

    def __init__(self, frame_map: FrameMapWidget, history: MapHistory, selection: Selection) -> None:
        super().__init__(frame_map)
        self._map, self._history, self._selection = frame_map, history, selection
        history.changed.connect(self.changed)

    def read(self) -> View:
        """The present view. Where the middle of the map is no frame, one near it counts."""
        look = self._history.look() or self._history.look_at(self._map.middle_frame())
        selected = self._selection.frame
        return View(
            look.lens,
            look.filter,
            look.layout,
            look.row_width,
            look.pfn,
            look.cell,
            selected if selected != NONE else None,
            suited_width=self._map.plane.suited_width if self._map.plane is not None else None,
        )

    def restore(self, view: View) -> None:
        """Show a view that a file describes; what this map does not have is left as it is."""
        plane, look = self._map.plane, self._history.look_at(None)
        if plane is None:
            return
        if view.layout in LAYOUTS:
            look = look._replace(layout=view.layout, row_width=view.row_width)
        if view.lens in BY_KEY:
            look = look._replace(lens=view.lens)
        if (look.layout, look.row_width) != (self._map.layout_name, self._map.row_width):
            self._map.set_layout(look.layout, look.row_width)
        if view.suited_width is not None:
            self._map.keep_rows(view.suited_width)
        inside = view.centre is not None and view.centre < plane.frames and view.cell > 0
        place = (view.centre, view.cell) if inside else (None, 0.0)
        self._history.show(Look(*place, look.layout, look.row_width, look.lens, view.filter))
        if view.selected is not None and view.selected < plane.frames:
            self._selection.select(view.selected)
            self._map.select(view.selected, reveal=False)
