"""Connects the panels of tasks, kernel log and selected frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.widgets.local_keys import MOVES, PAGES, LocalKeys
from hwpoison_gui.session.timeline import Step
from hwpoison_gui.view.base.hits import SAFE, Fate
from hwpoison_gui.view.base.kinds import POISON
from hwpoison_gui.view.base.moment import moment_of
from hwpoison_gui.view.rmap.compound import kind_of_frame, kind_words
from hwpoison_gui.view.rows.log import log_lines, newest_lines, step_of_line
from hwpoison_gui.view.rows.tasks import task_rows

if TYPE_CHECKING:  # each is imported when it is first seen
    from hwpoison_gui.gui.tables.inspector import Inspector
    from hwpoison_gui.gui.tables.log import LogView
    from hwpoison_gui.gui.tables.tasks import TaskTable
    from hwpoison_gui.view.facts.frame_facts import Fact

_TASK_TABLES: Final = frozenset({"processes", "tasks", "pending_signals", "rss", "counters"})


def connect_tasks(
    table: TaskTable,
    dock: Dock,
    controller: Controller,
    present: Present,
    show_menu: Callable[[Sequence[int], QPoint], None],
) -> None:
    """Shows the processes and keeps them up to date; choices in the table select, edits set policies."""

    states_said: list[str] = []  # how many are in which state

    def show_rows(steps: Sequence[Step] | None = None) -> None:
        rows = task_rows(controller.session, steps)
        table.set_rows(rows, controller.panicked)
        states = Counter(row.state for row in rows)
        said = [f"{states[one]:,} {one}" for one in ("running", "killed", "exited") if states[one]]
        states_said[:] = ["the machine has stopped" if controller.panicked else ", ".join(said)]
        show_subject()

    def show_subject() -> None:
        left_out = [f"no room for {', '.join(table.left_out)}"] if table.left_out else []
        dock.set_subject("  ·  ".join([*states_said, *left_out]))

    def fates() -> dict[int, Fate]:
        if not controller.session.operations:
            return {}
        from hwpoison_gui.view.outcome.fates import fates_now  # a start has no operation

        return fates_now(controller.session)

    def show_walk() -> None:
        state = present.state
        table.set_colours(present.colours if state is not None else {}, fates())
        table.show_selected(controller.selection.task)
        moment = moment_of(controller.session)
        is_within = moment.step is not None and not moment.at_end
        if state is not None and state.current_task is not None and is_within:
            table.reveal(state.current_task)
        about = None if present.graph is None or is_within else (present.graph.pfn, controller.session.position)
        if about is not None and about != shown[0] and controller.selection.task is None:
            hit = [tgid for tgid, end in (state.ends if state is not None else {}).items() if end != SAFE]
            table.reveal(*(hit or present.colours))
        shown[0] = about

    # The frame whose tasks were scrolled to, and when: of another frame, or after an operation, they are scrolled to.
    shown: list[tuple[int, int] | None] = [None]

    def show() -> None:
        show_rows()
        show_walk()

    def moved(moved: Moved) -> None:
        if moved.tables & _TASK_TABLES:
            show_rows(moved.steps)
        show_walk()

    LocalKeys(table, *MOVES, *PAGES)
    table.leftOutChanged.connect(show_subject)
    table.taskSelected.connect(controller.selection.select_task)
    table.menuRequested.connect(show_menu)
    table.edited.connect(controller.set_tasks)
    present.opened.connect(show)
    feed = present.feed(table)
    feed.moved.connect(moved)
    feed.looked.connect(show_walk)
    show()


def connect_log(view: LogView, controller: Controller, present: Present) -> None:
    """Shows the kernel log and keeps it up to date; a double click on a line goes to the step that printed it."""

    def show() -> None:
        session = controller.session
        view.set_lines(log_lines(session), newest_lines(session))

    def show_frame() -> None:
        view.show_frame(present.frame)

    def go_to(line: int) -> None:
        position = step_of_line(controller.session, line)
        if position is not None:
            controller.show_step(position)

    LocalKeys(view, *MOVES, *PAGES)
    view.lineActivated.connect(go_to)
    feed = present.feed(view)
    for changed in (present.opened, feed.moved):
        changed.connect(show)
    for changed in (present.opened, feed.moved, feed.looked):
        changed.connect(show_frame)
    show()
    show_frame()


def connect_inspector(
    view: Inspector, dock: Dock, controller: Controller, present: Present, frame_map: FrameMapWidget
) -> None:
    """Shows the facts of the selected frame, else of the operation’s frame; expensive ones only while visible.

    The geometry of DRAM is that of the map.
    """
    from hwpoison_gui.view.facts.frame_facts import MOST_PTES, facts_of
    from hwpoison_gui.view.facts.place_in_dram import place_in_dram

    def show(stepping: bool = False) -> None:
        pfn, session, notes = present.frame, controller.session, controller.machine.notes
        if pfn == NONE:
            view.set_facts(None)
            dock.set_subject("")
            return
        m = session.machine
        graph = present.graph
        kind = kind_of_frame(m, pfn)
        was = present.state.kind if present.state is not None and graph is not None and graph.pfn == pfn else kind
        is_poisoned = kind.id == POISON
        dock.set_subject(f"{pfn:#x}  {kind_words(is_poisoned, was if is_poisoned else kind)}")
        users = graph.mappers if graph is not None and graph.pfn == pfn else None
        many = users is not None and len(users) > MOST_PTES
        if many or stepping:
            view.show_when_seen(lambda: facts_of(session, pfn, notes, users if many else None, was, place()))
        else:
            view.set_facts(facts_of(session, pfn, notes, was=was, place=place()))

    def place() -> Fact:
        return place_in_dram(frame_map.dram_geometry(), present.frame)

    LocalKeys(view, *MOVES, *PAGES)
    frame_map.dramGeometryChanged.connect(show)
    view.taskWanted.connect(controller.selection.select_task)
    dock.visibilityChanged.connect(lambda seen: view.answer() if seen else None)
    present.opened.connect(show)
    feed = present.feed(view)
    feed.moved.connect(lambda moved: show(stepping=not moved.acted))
    feed.looked.connect(show)
    show()
