"""Applies the filter to the map, refreshes it when the machine changes, and steps through matches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, Signal

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.control.slices import Slices, Work
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.view.map.lenses import CHANGED, ZONE, Lens
from hwpoison_gui.view.map.zones import places_shown, zone_expression, zone_name

if TYPE_CHECKING:  # the language is imported when something is looked for
    from hwpoison_gui.view.filter.expression import Filter

_REST_MS: Final = 120  # delay before owners are looked up again after a change


class FilterControl(QObject):
    """Holds the filter expression."""

    found = Signal(object)  # number of matches; None without a filter
    failed = Signal(object)  # a FilterError

    def __init__(self, frame_map: FrameMapWidget, lenses: LensControl, controller: Controller) -> None:
        super().__init__(lenses.parent())
        self._map, self._lenses, self._controller = frame_map, lenses, controller
        self.text = ""
        self._filter: Filter | None = None
        self._slices = Slices(self, ready=lambda: not controller.busy)

    def set_text(self, text: str) -> None:
        """Sets the expression."""
        from hwpoison_gui.view.filter.expression import FilterError, parse

        self.text = text
        try:
            self._filter = parse(text)
        except FilterError as error:
            self._filter = None
            self._show_all()
            self.failed.emit(error)
            return
        self._look()

    def machine_changed(self) -> None:
        """Applies the expression to another machine."""
        if self.text:
            self.set_text(self.text)

    def moved(self, moved: Moved) -> None:
        """Handles a change of the machine."""
        if self._filter is None:
            return
        if self._filter.follows_tables and (moved.tables or len(moved.pfns)):
            self._look(_REST_MS)
        else:
            self._tell()

    @property
    def taken_for(self) -> str:
        """What a number or a line of a log was taken for."""
        return self._filter.taken_for(self._controller.session.machine.frames) if self._filter is not None else ""

    def step(self, forward: bool) -> None:
        """Selects the next or previous match in memory, wrapping at the ends."""
        plane, c = self._map.plane, self._controller
        if plane is None or self._filter is None or plane.match is None:
            return
        start = c.selection.frame if c.selection.frame != NONE else -1 if forward else plane.frames
        pfn = plane.next_found(start, forward)
        if pfn is not None:
            c.selection.select(pfn)
            self._map.select(pfn, reveal=True)

    def expression_of(self, lens: Lens, code: int) -> str:
        """Expression that matches a class of a lens, for a click on the legend; empty if there is none."""
        from hwpoison_gui.view.filter.expression import slug
        from hwpoison_gui.view.filter.terms import quoted

        one = lens.classes[code]
        if code == lens.poison:
            return "hwpoison"
        if lens.key == ZONE.key:
            places = places_shown(self._controller.session.machine.zones)
            return next((zone_expression(*place) for place in places if zone_name(*place) == one.name), "")
        if one.owner is not None:
            return f"{one.owner.sort}:{quoted(one.owner.name)}" if one.owner.name else ""
        return "" if lens.key == CHANGED.key else f"{lens.key}:{slug(one.shortest)}"

    def _look(self, after_ms: int | None = None) -> None:
        """Applies the filter as soon as the machine can be read."""
        self._slices.run(self._looking, lambda _: None, after_ms)

    def _looking(self) -> Work:
        self._apply()
        yield from ()

    def _apply(self) -> None:
        plane = self._map.plane
        if plane is None:
            return
        if self._filter is None:
            self._show_all()
            self.found.emit(None)
            return
        from hwpoison_gui.view.filter.expression import FilterError

        try:
            match = self._filter.match(self._controller.session.machine, self._classes_of)
        except FilterError as error:
            self._show_all()
            self.failed.emit(error)
            return
        plane.set_filter(match)
        self._map.lens_changed()
        self._tell()

    def _show_all(self) -> None:
        plane = self._map.plane
        if plane is not None and plane.match is not None:
            plane.set_filter(None)
            self._map.lens_changed()

    def _tell(self) -> None:
        plane = self._map.plane
        if plane is not None and plane.match is not None:
            self.found.emit(plane.found_count())

    def _classes_of(self, lens: Lens) -> np.ndarray:
        sheet = self._lenses.sheet_of(lens)
        frames = self._controller.session.machine.frames
        return np.frombuffer(lens.codes, np.uint8)[sheet.held.values[:frames]]
