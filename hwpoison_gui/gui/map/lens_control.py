"""Selects the active lens and builds its per-frame data incrementally; rebuilds it when stale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.slices import BESIDE_SECONDS, Slices, Work
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.view.map.changed_frames import touched_frames
from hwpoison_gui.view.map.lenses import BY_KEY, CHANGED, KERNELS, KIND, SNAPSHOT, Lens

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.view.map.lens_sheets import AnySheet, Other
    from hwpoison_gui.view.map.snapshots import Side

_REST_MS: Final = 80  # delay before a stale sheet is rebuilt after a change
_NO_NEWS: Final = frozenset({"kernel_log", "counters", "results", "deliveries"})


class LensControl(QObject):
    """A lens that takes long to build is shown when it is ready; until then the map stays as it is.

    One sheet is built at a time, that of the lens first: it does not wait for those of the panels.
    """

    lensChanged = Signal(object)
    wantedChanged = Signal(object)  # the lens that was chosen: active, or will be when its sheet is ready
    progress = Signal(float)  # 0 to 1 while the sheet of the chosen lens is built; 1 when it is ready
    sheetsChanged = Signal()  # a sheet was built, or became out of date

    def __init__(self, frame_map: FrameMapWidget, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._map, self._controller = frame_map, controller
        self.lens: Lens = KIND
        self._wanted: Lens = KIND
        self._sheets: dict[str, AnySheet] = {}
        self._stale: set[str] = set()  # sheets that are older than the machine
        self._making = ""  # the sheet that is being built, or was built last
        self._stopped = False  # the machine had panicked after the last change
        self._needed: set[tuple[str, str]] = set()  # sheets that panels show whatever the lens, and which panels
        self.other_kernel = ""  # the kernel to compare with; empty for the usual one
        self.other_snapshot: Side | None = None  # the snapshot that the machine is compared with
        self.slices = Slices(self, BESIDE_SECONDS, lambda: not controller.busy)
        self.slices.progressed.connect(self._report)

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

            m = self._controller.session.machine
            sheet = self._sheets[lens.sheet] = made(lens.sheet, m, plane.room, self._other(lens.sheet))
        return sheet

    def sheets(self) -> list[AnySheet]:
        """All complete sheets, also those that are out of date."""
        return list(self._sheets.values())

    def current_sheet(self, name: str) -> AnySheet | None:
        """The sheet of that name if it is complete and up to date."""
        return self._sheets.get(name) if name not in self._stale else None

    # -- what happens

    def choose(self, key: str) -> None:
        """Select a lens; it is active at once if its sheet is quick to build.

        Without a second snapshot, the lens of its changes leaves the first lens.
        """
        self._wanted = KIND if key == SNAPSHOT.key and self.other_snapshot is None else BY_KEY[key]
        self.slices.give_up()
        self.wantedChanged.emit(self._wanted)
        name = self._wanted.sheet
        if not name or name in self._sheets:
            self._put_on(self._sheets.get(name))
        missing = self._missing()
        if name in missing:
            self.progress.emit(0.0)  # even if the work has to wait
        if missing:
            self._make()

    def need(self, name: str, on: bool, who: str = "") -> None:
        """Keep a sheet up to date for a panel (`who`, where several may) that shows it, or no longer."""
        self._needed = self._needed | {(name, who)} if on else self._needed - {(name, who)}
        if on and name in self._missing() and not self.slices.busy:
            self._make()

    def compare_with(self, kernel: str) -> None:
        """Choose the kernel that the machine's is compared with."""
        if kernel == self.other_kernel:
            return
        self.other_kernel = kernel
        self._compare_again(KERNELS.sheet)

    def compare_with_snapshot(self, side: Side | None) -> None:
        """Choose the snapshot that the machine is compared with; None ends the comparison."""
        self.other_snapshot = side
        if side is None:
            self._sheets.pop(SNAPSHOT.sheet, None)
            self._stale.discard(SNAPSHOT.sheet)
            if self.wanted == SNAPSHOT.key:
                self.choose(KIND.key)
            self.sheetsChanged.emit()
        else:
            self._compare_again(SNAPSHOT.sheet)

    def _compare_again(self, name: str) -> None:
        if self.lens.sheet == name:
            self._stale.add(name)  # shown until the new one is complete
        else:
            self._sheets.pop(name, None)
        self.sheetsChanged.emit()
        if self._missing():
            self._make()

    def _other(self, name: str) -> Other:
        """The kernel or snapshot that a sheet compares the machine with; None if it compares with none."""
        return {KERNELS.sheet: self.other_kernel, SNAPSHOT.sheet: self.other_snapshot}.get(name)

    def machine_changed(self) -> None:
        """Rebuild for another machine, whose map starts with the first lens."""
        self.slices.give_up()
        self._sheets.clear()
        self._stale.clear()
        self._stopped = self._controller.panicked
        self.other_snapshot = self._controller.machine.second
        self.lens = KIND
        self.sheetsChanged.emit()
        self.choose(self._wanted.key)

    def moved(self, moved: Moved) -> None:
        """Handle a change of the machine, after the map has read the changed frames."""
        stopped, self._stopped = self._stopped, self._controller.panicked
        changed = bool(moved.tables - _NO_NEWS or len(moved.pfns)) or stopped != self._stopped
        for name in [
            name for name in self._sheets if name not in (self.lens.sheet, *(needed for needed, _ in self._needed))
        ]:
            del self._sheets[name]
        self._stale |= {name for name, sheet in self._sheets.items() if sheet.follows_tables and changed}
        self._stale &= self._sheets.keys()
        if self.lens is CHANGED:
            self.show_changes()
        if self._stale:
            self.sheetsChanged.emit()
        if self.slices.busy or self._stale:
            self._make(_REST_MS)

    def show_changes(self) -> None:
        """Mark the frames that the current operation touched."""
        plane = self._map.plane
        if plane is None:
            return
        before, last = touched_frames(self._controller.session)
        plane.set_overlay([(before, CHANGED.id_of("touched")), (last, CHANGED.id_of("just"))])
        self._map.lens_changed()

    # -- making

    def _missing(self) -> list[str]:
        """The sheets to build, that of the lens first."""
        wanted = dict.fromkeys([self._wanted.sheet, *sorted(name for name, _ in self._needed)])
        return [name for name in wanted if name and (name not in self._sheets or name in self._stale)]

    def _make(self, after_ms: int | None = None) -> None:
        if self._map.plane is not None:
            self.slices.run(self._work, self._ended, after_ms)

    def _work(self) -> Work:
        from hwpoison_gui.view.map.lens_sheets import sheet_for

        plane = self._map.plane
        assert plane is not None
        name = self._making = next(iter(self._missing()), "")
        if name:
            sheet = sheet_for(name, self._controller.session.machine, plane.room, self._other(name))
            yield from sheet.work()
            self._sheets[name] = sheet
            self._stale.discard(name)

    def _report(self, done: float) -> None:
        if self._making == self._wanted.sheet:
            self.progress.emit(done)

    def _ended(self, complete: bool) -> None:
        if not complete:
            return
        if self._making and self._making == self._wanted.sheet:
            self._put_on(self._sheets[self._making])
            self.progress.emit(1.0)
        self.sheetsChanged.emit()
        if self._missing() and not self.slices.busy:  # not where a listener has asked for more
            self._make()

    def _put_on(self, sheet: AnySheet | None) -> None:
        lens = self._wanted
        if sheet is not None:
            from hwpoison_gui.view.map.lens_sheets import lens_on

            lens = lens_on(sheet, lens)
        another = lens != self.lens
        self.lens = lens
        if self._map.plane is not None:
            self._map.plane.set_lens(lens, sheet)
        if another:
            self.lensChanged.emit(lens)
        if lens is CHANGED:
            self.show_changes()
        self._map.lens_changed()
