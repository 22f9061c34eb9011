"""Keeps the panel Kernels up to date: its rows come from the sheet of the lens, built while either is shown."""

from __future__ import annotations

from collections.abc import Callable

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.tables.kernels import KernelTable
from hwpoison_gui.gui.tables.sheet_link import SheetLink
from hwpoison_gui.kernel.profile.registry import counterpart
from hwpoison_gui.view.map.lens_sheets import KernelsSheet
from hwpoison_gui.view.map.lenses import KERNELS
from hwpoison_gui.view.rows.between import WHAT_IS_COMPARED, between_rows, between_summary


class KernelsLink(SheetLink[KernelsSheet]):
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
        super().__init__(table, table, (KERNELS.sheet, KernelsSheet), dock, lenses, frame_map, controller, present)
        self._table, self._look_for = table, find
        table.chosen.connect(lambda group: find(f"differs:{group}"))
        table.choice.activated.connect(self._compare)
        lenses.sheetsChanged.connect(self._compared)
        present.opened.connect(self._opened)
        self._opened()

    def _group_of(self, sheet: KernelsSheet, pfn: int) -> int:
        return sheet.group_of(pfn)

    def _first_of(self, sheet: KernelsSheet, group: int) -> int:
        return next(row.first for row in self._table.rows.rows if row.key == group)

    def _opened(self) -> None:
        self._table.set_rows([])
        profile = self._controller.session.machine.profile
        wanted = self._lenses.other_kernel
        chosen = wanted if wanted not in ("", profile.name) else counterpart(profile).name
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
        self._rows_changed()

    def _compare(self, index: int) -> None:
        self._look_for("")
        self._lenses.compare_with(self._table.choice.itemData(index))
