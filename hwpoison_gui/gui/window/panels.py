"""The panels of the window: each content is created when first shown or asked for, and shows the present state.

Panels that are visible at start-up are created with the rest of the window, after the first paint of the map: a turn
of the event loop each would place and paint the window as often. Their modules are imported then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow, QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.recorded import Recorded
from hwpoison_gui.gui.control.slices import after_next_turn
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.look.panel_titles import TITLES
from hwpoison_gui.gui.map.filter_control import FilterControl
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.window.dialogs.notes import Notes
from hwpoison_gui.gui.window.menus import ContextMenus
from hwpoison_gui.record import Record

if TYPE_CHECKING:
    from hwpoison_gui.gui.charts.panel import ChartsPanel
    from hwpoison_gui.gui.control.damage import DamageControl
    from hwpoison_gui.gui.tables.damage_columns import DamageColumns
    from hwpoison_gui.gui.tables.dangers import AssessPanel
    from hwpoison_gui.gui.tables.docks import Tables
    from hwpoison_gui.gui.tables.fault_link import FaultLink
    from hwpoison_gui.gui.tables.link import TablesLink
    from hwpoison_gui.gui.tables.tasks import TaskTable

_FOR_A_REASON: Final = ("records", "snapshot", "fault")  # not shown before there is something in them
AT_FIRST: Final = tuple(name for name in TITLES if name not in _FOR_A_REASON)
TABLES: Final = ("pages", "vmas", "files")
WIDE: Final = (*TABLES, "kernels", "assess", "charts", "snapshot", "records", "fault")  # tabs beside the tasks


class Parts(Record):
    """Parts of the window that the contents of panels are connected to."""

    controller: Controller
    present: Present
    appearance: Appearance
    map: FrameMapWidget
    menus: ContextMenus
    notes: Notes
    recorded: Recorded
    lenses: LensControl
    filters: FilterControl
    find: Callable[[str], None]
    ask_many: Callable[[str, int], None]  # opens the dialog that breaks many frames
    save_chart: Callable[[ChartsPanel, str], None]


class Panels(QObject):
    """The docks by name; creates and connects their contents."""

    def __init__(self, window: QMainWindow, parts: Parts) -> None:
        super().__init__(window)
        self._window, self._parts = window, parts
        self.fault: FaultLink
        self._wanted: deque[Dock] = deque()
        self._tables: tuple[Tables, TablesLink] | None = None
        self._damage: DamageControl | None = None
        self._damage_columns: DamageColumns | None = None
        make: dict[str, Callable[[Dock], QWidget]] = {
            "rmap": self._make_rmap,
            "why": self._make_why,
            "states": self._make_states,
            "frame": self._make_inspector,
            "log": self._make_log,
            "notebook": self._make_notebook,
            "tasks": self._make_tasks,
            "pages": self._make_table,
            "vmas": self._make_table,
            "files": self._make_table,
            "kernels": self._make_kernels,
            "snapshot": self._make_snapshot,
            "records": self._make_records,
            "fault": self._make_fault,
            "assess": self._make_assess,
            "charts": self._make_charts,
        }
        theme = parts.appearance.theme
        self.docks = {name: Dock(name, title, make[name], window, theme) for name, title in TITLES.items()}
        for dock in self.docks.values():
            dock.seen.connect(lambda dock=dock: self._seen(dock))
        self._log_lines = 0  # those that were there when the log was in front, or at boot
        self._count_log(opened=True)
        parts.present.opened.connect(lambda: self._count_log(opened=True))
        parts.present.moved.connect(lambda _: self._count_log())
        self.docks["log"].visibilityChanged.connect(lambda _: self._count_log())

    def _count_log(self, opened: bool = False) -> None:
        """Say on the tab of the kernel log how many lines came while it was behind another one."""
        dock, lines = self.docks["log"], len(self._parts.controller.session.machine.log.view)
        self._log_lines = lines if opened or dock.in_front else min(self._log_lines, lines)
        dock.set_news(lines - self._log_lines)

    # -- when

    @property
    def complete(self) -> bool:
        """Whether all visible panels are created."""
        seen = [dock for dock in self.docks.values() if dock.in_front and not dock.collapsed]
        return not self._wanted and all(dock.made is not None for dock in seen)

    def make_what_is_seen(self) -> None:
        """Create the visible panels now, without waiting for their first paint."""
        for _ in self.making():
            pass

    def making(self) -> Iterator[Dock]:
        """Create the visible panels one by one."""
        for dock in self.docks.values():
            if dock.in_front:
                dock.content()
                yield dock

    def _seen(self, dock: Dock) -> None:
        self._wanted.append(dock)
        if len(self._wanted) == 1:
            # After the timers of the turn that painted first, so that whoever waits for that paint runs before.
            after_next_turn(self, self._make_wanted)

    def _make_wanted(self) -> None:
        while self._wanted:
            self._wanted[0].content()
            self._wanted.popleft()

    # -- how

    def _make_rmap(self, dock: Dock) -> QWidget:
        from hwpoison_gui.gui.rmap.connect import connect_rmap
        from hwpoison_gui.gui.rmap.view import RmapView

        parts = self._parts
        view = RmapView(dock, parts.appearance.theme)
        dock.take(view)
        connect_rmap(view, dock, parts.controller, parts.present, parts.appearance)
        return view

    def _make_why(self, dock: Dock) -> QWidget:
        from hwpoison_gui.gui.why.connect import connect_why
        from hwpoison_gui.gui.why.view import DecisionView

        parts = self._parts
        view = DecisionView(dock, parts.appearance.theme)
        dock.take(view)
        connect_why(view, dock, parts.controller, parts.present)
        return view

    def _make_states(self, dock: Dock) -> QWidget:
        from hwpoison_gui.gui.why.connect import connect_states
        from hwpoison_gui.gui.why.state_table import StateTableView

        parts = self._parts
        view = StateTableView(dock, parts.appearance.theme)
        connect_states(view, parts.controller, parts.present)
        return view

    def _make_inspector(self, dock: Dock) -> QWidget:
        from hwpoison_gui.gui.tables.connect import connect_inspector
        from hwpoison_gui.gui.tables.inspector import Inspector

        parts = self._parts
        view = Inspector(dock, parts.appearance.theme)
        connect_inspector(view, dock, parts.controller, parts.present, parts.map)
        return view

    def _make_log(self, dock: Dock) -> QWidget:
        from hwpoison_gui.gui.tables.connect import connect_log
        from hwpoison_gui.gui.tables.log import LogView

        parts = self._parts
        view = LogView(dock, parts.appearance.theme)
        dock.take(view)
        connect_log(view, parts.controller, parts.present)
        return view

    def _make_tasks(self, dock: Dock) -> QWidget:
        from hwpoison_gui.gui.tables.tasks import TaskTable
        from hwpoison_gui.gui.tables.tasks_link import TasksLink

        parts = self._parts
        view = TaskTable(dock, parts.appearance.theme)
        dock.take(view)
        parts.menus.all_tasks = view.whole
        TasksLink(view, dock, parts.controller, parts.present, parts.menus.show_task_menu)
        return view

    def _make_records(self, dock: Dock) -> QWidget:
        from hwpoison_gui.gui.tables.records import RecordsView
        from hwpoison_gui.gui.tables.records_link import RecordsLink

        parts = self._parts
        view = RecordsView(dock, parts.appearance.theme)
        dock.take(view)
        RecordsLink(view, dock, parts.recorded, parts.controller, parts.present, parts.map)
        return view

    def _make_notebook(self, dock: Dock) -> QWidget:
        from hwpoison_gui.gui.timeline.notebook import NotebookView

        view = NotebookView(dock, self._parts.appearance.theme)
        self._parts.notes.connect_panel(view, dock)
        return view

    def _make_kernels(self, dock: Dock) -> QWidget:
        from hwpoison_gui.gui.tables.kernels import KernelTable
        from hwpoison_gui.gui.tables.kernels_link import KernelsLink

        parts = self._parts
        view = KernelTable(dock, parts.appearance.theme)
        dock.take(view)
        dock.add_tool(view.choice)
        KernelsLink(view, dock, parts.lenses, parts.map, parts.controller, parts.present, parts.find)
        return view

    def _make_snapshot(self, dock: Dock) -> QWidget:
        from hwpoison_gui.gui.tables.snapshot import SnapshotView
        from hwpoison_gui.gui.tables.snapshot_link import SnapshotLink

        parts = self._parts
        view = SnapshotView(dock, parts.appearance.theme)
        dock.take(view)
        SnapshotLink(view, dock, parts.lenses, parts.map, parts.controller, parts.present, parts.find)
        return view

    def _make_assess(self, dock: Dock) -> QWidget:
        from hwpoison_gui.gui.tables.assess_link import AssessLink
        from hwpoison_gui.gui.tables.dangers import AssessPanel
        from hwpoison_gui.gui.tables.dangers_link import DangersLink

        parts = self._parts
        panel = AssessPanel(dock, parts.appearance.theme)
        dock.take(panel)
        AssessLink(panel.table, dock, self.damage, parts.controller, parts.present, parts.filters, parts.find)
        DangersLink(
            panel, dock, self.damage, parts.controller, parts.present, parts.map, parts.find,
            parts.menus.show_danger_menu,
        )  # fmt: skip
        panel.table.tools.tables.toggled.connect(self._show_damage)
        return panel

    def _make_fault(self, dock: Dock) -> QWidget:
        from hwpoison_gui.gui.tables.fault import FaultPanel
        from hwpoison_gui.gui.tables.fault_link import FaultLink

        parts = self._parts
        panel = FaultPanel(dock, parts.appearance.theme)
        dock.take(panel)
        dock.add_tool(panel.tools)
        self.fault = FaultLink(panel, dock, self.damage, parts.controller, parts.present, parts.map, parts.find,
                               parts.ask_many)  # fmt: skip
        return panel

    def show_dangers(self) -> None:
        """Show the list of the most dangerous frames in the panel Assess."""
        tools = cast("AssessPanel", self.docks["assess"].content()).table.tools
        tools.by.setCurrentIndex(tools.by.findData("worst frames"))

    def show_fault(self, mode: str, pfn: int) -> None:
        """Show what a fault of a frame's row, bank or the like would do; the panel must be in front."""
        self.docks["fault"].content()
        self.fault.show_part(mode, pfn)

    def _show_damage(self, on: bool) -> None:
        """Show what errors would do in the tables of tasks, files and pages, or no longer."""
        if self._damage_columns is None:
            from hwpoison_gui.gui.tables.damage_columns import DamageColumns

            tasks = cast("TaskTable", self.docks["tasks"].content())
            self._damage_columns = DamageColumns(self.damage, tasks, self.tables, self.tables_link)
        self._damage_columns.set_on(on)

    def _make_charts(self, dock: Dock) -> QWidget:
        from hwpoison_gui.gui.charts.link import ChartsLink
        from hwpoison_gui.gui.charts.panel import ChartsPanel

        parts = self._parts
        panel = ChartsPanel(dock, parts.appearance.theme)
        dock.take(panel)
        ChartsLink(panel, dock, self.damage, parts.controller, parts.present, parts.filters, parts.recorded,
                   parts.lenses, parts.find)  # fmt: skip
        panel.saveWanted.connect(partial(parts.save_chart, panel))
        return panel

    @property
    def damage(self) -> DamageControl:
        """Control of the damage, which is computed while a panel shows it; created on first use."""
        if self._damage is None:
            from hwpoison_gui.gui.control.damage import DamageControl

            self._damage = DamageControl(self._parts.controller, self._parts.present, self)
        return self._damage

    def _make_table(self, dock: Dock) -> QWidget:
        """The three tables are created together: a choice in one is shown in the others."""
        return self.tables.by_name[dock.objectName()]

    @property
    def tables(self) -> Tables:
        """The tables of pages, VMAs and files, created now if necessary."""
        return self._make_tables()[0]

    @property
    def has_tables(self) -> bool:
        """Whether the tables are created."""
        return self._tables is not None

    @property
    def tables_link(self) -> TablesLink:
        """Keeps the tables up to date."""
        return self._make_tables()[1]

    def _make_tables(self) -> tuple[Tables, TablesLink]:
        if self._tables is None:
            from hwpoison_gui.gui.tables.docks import Tables
            from hwpoison_gui.gui.tables.link import TablesLink

            parts = self._parts
            tables = Tables(self._window, parts.appearance.theme)
            for name, tool in tables.tools.items():
                self.docks[name].add_tool(tool)
            link = TablesLink(
                tables, self.docks, parts.map, parts.controller, parts.present, parts.menus.show_page_menu
            )
            parts.menus.copy_pages = tables.pages.copy_all_words, tables.pages.copy_all
            self._tables = tables, link
            for name in TABLES:
                self.docks[name].content()
        return self._tables
