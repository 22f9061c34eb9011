"""Keeps tables and window in sync: refreshes rows after machine changes and mirrors the selection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QPoint, Qt

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.control.slices import Slices
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.tables.docks import FILES, PAGES, VMAS, Tables
from hwpoison_gui.view.rows.files import (
    FILE_COLUMNS,
    FILE_DAMAGE_COLUMNS,
    file_cells,
    file_damage_cells,
    file_of_frame,
    file_rows,
    first_cached_frame,
)
from hwpoison_gui.view.rows.page_order import Found, PageOrder
from hwpoison_gui.view.rows.pages import PAGE_COLUMNS
from hwpoison_gui.view.rows.vmas import first_frame_of, vma_rows, vmas_of_frame

if TYPE_CHECKING:
    from hwpoison_gui.view.damage.worst import FileToll

I64 = npt.NDArray[np.int64]
Ahead = Callable[[I64], tuple[I64, I64]]  # processes that an error in frames would signal, and bytes lost

_SLICE: Final = 0.012  # seconds of sorting per turn of the event loop
_VMA_TABLES: Final = frozenset({"vmas", "mm_vmas", "processes"})


class TablesLink(QObject):
    """Hidden tables are not updated until they become visible."""

    def __init__(
        self,
        tables: Tables,
        docks: Mapping[str, Dock],
        frame_map: FrameMapWidget,
        controller: Controller,
        present: Present,
        show_menu: Callable[[int, QPoint], None],
    ) -> None:
        super().__init__(frame_map)
        self._tables, self._docks, self._map, self._controller = tables, docks, frame_map, controller
        self._stale = {PAGES, VMAS, FILES}
        self._visible: set[str] = set()
        self._selected = NONE
        self._field, self._descending = "pfn", False
        self._pages_machine: object = None
        self._match: object = None
        self.tolls: dict[int, FileToll] = {}  # what errors would do, if that is shown
        self.ahead: Ahead | None = None
        self.sorter = Slices(self, _SLICE)
        self._connect(present, show_menu)
        for name in tables.by_name:
            self.set_visible(name, docks[name].in_front)

    def _connect(self, present: Present, show_menu: Callable[[int, QPoint], None]) -> None:
        c, t = self._controller, self._tables
        present.opened.connect(self._opened)
        feed = present.feed(self)
        feed.moved.connect(self._moved)
        feed.looked.connect(self._view_changed)
        t.of_task.toggled.connect(lambda _: self._spoil(VMAS))
        t.pages.chosen.connect(self._go_to)
        t.pages.activated.connect(lambda: self._map.center_on(t.pages.pfn) if t.pages.pfn != NONE else None)
        t.pages.markWanted.connect(c.selection.mark)
        t.pages.menuRequested.connect(show_menu)
        t.pages.copyWanted.connect(lambda copying: None if c.busy else c.work.start(copying, lambda _: None))
        self._map.countsChanged.connect(self._filter_may_have_changed)
        t.vmas.chosen.connect(self._vma_chosen)
        t.files.chosen.connect(self._file_chosen)
        t.controls.orderWanted.connect(self.order_by)
        t.controls.foundOnly.connect(lambda _: self.order_by(self._field, self._descending))
        t.controls.stopped.connect(self._give_up)
        for name in t.by_name:
            self._docks[name].visibilityChanged.connect(partial(self.set_visible, name))
        header = t.pages.view.horizontalHeader()
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._head_clicked)
        self.sorter.progressed.connect(self._show_sorting)

    # -- what is shown

    def set_visible(self, table: str, visible: bool) -> None:
        """Record whether a table is visible; update it if so."""
        if visible:
            self._visible.add(table)
            self._catch_up()
        else:
            self._visible.discard(table)

    def _filter_may_have_changed(self) -> None:
        plane = self._map.plane
        if PAGES in self._visible:
            self._tables.pages.refresh()  # the column that shows the lens's class changes
        else:
            self._stale.add(PAGES)
        match = plane.match if plane is not None else None
        if match is not self._match:
            self._match = match
            self.filter_changed()

    def filter_changed(self) -> None:
        """Handle another filter of the map, or none."""
        plane, found = self._map.plane, self._tables.controls.found
        was = found.isChecked()
        self._tables.controls.enable_found(plane is not None and plane.match is not None)
        if not found.isEnabled():
            found.setChecked(False)
        if was:
            self.order_by(self._field, self._descending)

    def _opened(self) -> None:
        self.sorter.give_up()
        self._field, self._descending = "pfn", False
        self._selected = NONE
        self._tables.controls.found.setChecked(False)
        self._spoil(PAGES, VMAS, FILES)

    def _moved(self, moved: Moved) -> None:
        spoilt = {PAGES, FILES} if len(moved.pfns) or moved.tables else set()
        if moved.tables & _VMA_TABLES:
            spoilt.add(VMAS)
        self._spoil(*spoilt)

    def _view_changed(self) -> None:
        c = self._controller
        if self._tables.of_task.isChecked():
            self._spoil(VMAS)
        if c.selection.frame != self._selected:
            self._selected = c.selection.frame
            self._show_selected()

    def _spoil(self, *tables: str) -> None:
        self._stale |= set(tables)
        self._catch_up()

    def _catch_up(self) -> None:
        """Update the visible tables that are stale."""
        fill = {PAGES: self._fill_pages, VMAS: self._fill_vmas, FILES: self._fill_files}
        for table in self._stale & self._visible:
            self._stale.discard(table)
            fill[table]()
        self._show_selected()

    def _fill_pages(self) -> None:
        m, pages = self._controller.session.machine, self._tables.pages
        if m is self._pages_machine:
            pages.refresh()
            if self._tables.controls.found.isChecked():
                self.order_by(self._field, self._descending)
            return
        self._pages_machine = m
        pages.set_machine(m, self._shown, self._ahead_of)
        self._show_order()
        self.filter_changed()

    def _fill_vmas(self) -> None:
        c, t = self._controller, self._tables
        tgid = c.selection.task if t.of_task.isChecked() else None
        rows = vma_rows(c.session.machine, tgid)
        t.vmas.set_rows(rows)
        self._docks[VMAS].set_subject(f"{len(rows):,}")

    def _fill_files(self) -> None:
        rows = file_rows(self._controller.session.machine, self.tolls)
        self._tables.files.set_rows(rows)
        self._docks[FILES].set_subject(f"{len(rows):,}")

    def _show_selected(self) -> None:
        """Select the row of the map's selection; a row that is of the same frame already stays."""
        c, t = self._controller, self._tables
        m, pfn = c.session.machine, c.selection.frame
        if pfn == NONE:
            return
        if PAGES in self._visible:
            t.pages.show_pfn(pfn)
        if VMAS in self._visible:
            vmas = vmas_of_frame(m, pfn)
            own = [vma.id for vma in vmas if vma.mm == c.selection.task] or [vma.id for vma in vmas]
            if own and t.vmas.current_key() not in own:
                t.vmas.show_key(own[0])
        if FILES in self._visible and (file := file_of_frame(m, pfn)) is not None:
            t.files.show_key(file)

    # -- what the user chose

    def _go_to(self, pfn: int) -> None:
        self._selected = pfn
        self._controller.selection.select(pfn)
        self._map.select(pfn, reveal=True)

    def _vma_chosen(self, vma: int) -> None:
        m = self._controller.session.machine
        chosen, frame = m.vmas.view.get(vma), first_frame_of(m, vma)
        if frame is not None:
            self._go_to(frame)
        if chosen is not None and chosen.mm in m.processes.view and not self._tables.of_task.isChecked():
            self._controller.selection.select_task(chosen.mm)

    def _file_chosen(self, inode: int) -> None:
        frame = first_cached_frame(self._controller.session.machine, inode)
        if frame is not None:
            self._go_to(frame)

    # -- the order of the pages

    def _head_clicked(self, section: int) -> None:
        field = self._tables.pages.pages.columns[section].field
        self.order_by(field, field == self._field and not self._descending)

    def order_by(self, field: str, descending: bool) -> None:
        """Start sorting the pages; with the filter's result, if only that is listed."""
        if self._pages_machine is not self._controller.session.machine:
            self._fill_pages()  # the table was hidden since the machine was opened
        found = self._found() if self._tables.controls.found.isChecked() else None
        plane = self._map.plane
        assert plane is not None
        order = PageOrder(
            self._controller.session.machine, field, descending, found, plane.classes_of, self._ahead_of_some
        )
        self.sorter.run(order.work, partial(self._sorted, order))

    def _shown(self, pfn: int) -> str:
        """The class that the map shows for a frame, as the legend names it."""
        plane = self._map.plane
        return plane.lens.classes[int(plane.classes_of(np.array([pfn]))[0])].shortest if plane is not None else ""

    def show_damage(self, on: bool, tolls: dict[int, FileToll], ahead: Ahead | None) -> None:
        """Show what errors would do in the tables of files and pages, or no longer; empty where it is not known."""
        t = self._tables
        self.tolls, self.ahead = tolls, ahead
        columns, cells = (FILE_DAMAGE_COLUMNS, file_damage_cells) if on else (FILE_COLUMNS, file_cells)
        t.files.set_columns(columns, cells)
        if not on and self._field not in {column.field for column in PAGE_COLUMNS}:
            self.order_by("pfn", False)
        t.pages.show_damage(on)
        self._spoil(PAGES, FILES)

    def _ahead_of(self, pfn: int) -> tuple[int, int]:
        signalled, lost = self._ahead_of_some(np.array([pfn]))
        return int(signalled[0]), int(lost[0])

    def _ahead_of_some(self, pfns: I64) -> tuple[I64, I64]:
        return self.ahead(pfns) if self.ahead is not None else (pfns * 0, pfns * 0)

    def _found(self) -> Found | None:
        plane = self._map.plane
        return plane.found if plane is not None and plane.match is not None else None

    def _sorted(self, order: PageOrder, complete: bool) -> None:
        self._show_sorting(1.0)
        if not complete:
            return
        self._field, self._descending = order.field, order.descending
        self._tables.pages.set_order(order.pfns)
        self._show_order()
        self._show_selected()

    def _give_up(self) -> None:
        self.sorter.give_up()
        self._show_order()

    def _show_order(self) -> None:
        t = self._tables
        t.controls.show_order(self._field, self._descending)
        header, fields = t.pages.view.horizontalHeader(), [column.field for column in t.pages.pages.columns]
        direction = Qt.SortOrder.DescendingOrder if self._descending else Qt.SortOrder.AscendingOrder
        header.setSortIndicator(fields.index(self._field), direction)
        header.setSortIndicatorShown(True)
        self._docks[PAGES].set_subject(f"{t.pages.pages.size:,}")

    def _show_sorting(self, done: float) -> None:
        self._tables.controls.stop.setVisible(done < 1)
        size = self._tables.pages.pages.size
        self._docks[PAGES].set_subject(f"sorting, {done:.0%} done" if done < 1 else f"{size:,}")
