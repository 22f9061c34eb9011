"""Connects the panel Kernels: its rows come from the sheet of the lens, which is built while either is shown."""

from __future__ import annotations

from collections.abc import Callable

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
from hwpoison_gui.view.rows.between import between_rows, between_summary


def connect_kernels(
    table: KernelTable,
    dock: Dock,
    lenses: LensControl,
    frame_map: FrameMapWidget,
    controller: Controller,
    present: Present,
    find: Callable[[str], None],
) -> None:
    """Shows what was found and keeps it up to date; `find` sets the filter of the map, which shows a row's frames."""
    selected = [NONE]  # the frame whose row was made current

    def sheet() -> KernelsSheet | None:
        known = lenses.current_sheet(KERNELS.sheet)
        return known if isinstance(known, KernelsSheet) else None

    def show() -> None:
        known = sheet()
        if known is None or known.between is None:
            table.set_note("Comparing the kernels …")
            dock.set_subject("comparing …")
            return
        summary = between_summary(known.between)
        table.set_note(f"{summary[0].upper()}{summary[1:]}.")
        dock.set_subject(summary)
        table.set_rows(between_rows(known.between))
        selected[0] = NONE
        show_selected()

    def show_selected() -> None:
        known, pfn = sheet(), controller.selection.frame
        if known is not None and pfn != selected[0]:
            selected[0] = pfn
            group = known.group_of(pfn) if pfn != NONE else 0
            if pfn != NONE:
                table.show_key(group or NO_KEY)

    def opened() -> None:
        table.set_rows([])
        profile = controller.session.machine.profile
        wanted = lenses.other_kernel
        table.choice.set_kernels(profile.name, wanted if wanted not in ("", profile.name) else other_kernel(profile))
        show()

    def go_to_first() -> None:
        row = next((row for row in table.rows.rows if row.key == table.current_key()), None)
        if row is not None:
            selected[0] = row.first
            controller.selection.select(row.first)
            frame_map.select(row.first, reveal=True)

    def compare(index: int) -> None:
        find("")
        lenses.compare_with(table.choice.itemData(index))

    def compared_with() -> None:
        """Another one may have been chosen by a command."""
        place = table.choice.findData(lenses.other_kernel)
        if place >= 0:
            table.choice.setCurrentIndex(place)
        show()

    def seen() -> None:
        lenses.need(KERNELS.sheet, dock.in_front and not dock.collapsed)

    LocalKeys(table, *MOVES, *PAGES)
    table.chosen.connect(lambda key: find(f"differs:{key}"))
    table.activated.connect(lambda _: go_to_first())
    table.choice.activated.connect(compare)
    lenses.sheetsChanged.connect(compared_with)
    dock.visibilityChanged.connect(lambda _: seen())
    present.opened.connect(opened)
    present.feed(table).looked.connect(show_selected)
    opened()
    seen()
