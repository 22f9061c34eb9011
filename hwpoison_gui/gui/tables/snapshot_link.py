"""Keeps the panel Snapshot up to date: its rows come from the sheet of the lens, built while either is shown."""

from __future__ import annotations

from collections.abc import Callable

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.tables.sheet_link import SheetLink
from hwpoison_gui.gui.tables.snapshot import SnapshotView
from hwpoison_gui.view.map.lens_sheets import SnapshotSheet
from hwpoison_gui.view.map.lenses import NO_SNAPSHOT, SNAPSHOT
from hwpoison_gui.view.rows.snapshots import snapshot_notes, snapshot_rows, snapshot_summary


class SnapshotLink(SheetLink[SnapshotSheet]):
    """A choice in the panel filters the map by the frames of the row: `find` sets its filter."""

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
        sheet = SNAPSHOT.sheet, SnapshotSheet
        super().__init__(view, view.table, sheet, dock, lenses, frame_map, controller, present)
        self._view = view
        view.table.chosen.connect(lambda number: find(f"{SNAPSHOT.key}:{view.table.rows.rows[number - 1].word}"))
        lenses.sheetsChanged.connect(self._show)
        self._show()

    def _group_of(self, sheet: SnapshotSheet, pfn: int) -> int:
        return sheet.part_of(pfn)

    def _first_of(self, sheet: SnapshotSheet, group: int) -> int:
        return int(sheet.in_part(group).argmax())

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
            self._rows_changed()
