"""Keeps the Assess panel up to date, and links its numbers with the filter and the selection of the map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.damage import POLICIES, DamageControl
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.control.slices import BESIDE_SECONDS, Slices, Work
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.map.filter_control import FilterControl
from hwpoison_gui.gui.tables.assess import AssessTable, is_all
from hwpoison_gui.gui.widgets.local_keys import MOVES, PAGES, LocalKeys
from hwpoison_gui.view.damage.group_of import group_of
from hwpoison_gui.view.damage.policy import KILL
from hwpoison_gui.view.damage.tables import Table, find_tables
from hwpoison_gui.view.filter.terms import HARMFUL_NAME, quoted
from hwpoison_gui.view.map.lenses import OUTCOME
from hwpoison_gui.view.rows.assess import HARM, KILLS, AssessColumn, AssessRow, sheet_of, survival_words
from hwpoison_gui.view.rows.dangers import LISTS

_WHO: Final = "assess"


class AssessLink(QObject):
    """The panel is computed while it is seen."""

    def __init__(
        self,
        table: AssessTable,
        dock: Dock,
        damage: DamageControl,
        controller: Controller,
        present: Present,
        filters: FilterControl,
        find: Callable[[str], None],
    ) -> None:
        super().__init__(table)
        self._table, self._dock, self._damage = table, dock, damage
        self._controller, self._filter, self._look_for = controller, filters, find
        self._tables: dict[int, Table] = {}
        self._step = False  # whether to step to the first frame that is found
        dock.add_tool(table.tools)
        self._slices = Slices(self, BESIDE_SECONDS, lambda: not controller.busy)
        table.sheet.why_not = self._why_not
        table.cellChosen.connect(self._find)
        table.tools.by.currentIndexChanged.connect(lambda _: self._seen(dock.in_front))
        table.tools.frames.toggled.connect(table.set_unit)
        damage.changed.connect(self._damage_changed)
        damage.progressed.connect(self._show_progress)
        filters.found.connect(self._found)
        dock.visibilityChanged.connect(self._seen)
        feed = present.feed(table)
        feed.looked.connect(lambda: self._show_selected(reveal=dock.in_front))
        LocalKeys(table, *MOVES, *PAGES)
        self._seen(dock.in_front)

    @property
    def by(self) -> str:
        """Name of the grouping of frames; empty while a list is shown instead."""
        name = str(self._table.tools.by.currentData())
        return "" if name in LISTS else name

    # -- what is shown

    def _seen(self, seen: bool) -> None:
        shown = seen and bool(self.by)
        self._damage.want(_WHO, shown, every=True)
        if shown:
            self._damage_changed()

    def _damage_changed(self) -> None:
        if self._damage.every:
            if self._dock.in_front and self.by:
                self._count()
            return
        self._slices.give_up()
        self._table.sheet.stale = True
        self._table.sheet.repaint()
        if not self.by:
            return
        self._dock.set_subject("the machine has stopped" if self._controller.panicked else "being computed")

    def _show_progress(self, done: float) -> None:
        if not self._damage.every:  # a list says so, too
            self._dock.set_subject(f"{done:.0%} computed")

    def _count(self) -> None:
        """Count the frames of each group; those of a kind at once, those of files in slices."""
        self._slices.run(self._counting, self._counted)

    def _counting(self) -> Work:
        self._tables = yield from find_tables(self._damage.every, self.by)

    def _counted(self, complete: bool) -> None:
        if complete and self.by and self._tables.keys() >= set(POLICIES):
            self._table.sheet.stale = False
            sheet = sheet_of(self._tables)
            self._table.set_sheet(sheet)
            self._table.setToolTip(sheet.note)
            self._dock.set_subject(survival_words(self._tables))
            self._show_selected()

    # -- to the map, and back

    def _why_not(self, row: AssessRow, column: AssessColumn | None) -> str:
        """Why the map cannot be asked for a cell; empty if it can."""
        if not row.term and not row.is_whole:
            return "No filter finds these frames."
        if column is not None and not row.frames[self._table.sheet.place_of(column)]:
            return "There is no such frame."
        if column is not None and column.code == KILLS:
            return "No filter finds these frames, which the process need not map: the first column finds those it maps."
        if row.is_whole and is_all(column):
            return "All of memory: there is nothing to find."
        if column is not None and column.early not in (None, self._damage.policy):
            shown, early = KILL[self._damage.policy], column.early
            return f"The map shows {shown}: set vm.memory_failure_early_kill to {early} to find them."
        return ""

    def _expression(self, row: AssessRow, column: AssessColumn | None) -> str:
        parts = [f"{row.term[0]}:{quoted(row.term[1])}"] if row.term else []
        if column is not None and column.code == HARM:
            parts.append(f"{OUTCOME.key}:{HARMFUL_NAME}")
        elif column is not None and not is_all(column):
            parts.append(self._filter.expression_of(OUTCOME, column.code))
        return " ".join(parts)

    def _find(self, row: AssessRow, column: AssessColumn | None) -> None:
        """Write the filter of a cell and go to the first frame; a second click clears the filter."""
        if self._why_not(row, column):
            return
        text = self._expression(row, column)
        if text == self._filter.text:
            self._look_for("")
            return
        self._step = True
        self._look_for(text)

    def _found(self, count: int | None) -> None:
        step, self._step = self._step, False
        if step and count and not self._filter.matches(self._controller.selection.frame):
            self._filter.step(forward=True)

    def _show_selected(self, reveal: bool = False) -> None:
        """Select the cell of the selected frame: its group, and its outcome under the present policy.

        `reveal`: scroll to it; a table that is new begins with its heads, whatever is selected.
        """
        pfn, damage = self._controller.selection.frame, self._damage.present
        if pfn == NONE or damage is None or self._table.sheet.stale or self._table.hasFocus():
            return
        code = int(damage.assessment.codes[damage.assessment.class_of[pfn]])
        name, policies = self._group_of(pfn), (None, damage.early)
        self._table.show_cell(
            lambda row: row.name == name,
            lambda column: column is not None and column.code == code and column.early in policies,
            reveal=reveal,
        )

    def _group_of(self, pfn: int) -> str:
        """The name of the row that counts a frame; of processes, of the selected one."""
        assert self._damage.present is not None
        return group_of(self._damage.present, self.by, pfn, self._controller.selection.task)
