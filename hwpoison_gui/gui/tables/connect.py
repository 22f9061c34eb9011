"""Connects the panels of the kernel log and of the selected frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.widgets.local_keys import MOVES, PAGES, LocalKeys
from hwpoison_gui.view.base.kinds import POISON
from hwpoison_gui.view.rmap.compound import kind_of_frame, kind_words
from hwpoison_gui.view.rows.log import listed_lines, log_lines, newest_lines, step_of_line

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.gui.tables.inspector import Inspector
    from hwpoison_gui.gui.tables.log import LogView
    from hwpoison_gui.view.facts.frame_facts import Fact


def connect_log(view: LogView, controller: Controller, present: Present) -> None:
    """Show the kernel log and keep it up to date; a double click on a line goes to the step that printed it."""

    first = 0

    def show() -> None:
        nonlocal first
        session = controller.session
        first, lines = listed_lines(session)
        view.set_lines(lines, frozenset(number - first for number in newest_lines(session)))

    def show_frame() -> None:
        view.show_frame(present.frame)

    def go_to(line: int) -> None:
        position = step_of_line(controller.session, first + line)
        if position is not None:
            controller.show_step(position)

    LocalKeys(view, *MOVES, *PAGES)
    view.whole = lambda: log_lines(controller.session)
    view.lineActivated.connect(go_to)
    feed = present.feed(view)
    for changed in (present.opened, feed.moved):
        changed.connect(show)
    for changed in (present.opened, feed.changed):
        changed.connect(show_frame)
    show()
    show_frame()


def connect_inspector(
    view: Inspector, dock: Dock, controller: Controller, present: Present, frame_map: FrameMapWidget
) -> None:
    """Show the facts of the selected frame, else of the operation’s frame; expensive ones only while visible.

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
