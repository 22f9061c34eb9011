"""Applies the filter to the map and steps through matches. What was found stays until it is asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.control.slices import Slices, Work
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.view.base.moment import at_step
from hwpoison_gui.view.map.lenses import BY_KEY, CHANGED, KERNEL_GROUPS, ZONE, Lens
from hwpoison_gui.view.map.zones import places_shown, zone_expression, zone_name

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.view.filter.expression import Filter
    from hwpoison_gui.view.filter.terms import FilterError


class FilterControl(QObject):
    """Holds the filter expression and what it found, at which timeline position."""

    found = Signal(object)  # number of matches; None without a filter
    aged = Signal()  # the machine has moved since
    failed = Signal(object)  # a FilterError

    def __init__(self, frame_map: FrameMapWidget, lenses: LensControl, controller: Controller) -> None:
        super().__init__(lenses.parent())
        self._map, self._lenses, self._controller = frame_map, lenses, controller
        self.text = ""
        self._filter: Filter | None = None
        self.count: int | None = None  # number of frames found
        self._asked_at = 0  # timeline position
        self._is_gone = False  # that position belongs to a branch that was left
        self._step_then: bool | None = None  # the step to take once the frames are found
        self._slices = Slices(self, ready=lambda: not controller.busy)

    def set_text(self, text: str) -> None:
        """Set the expression."""
        from hwpoison_gui.view.filter.expression import FilterError, parse

        self.text = text
        try:
            self._filter = parse(text)
        except FilterError as error:
            self._fail(error)
            return
        self._look()

    def ask_again(self) -> None:
        """Apply the expression to the machine as it is now."""
        self.set_text(self.text)

    def machine_changed(self) -> None:
        """Apply the expression to another machine."""
        if self.text:
            self.set_text(self.text)

    def geometry_changed(self) -> None:
        """Apply the expression again if it names a part of DRAM."""
        if self._filter is not None and any(term.sort == "dram" for term in self._filter.terms):
            self.ask_again()

    def moved(self, moved: Moved) -> None:
        """Note that what was found may be out of date."""
        operations = self._controller.session.operations
        if moved.acted and operations and operations[-1].first < self._asked_at:
            self._is_gone = True
        if self.count is not None:
            self.aged.emit()

    @property
    def per_cpu_frames(self) -> int:
        """Number of free frames on per-CPU lists, which no flag tells."""
        return len(self._controller.session.machine.pcp.of(0))

    @property
    def is_old(self) -> bool:
        """True if the machine is not as it was when the expression was applied."""
        return self.count is not None and (self._is_gone or self._asked_at != self._controller.session.position)

    @property
    def found_at(self) -> str:
        """Timeline position of the search, as text; empty before the first operation."""
        if not self._controller.session.steps:
            return ""
        if self._is_gone:
            return "found on a branch that was left"
        return f"found at {at_step(self._controller.session, self._asked_at)}"

    @property
    def taken_for(self) -> str:
        """Interpretation of a number or log line in the filter; empty for other filters."""
        return self._filter.taken_for(self._controller.session.machine.frames) if self._filter is not None else ""

    def interval_of(self, quantity: str) -> tuple[int, int] | None:
        """The least and the greatest value where the filter asks for an interval of a quantity, and nothing else."""
        return self._filter.interval_of(quantity) if self._filter is not None else None

    @property
    def missing(self) -> str:
        """Why there is no next match; empty if there is one."""
        if not self.text:
            return "There is no filter: Ctrl+F sets one."
        if self._filter is None:
            return "The filter cannot be read: Ctrl+F corrects it."
        return "" if self.count != 0 else "No frame matches the filter."

    def matches(self, pfn: int) -> bool:
        """Return whether a frame is among those found."""
        plane = self._map.plane
        return plane is not None and plane.match is not None and pfn != NONE and bool(plane.found(np.array([pfn]))[0])

    def step(self, forward: bool) -> None:
        """Select the next or previous match in memory, wrapping at the ends; once it is found, if it is looked for."""
        if self._slices.busy:
            self._step_then = forward
            return
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
        named = BY_KEY[lens.key].classes[code]  # the filter knows the names that classes have on every machine
        return "" if lens.key == CHANGED.key else f"{lens.key}:{slug(named.shortest)}"

    def frames_of(self, text: str) -> npt.NDArray[np.int64]:
        """The frames that an expression finds now, ascending; the map stays as it is. Raises FilterError."""
        from hwpoison_gui.view.filter.expression import parse

        plane, wanted = self._map.plane, parse(text)
        if plane is None or wanted is None:
            return np.zeros(0, np.int64)
        match = plane.settled(wanted.match(self._controller.session.machine, self._classes_of, self._map.dram_geometry))
        assert match.frames is not None
        return np.flatnonzero(match.frames)

    @property
    def found_frames(self) -> npt.NDArray[np.int64]:
        """The frames that the filter found, ascending; none without a filter."""
        plane = self._map.plane
        if plane is None or plane.match is None:
            return np.zeros(0, np.int64)
        return np.flatnonzero(plane.found(slice(0, plane.frames)))

    def _look(self) -> None:
        """Apply the filter as soon as the machine can be read."""
        self._slices.run(self._looking, self._looked)

    def _looked(self, complete: bool) -> None:
        forward, self._step_then = self._step_then, None
        if complete and forward is not None:
            self.step(forward)

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
        session = self._controller.session
        from hwpoison_gui.view.filter.expression import FilterError

        try:
            match = self._filter.match(session.machine, self._classes_of, self._map.dram_geometry)
        except FilterError as error:
            self._fail(error)
            return
        plane.set_filter(plane.settled(match))
        self._asked_at, self._is_gone = session.position, False
        self.count = plane.found_count()
        self._map.lens_changed()
        self.found.emit(self.count)

    def _fail(self, error: FilterError) -> None:
        self._filter = None
        self._show_all()
        self.failed.emit(error)

    def _show_all(self) -> None:
        self.count = None
        plane = self._map.plane
        if plane is not None and plane.match is not None:
            plane.set_filter(None)
            self._map.lens_changed()

    def _classes_of(self, lens: Lens) -> np.ndarray:
        sheet = self._lenses.sheet_of(lens)
        frames = self._controller.session.machine.frames
        if lens.row:
            from hwpoison_gui.view.map.lens_sheets import SnapshotSheet

            assert isinstance(sheet, SnapshotSheet)
            return sheet.called(lens.row).view(np.uint8)
        shown = lens if lens is KERNEL_GROUPS else getattr(sheet, "lens", lens)  # some sheets have lenses of their own
        return np.frombuffer(shown.codes, np.uint8)[sheet.held.values[:frames]]
