"""Connects the reverse-map panel: it follows the timeline position, and a click selects a process."""

from __future__ import annotations

from PySide6.QtCore import Qt

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.rmap.view import RmapView
from hwpoison_gui.gui.widgets.local_keys import MOVES, PAGES, LocalKeys
from hwpoison_gui.view.base.moment import moment_of
from hwpoison_gui.view.walk.cost import walk_cost


def connect_rmap(view: RmapView, dock: Dock, controller: Controller, present: Present, appearance: Appearance) -> None:
    """Show the present state and keep the view up to date."""

    def show() -> None:
        graph, session = present.graph, controller.session
        view.set_walk(graph, present.state, present.colours, controller.selection.task)
        if graph is None:
            dock.set_subject("")
            return
        operation, selected = moment_of(session).operation, controller.selection.frame
        handled = operation.outcome.pfn if operation is not None else None
        cost = walk_cost(session, operation) if operation is not None and handled == graph.pfn else ""
        other = ""
        if selected not in (NONE, graph.pfn):
            other = f"{selected:#x} is selected"
        elif selected == graph.pfn and handled not in (None, selected):  # the sentence may be about that frame
            other = "the selected frame"
        dock.set_subject("  ·  ".join(filter(None, (f"who uses {graph.pfn:#x}", other, cost))))

    LocalKeys(view, *MOVES, *PAGES, Qt.Key.Key_Space)
    view.set_motion(not appearance.still)
    appearance.motionChanged.connect(view.set_motion)
    view.taskClicked.connect(controller.selection.select_task)
    controller.playback.phaseChanged.connect(view.set_phase)
    feed = present.feed(view)
    for changed in (present.opened, feed.changed):
        changed.connect(show)
    show()
