"""Selects the active lens and builds its per-frame data incrementally; rebuilds it when stale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.slices import Slices, Work
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.view.map.changed_frames import touched_frames
from hwpoison_gui.view.map.lenses import BY_KEY, CHANGED, KIND, Lens

if TYPE_CHECKING:  # sheets are imported when a lens first looks at one
    from hwpoison_gui.view.map.lens_sheets import AnySheet

_SLICE: Final = 0.008  # seconds of work per turn of the event loop
_REST_MS: Final = 80  # delay before a stale sheet is rebuilt after a change
_NO_NEWS: Final = frozenset({"kernel_log", "counters", "results", "deliveries"})


class LensControl(QObject):
    """A lens that takes long to build is shown when it is ready; until then the map stays as it is."""

    lensChanged = Signal(object)
    progress = Signal(float)  # 0 to 1 while a sheet is built; 1 when it is ready

    def __init__(self, frame_map: FrameMapWidget, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._map, self._controller = frame_map, controller
        self.lens: Lens = KIND
        self._wanted: Lens = KIND
        self._sheets: dict[str, AnySheet] = {}
        self.slices = Slices(self, _SLICE, lambda: not controller.busy)
        self.slices.progressed.connect(self.progress.emit)

    @property
    def wanted(self) -> str:
        """Key of the lens that is active, or will be when its sheet is ready."""
        return self._wanted.key

    @property
    def busy(self) -> bool:
        """Whether a sheet is being built or scheduled."""
        return self.slices.busy

    def sheet_of(self, lens: Lens) -> AnySheet:
        """The per-frame data of a lens, built now if necessary."""
        plane = self._map.plane
        assert plane is not None
        sheet = self._sheets.get(lens.sheet)
        if sheet is None:
            from hwpoison_gui.view.map.lens_sheets import made

            sheet = self._sheets[lens.sheet] = made(lens.sheet, self._controller.session.machine, plane.room)
        return sheet

    # -- what happens

    def choose(self, key: str) -> None:
        """Selects a lens; it is active at once if its sheet is quick to build."""
        self._wanted = BY_KEY[key]
        self.slices.give_up()
        name = self._wanted.sheet
        if not name or name in self._sheets:
            self._put_on(self._sheets.get(name))
        else:
            self._make()

    def machine_changed(self) -> None:
        """Rebuilds for another machine, whose map starts with the first lens."""
        self.slices.give_up()
        self._sheets.clear()
        key, self.lens = self._wanted.key, KIND
        self.choose(key)

    def moved(self, moved: Moved) -> None:
        """Handles a change of the machine, after the map has read the changed frames."""
        for name in [name for name in self._sheets if name != self.lens.sheet]:
            del self._sheets[name]
        if self.lens is CHANGED:
            self.show_changes()
        sheet = self._sheets.get(self.lens.sheet)
        follows = sheet is not None and sheet.follows_tables and bool(moved.tables - _NO_NEWS or len(moved.pfns))
        if self.slices.busy or follows:
            self._make(_REST_MS)

    def show_changes(self) -> None:
        """Marks the frames that the current operation touched."""
        plane = self._map.plane
        if plane is None:
            return
        before, last = touched_frames(self._controller.session)
        plane.set_overlay([(before, CHANGED.id_of("touched")), (last, CHANGED.id_of("just"))])
        self._map.lens_changed()

    # -- making

    def _make(self, after_ms: int | None = None) -> None:
        if self._map.plane is not None:
            self.slices.run(self._work, self._ended, after_ms)

    def _work(self) -> Work:
        from hwpoison_gui.view.map.lens_sheets import SHEETS

        plane = self._map.plane
        assert plane is not None
        sheet = SHEETS[self._wanted.sheet](self._controller.session.machine, plane.room)
        yield from sheet.work()
        self._sheets[self._wanted.sheet] = sheet

    def _ended(self, complete: bool) -> None:
        if complete:
            self.progress.emit(1.0)
            self._put_on(self._sheets[self._wanted.sheet])

    def _put_on(self, sheet: AnySheet | None) -> None:
        lens = self._wanted if sheet is None else getattr(sheet, "lens", self._wanted)  # some have names of their own
        another = lens != self.lens
        self.lens = lens
        if self._map.plane is not None:
            self._map.plane.set_lens(lens, sheet)
        if another:
            self.lensChanged.emit(lens)
        if lens is CHANGED:
            self.show_changes()
        self._map.lens_changed()
