"""Connects the reverse-map panel: it follows the timeline position, and a click selects a process."""

from __future__ import annotations

from PySide6.QtCore import Qt

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
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
        operation = moment_of(session).operation
        about_it = operation is not None and operation.outcome.pfn == graph.pfn
        cost = walk_cost(session, operation) if operation is not None and about_it else ""
        dock.set_subject(f"who uses {graph.pfn:#x}" + (f"  ·  {cost}" if cost else ""))

    LocalKeys(view, *MOVES, *PAGES, Qt.Key.Key_Space)
    view.set_motion(not appearance.still)
    appearance.motionChanged.connect(view.set_motion)
    view.taskClicked.connect(controller.selection.select_task)
    controller.playback.phaseChanged.connect(view.set_phase)
    feed = present.feed(view)
    for changed in (present.opened, feed.changed):
        changed.connect(show)
    show()
