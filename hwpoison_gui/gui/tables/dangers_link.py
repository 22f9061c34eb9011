"""Keeps the lists of the most dangerous frames, processes and files up to date, and links their rows with the map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import QObject, QPoint

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.damage import DamageControl
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.control.slices import BESIDE_SECONDS, Slices, Work
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.tables.dangers import AT_FIRST, AssessPanel
from hwpoison_gui.gui.widgets.local_keys import MOVES, PAGES, LocalKeys
from hwpoison_gui.gui.widgets.row_table import NO_KEY
from hwpoison_gui.session.many import MOST_FRAMES
from hwpoison_gui.view.base.naming import path_of
from hwpoison_gui.view.damage.policy import KILL
from hwpoison_gui.view.damage.uses import owners_known
from hwpoison_gui.view.damage.words import RANKED_BY
from hwpoison_gui.view.damage.worst import Ranking, worst_files, worst_processes
from hwpoison_gui.view.filter.terms import quoted
from hwpoison_gui.view.rows.dangers import (
    FILES,
    FRAMES,
    LISTS,
    PROCESSES,
    RANKED,
    file_dangers,
    frame_dangers,
    process_dangers,
)

_WHO: Final = "dangers"


class DangersLink(QObject):
    """A list is computed while it is seen, under the present policy."""

    def __init__(
        self,
        panel: AssessPanel,
        dock: Dock,
        damage: DamageControl,
        controller: Controller,
        present: Present,
        frame_map: FrameMapWidget,
        find: Callable[[str], None],
        show_menu: Callable[[int, QPoint, Sequence[tuple[str, Callable[[], object]]]], None],
    ) -> None:
        super().__init__(panel)
        self._panel, self._dock, self._damage, self._map = panel, dock, damage, frame_map
        self._controller, self._look_for, self._menu = controller, find, show_menu
        self._most = AT_FIRST
        self._ranking: Ranking | None = None
        self._rows: list[Any] = []
        self._selected: tuple[int, int | None] = NONE, None  # frame and task whose row was made current
        self._slices = Slices(self, BESIDE_SECONDS, lambda: not controller.busy)
        tools = panel.table.tools
        tools.by.currentIndexChanged.connect(lambda _: self._chosen())
        tools.more.clicked.connect(self._show_more)
        panel.worst.chosen.connect(self._go)
        panel.worst.activated.connect(self._centre)
        panel.worst.setToolTip(RANKED_BY)
        panel.worst.copying.menuWanted.connect(self._show_menu)
        damage.changed.connect(self._damage_changed)
        dock.visibilityChanged.connect(lambda _: self._want())
        present.feed(panel.worst).looked.connect(self._show_selected)
        LocalKeys(panel.worst, *MOVES, *PAGES)
        self._chosen()

    @property
    def _list(self) -> str:
        """The list that is chosen; empty: none."""
        name = str(self._panel.table.tools.by.currentData())
        return name if name in LISTS else ""

    # -- what is shown

    def _chosen(self) -> None:
        self._most = AT_FIRST
        self._panel.show_list(self._list)
        self._panel.worst.copying.other_menu = self._list == FRAMES
        self._panel.table.tools.show_list(bool(self._list))
        self._want()

    def _want(self) -> None:
        seen = self._dock.in_front and bool(self._list)
        self._damage.want(_WHO, seen)
        if seen:
            self._damage_changed()
        else:
            self._slices.give_up()

    def _show_more(self) -> None:
        self._most *= 2
        self._damage_changed()

    def _damage_changed(self) -> None:
        """Compute the list, or note that it is out of date."""
        if not (self._list and self._dock.in_front):
            return
        if self._damage.present is not None:
            self._slices.run(self._finding, self._found)
            return
        self._slices.give_up()
        self._ranking = None
        self._dock.set_subject("the machine has stopped" if self._controller.panicked else "being computed")
        if self._controller.panicked:
            self._panel.worst.set_rows([])

    def _finding(self) -> Work:
        damage, most = self._damage.present, self._most + 1
        assert damage is not None
        if self._list == PROCESSES:
            self._rows = process_dangers(worst_processes(damage, most))
        elif self._list == FILES:
            self._rows = file_dangers((yield from worst_files(damage, most)))
        else:
            if self._ranking is None or self._ranking.damage is not damage:
                self._ranking = Ranking(damage)
            yield
            self._rows = frame_dangers(self._ranking.worst(most), owners_known(self._controller.session.machine))
        yield

    def _found(self, complete: bool) -> None:
        if not complete or not self._list:
            return
        more = self._rows[self._most :]
        self._panel.worst.set_rows(self._rows[: self._most])
        self._panel.table.tools.more.setEnabled(bool(more))
        self._dock.set_subject(f"{KILL[self._damage.policy]}, {RANKED[self._list]}")
        self._selected = NONE, None
        self._show_selected()

    # -- to the map, and back

    def _go(self, key: int) -> None:
        """Select what a row is about: a frame, with those like it marked; a process; or the pages of a file."""
        selection, m = self._controller.selection, self._controller.session.machine
        if self._list == PROCESSES:
            selection.select_task(key)
        elif self._list == FILES:
            if key in m.inodes.view:
                self._look_for(f"path:{quoted(path_of(m.inodes.view[key]))}")
        elif self._ranking is not None and self._damage.present is self._ranking.damage:
            selection.select(key)
            selection.mark(self._ranking.alike(key)[:MOST_FRAMES].tolist())
            self._map.select(key, reveal=True)
        self._selected = selection.pair

    def _show_menu(self, where: QPoint) -> None:
        """Show the context menu of the row's frame, with all frames like it marked: one is broken, or all of them."""
        pfn = self._panel.worst.current_key()
        if pfn != NO_KEY:
            self._menu(pfn, where, self._panel.worst.copying.entries)

    def _centre(self) -> None:
        if self._list == FRAMES and self._panel.worst.current_key() != NO_KEY:
            self._map.center_on(self._panel.worst.current_key())

    def _show_selected(self) -> None:
        """Make the row current that the selected frame, or process, belongs to."""
        selection = self._controller.selection
        if selection.pair == self._selected or not self._list:
            return
        self._selected = pfn, task = selection.pair
        self._panel.worst.show_key(self._row_of(pfn, task))

    def _row_of(self, pfn: int, task: int | None) -> int:
        if self._list == PROCESSES:
            return NO_KEY if task is None else task
        if pfn == NONE:
            return NO_KEY
        if self._list == FILES:
            inode = self._controller.session.machine.inode_of(self._controller.session.machine.compound_head(pfn))
            return inode.id if inode is not None else NO_KEY
        if self._ranking is None:
            return NO_KEY
        key = self._ranking.key_of(pfn)
        return next((row.key for row in self._panel.worst.rows.rows if self._ranking.key_of(row.key) == key), NO_KEY)
