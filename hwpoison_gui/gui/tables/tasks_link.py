"""Keeps the panel Tasks up to date: its rows, the walk of the operation, and what errors did to each process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final

from PySide6.QtCore import QObject, QPoint

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.tables.tasks import TaskTable
from hwpoison_gui.gui.widgets.local_keys import MOVES, PAGES, LocalKeys
from hwpoison_gui.session.steps import Step
from hwpoison_gui.view.base.impacts import SAFE, Fate
from hwpoison_gui.view.base.mappers import captured_words
from hwpoison_gui.view.base.moment import moment_of
from hwpoison_gui.view.rows.tasks import task_rows

_TASK_TABLES: Final = frozenset({"processes", "tasks", "pending_signals", "rss", "counters"})


class TasksLink(QObject):
    """Choices in the table select, edits set policies."""

    def __init__(
        self,
        table: TaskTable,
        dock: Dock,
        controller: Controller,
        present: Present,
        show_menu: Callable[[Sequence[int], QPoint], None],
    ) -> None:
        super().__init__(table)
        self._table, self._dock, self._controller, self._present = table, dock, controller, present
        self._states = ""  # how many are in which state
        # The frame whose tasks were scrolled to, and when: of another frame, or after an operation, they are again.
        self._shown: tuple[int, int] | None = None
        LocalKeys(table, *MOVES, *PAGES)
        table.leftOutChanged.connect(self._show_subject)
        table.taskSelected.connect(controller.selection.select_task)
        table.menuRequested.connect(show_menu)
        table.edited.connect(controller.set_tasks)
        present.opened.connect(self._show)
        feed = present.feed(table)
        feed.moved.connect(self._moved)
        feed.changed.connect(self._show_walk)
        self._show()

    def _show(self) -> None:
        self._show_rows()
        self._show_walk()

    def _moved(self, moved: Moved) -> None:
        if moved.tables & _TASK_TABLES:
            self._show_rows(moved.steps)

    def _show_rows(self, steps: Sequence[Step] | None = None) -> None:
        rows = task_rows(self._controller.session, steps)
        if self._controller.panicked:
            rows = [row._replace(state="stopped") if row.alive else row for row in rows]
        self._table.set_rows(rows, self._controller.panicked)
        states = Counter(map(attrgetter("state"), rows))
        said = [f"{states[one]:,} {one}" for one in ("running", "killed", "exited") if states[one]]
        self._states = "the machine has stopped" if self._controller.panicked else ", ".join(said)
        self._show_subject()

    def _show_subject(self) -> None:
        left_out = [f"no room for {', '.join(self._table.left_out)}"] if self._table.left_out else []
        m = self._controller.session.machine
        none = "no process was captured" if self._controller.machine.scenario is None else "no process"
        captured = captured_words(m) or ("" if m.processes.view else none)
        self._dock.set_subject("  ·  ".join(filter(None, (self._states, captured, *left_out))))

    # -- the walk

    def _show_walk(self) -> None:
        table, present, state, task = self._table, self._present, self._present.state, self._controller.selection.task
        table.set_colours(present.colours if state is not None else {}, self._fates())
        table.show_selected(task)
        moment = moment_of(self._controller.session)
        is_within = moment.step is not None and not moment.at_end
        if state is not None and state.current_task is not None and is_within:
            table.reveal(state.current_task)
        about = None
        if present.graph is not None and not is_within:
            about = present.graph.pfn, self._controller.session.position
        if about is not None and about != self._shown and task is None:
            hit = [tgid for tgid, end in (state.ends if state is not None else {}).items() if end != SAFE]
            table.reveal(*(hit or present.colours))
        self._shown = about

    def _fates(self) -> dict[int, Fate]:
        if not self._controller.session.operations:
            return {}
        from hwpoison_gui.view.outcome.fates import fates_now  # imported here to keep start-up fast

        return fates_now(self._controller.session)
