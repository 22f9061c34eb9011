"""Which lens the map wears, and the sheet it looks at: made in slices between events, made anew when it is stale."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from hwpoison_gui.gui.control.controller import Controller, Moved
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.view.map.changed_frames import touched_frames
from hwpoison_gui.view.map.lens_sheets import SHEETS, AnySheet, OwnerSheet, ZoneSheet, made
from hwpoison_gui.view.map.lenses import BY_KEY, CHANGED, KIND, Lens

_AT_ONCE: Final = 0.030  # seconds that a lens may take before the window breathes
_SLICE: Final = 0.008
_REST_MS: Final = 80  # of quiet before what follows from the change is worked out
_NO_NEWS: Final = frozenset({"kernel_log", "counters", "results", "deliveries"})


class LensControl(QObject):
    """Puts lenses on the map. A lens that takes long is shown when it is ready; until then the map stays as it is."""

    lensChanged = Signal(object)
    progress = Signal(float)  # 0 to 1 while a sheet is made, 1 when it is there

    def __init__(self, frame_map: FrameMapWidget, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._map, self._controller = frame_map, controller
        self.lens: Lens = KIND
        self._wanted: Lens = KIND
        self._sheets: dict[str, AnySheet] = {}
        self._making: AnySheet | None = None
        self._work: Iterator[float] = iter(())
        self._stale = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_timer)

    @property
    def wanted(self) -> str:
        """The key of the lens that is on, or will be when it is ready."""
        return self._wanted.key

    @property
    def busy(self) -> bool:
        """Whether a sheet is being made, or about to be."""
        return self._making is not None or self._stale

    def sheet_of(self, lens: Lens) -> AnySheet:
        """What a lens looks at, made now where it is not at hand."""
        plane = self._map.plane
        assert plane is not None
        sheet = self._sheets.get(lens.sheet)
        if sheet is None:
            sheet = self._sheets[lens.sheet] = made(lens.sheet, self._controller.session.machine, plane.room)
        return sheet

    # -- what happens

    def choose(self, key: str) -> None:
        """Another lens; at once where that takes no time."""
        self._wanted = BY_KEY[key]
        self._stop()
        name = self._wanted.sheet
        if not name or name in self._sheets:
            self._wear(self._sheets.get(name))
            return
        self._begin(name)
        self._go_on(_AT_ONCE)

    def machine_changed(self) -> None:
        """Another machine, whose map has the first lens on."""
        self._stop()
        self._sheets.clear()
        key, self.lens = self._wanted.key, KIND
        self.choose(key)

    def moved(self, moved: Moved) -> None:
        """The machine changed, and the map has read the frames that did."""
        for name in [name for name in self._sheets if name != self.lens.sheet]:
            del self._sheets[name]
        if self.lens is CHANGED:
            self.show_changes()
        sheet = self._sheets.get(self.lens.sheet)
        follows = sheet is not None and sheet.follows_tables and bool(moved.tables - _NO_NEWS or len(moved.pfns))
        if self._making is not None or follows:
            self._stop()
            self._stale = True
            self._timer.start(_REST_MS)

    def show_changes(self) -> None:
        """What the current operation touched, over a map of nothing else."""
        plane = self._map.plane
        if plane is None:
            return
        before, last = touched_frames(self._controller.session)
        plane.set_overlay([(before, CHANGED.id_of("touched")), (last, CHANGED.id_of("just"))])
        self._map.lens_changed()

    # -- making

    def _stop(self) -> None:
        self._timer.stop()
        self._making, self._stale = None, False

    def _begin(self, name: str) -> None:
        plane = self._map.plane
        if plane is None:
            return
        self._making = SHEETS[name](self._controller.session.machine, plane.room)
        self._work = self._making.work()

    def _on_timer(self) -> None:
        if self._stale:
            self._stale = False
            self._begin(self._wanted.sheet)
        self._go_on(_SLICE)

    def _go_on(self, seconds: float) -> None:
        """Works for a while, and comes back after other events."""
        if self._making is None:
            return
        if self._controller.busy:  # what is between two moments is not looked at
            self._stop()
            self._stale = True
            self._timer.start(_REST_MS)
            return
        end = time.monotonic() + seconds
        for done in self._work:
            if time.monotonic() > end:
                self.progress.emit(done)
                self._timer.start(0)
                return
        sheet, self._making = self._making, None
        self._sheets[self._wanted.sheet] = sheet
        self.progress.emit(1.0)
        self._wear(sheet)

    def _wear(self, sheet: AnySheet | None) -> None:
        lens = sheet.lens if isinstance(sheet, OwnerSheet | ZoneSheet) else self._wanted
        another = lens != self.lens
        self.lens = lens
        if self._map.plane is not None:
            self._map.plane.set_lens(lens, sheet)
        if another:
            self.lensChanged.emit(lens)
        if lens is CHANGED:
            self.show_changes()
        self._map.lens_changed()
