"""Keeps the panel Snapshot up to date: its rows come from the sheet of the lens, built while either is shown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.tables.snapshot import SnapshotView
from hwpoison_gui.gui.widgets.local_keys import MOVES, PAGES, LocalKeys
from hwpoison_gui.gui.widgets.row_table import NO_KEY
from hwpoison_gui.view.map.lens_sheets import SnapshotSheet
from hwpoison_gui.view.map.lenses import NO_SNAPSHOT, SNAPSHOT
from hwpoison_gui.view.rows.snapshots import snapshot_notes, snapshot_rows, snapshot_summary


class SnapshotLink(QObject):
    """A choice in the panel filters the map by the frames of the row; the selected frame chooses a row."""

    def __init__(
        self,
        view: SnapshotView,
        dock: Dock,
        lenses: LensControl,
        frame_map: FrameMapWidget,
        controller: Controller,
        present: Present,
        find: Callable[[str], None],
    ) -> None:
        super().__init__(view)
        self._view, self._dock, self._lenses, self._map = view, dock, lenses, frame_map
        self._controller, self._look_for = controller, find
        self._selected = NONE  # the frame whose row was made current
        LocalKeys(view.table, *MOVES, *PAGES)
        view.table.chosen.connect(lambda number: find(f"{SNAPSHOT.key}:{number}"))
        view.table.activated.connect(self._go_to_first)
        lenses.sheetsChanged.connect(self._show)
        dock.visibilityChanged.connect(self._seen)
        present.feed(view).looked.connect(self._show_selected)
        self._seen()
        self._show()

    @property
    def _sheet(self) -> SnapshotSheet | None:
        known = self._lenses.current_sheet(SNAPSHOT.sheet)
        return known if isinstance(known, SnapshotSheet) else None

    def _seen(self) -> None:
        self._lenses.need(SNAPSHOT.sheet, self._dock.in_front and not self._dock.collapsed)

    def _show(self) -> None:
        other, sheet = self._lenses.other_snapshot, self._sheet
        changes = sheet.changes if sheet is not None else None
        if other is None:
            self._dock.set_subject("")
            self._view.show_changes([], "", NO_SNAPSHOT)
        elif sheet is None or changes is None:
            self._dock.set_subject("comparing …")
            self._view.show_changes([], "", f"Comparing with {other.title} …")
        else:
            summary = snapshot_summary(changes)
            self._dock.set_subject(summary)
            note = f"{summary[0].upper()}{summary[1:]}."
            self._view.show_changes(snapshot_rows(sheet.parts), snapshot_notes(changes), note)
            self._selected = NONE
            self._show_selected()

    def _show_selected(self) -> None:
        sheet, pfn = self._sheet, self._controller.selection.frame
        if sheet is None or pfn == self._selected:
            return
        self._selected = pfn
        if pfn != NONE:
            self._view.table.show_key(sheet.part_of(pfn) or NO_KEY)

    def _go_to_first(self) -> None:
        sheet, number = self._sheet, self._view.table.current_key()
        if sheet is None or number == NO_KEY:
            return
        pfn = int(sheet.in_part(number).argmax())
        self._selected = pfn
        self._controller.selection.select(pfn)
        self._map.select(pfn, reveal=True)
