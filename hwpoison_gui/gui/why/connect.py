"""Connects the panels that explain the handler: the outline of its decisions and the state table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.widgets.local_keys import MOVES, PAGES, LocalKeys
from hwpoison_gui.view.base.moment import moment_of, title_in
from hwpoison_gui.view.outline.outline import outline_for

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.gui.why.state_table import StateTableView
    from hwpoison_gui.gui.why.view import DecisionView


def connect_why(view: DecisionView, dock: Dock, controller: Controller, present: Present) -> None:
    """Show the outline of the present operation, or of the handler at rest, and keep it up to date."""

    def show() -> None:
        session = controller.session
        operation = moment_of(session).operation
        view.set_moment(outline_for(session, operation), session.position)
        if operation is not None and session.position == operation.last:
            from hwpoison_gui.view.outcome.loss import ending_of, loss_of

            loss = loss_of(session, operation)
            view.set_ending(ending_of(loss) if loss else ())
        dock.set_subject(title_in(session, operation) if operation else "not running")

    LocalKeys(view, *MOVES, *PAGES, Qt.Key.Key_Plus, Qt.Key.Key_Minus)
    view.seekRequested.connect(controller.seek)
    feed = present.feed(view)
    for changed in (present.opened, feed.changed):
        changed.connect(show)
    show()


def connect_states(view: StateTableView, controller: Controller, present: Present) -> None:
    """Show the state table for the frame of the present operation, else for the selected one; keep it up to date."""

    from hwpoison_gui.view.outline.state_rows import table_for

    def show() -> None:
        view.set_table(table_for(controller.session, controller.selection.frame))

    LocalKeys(view.view, *MOVES, *PAGES)
    view.seekRequested.connect(controller.seek)
    feed = present.feed(view)
    for changed in (present.opened, feed.changed):
        changed.connect(show)
    show()
