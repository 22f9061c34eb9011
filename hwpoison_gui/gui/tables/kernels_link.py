"""Keeps the panel Kernels up to date: its rows come from the sheet of the lens, built while either is shown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.tables.kernels import KernelTable
from hwpoison_gui.gui.widgets.local_keys import MOVES, PAGES, LocalKeys
from hwpoison_gui.gui.widgets.row_table import NO_KEY
from hwpoison_gui.view.map.lens_sheets import KernelsSheet
from hwpoison_gui.view.map.lenses import KERNELS
from hwpoison_gui.view.outcome.between_kernels import other_kernel
from hwpoison_gui.view.rows.between import WHAT_IS_COMPARED, between_rows, between_summary


class KernelsLink(QObject):
    """`find` sets the filter of the map, which shows a row's frames."""

    def __init__(
        self,
        table: KernelTable,
        dock: Dock,
        lenses: LensControl,
        frame_map: FrameMapWidget,
        controller: Controller,
        present: Present,
        find: Callable[[str], None],
    ) -> None:
        super().__init__(table)
        self._table, self._dock, self._lenses, self._map = table, dock, lenses, frame_map
        self._controller, self._look_for = controller, find
        self._selected = NONE  # the frame whose row was made current
        LocalKeys(table, *MOVES, *PAGES)
        table.chosen.connect(self._find)
        table.activated.connect(self._go_to_first)
        table.choice.activated.connect(self._compare)
        lenses.sheetsChanged.connect(self._compared)
        dock.visibilityChanged.connect(self._seen)
        present.opened.connect(self._opened)
        present.feed(table).looked.connect(self._show_selected)
        self._opened()
        self._seen()

    @property
    def _sheet(self) -> KernelsSheet | None:
        known = self._lenses.current_sheet(KERNELS.sheet)
        return known if isinstance(known, KernelsSheet) else None

    # -- what is shown

    def _seen(self) -> None:
        self._lenses.need(KERNELS.sheet, self._dock.in_front and not self._dock.collapsed)

    def _opened(self) -> None:
        self._table.set_rows([])
        profile = self._controller.session.machine.profile
        wanted = self._lenses.other_kernel
        chosen = wanted if wanted not in ("", profile.name) else other_kernel(profile)
        self._table.choice.set_kernels(profile.name, chosen)
        self._show()

    def _compared(self) -> None:
        """Another kernel may have been chosen by a command."""
        place = self._table.choice.findData(self._lenses.other_kernel)
        if place >= 0:
            self._table.choice.setCurrentIndex(place)
        self._show()

    def _show(self) -> None:
        between = self._sheet.between if self._sheet is not None else None
        if between is None:
            self._table.set_note("Comparing the kernels …")
            self._dock.set_subject("comparing …")
            return
        summary = between_summary(between)
        self._table.set_note(f"{summary[0].upper()}{summary[1:]}.\n\n{WHAT_IS_COMPARED}")
        self._dock.set_subject(summary)
        self._table.set_rows(between_rows(between))
        self._selected = NONE
        self._show_selected()

    # -- to the map, and back

    def _show_selected(self) -> None:
        sheet, pfn = self._sheet, self._controller.selection.frame
        if sheet is None or pfn == self._selected:
            return
        self._selected = pfn
        if pfn != NONE:
            self._table.show_key(sheet.group_of(pfn) or NO_KEY)

    def _find(self, group: int) -> None:
        self._look_for(f"differs:{group}")

    def _go_to_first(self) -> None:
        row = next((row for row in self._table.rows.rows if row.key == self._table.current_key()), None)
        if row is not None:
            self._selected = row.first
            self._controller.selection.select(row.first)
            self._map.select(row.first, reveal=True)

    def _compare(self, index: int) -> None:
        self._look_for("")
        self._lenses.compare_with(self._table.choice.itemData(index))
