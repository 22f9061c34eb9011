"""Data that the panels share about the present timeline position, computed once for all of them.

Panels connect to this object, not to the controller: when its signals are emitted, the shared data is up to date.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.feed import Feed, Feeds
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.view.base.moment import moment_of
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.facts.groundwork import is_long, prepare
from hwpoison_gui.view.rmap.graph import ReverseMap
from hwpoison_gui.view.walk.state import WalkState, frames_concerned, map_for, state_of


class Present(QObject):
    """Holds the reverse map shown, its state, and the colours of its processes.

    Map, bars and commands listen to its signals; a panel that may be late has a `feed`.
    """

    opened = Signal()  # another machine; implies `moved` and `looked`, which are not emitted
    moved = Signal(object)  # Moved: the machine has changed
    looked = Signal()  # the selection or the theme has changed
    changed = Signal()  # emitted after one or both of these

    def __init__(self, controller: Controller, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._controller, self._theme = controller, theme
        self.graph: ReverseMap | None = None
        self.state: WalkState | None = None  # state of the walk over `graph`
        self.numbers: dict[int, int] = {}  # tgid -> number of its colour
        self.colours: dict[int, str] = {}  # tgid -> its colour in the theme
        self._seen = NONE  # the frame selected when this was asked last
        self._left: tuple[Operation, int] | None = None  # an operation, and the frame selected while it went on
        self._feeds = Feeds(self, lambda: not controller.busy)
        controller.prepare = lambda far: prepare(controller.session, self._asked_for(), far)
        controller.is_crowded = self._is_crowded
        controller.leaving.connect(self._forget)
        controller.opened.connect(self._opened)
        controller.changed.connect(self._changed)

    @property
    def frame(self) -> int:
        """The frame that panels and commands are about: the selected one, else that of the operation, else NONE."""
        selected = self._controller.selection.frame
        return selected if selected != NONE or self.graph is None else self.graph.pfn

    def feed(self, panel: QObject) -> Feed:
        """The notifications of a panel, in place of `moved` and `looked`; they come in the next turns."""
        return self._feeds.add(panel)

    @property
    def late(self) -> bool:
        """Whether any panel still shows an earlier state."""
        return self._feeds.late

    def finish(self) -> None:
        """Make all panels show the present state."""
        self._feeds.finish()

    def set_theme(self, theme: Theme) -> None:
        """Recompute the colours."""
        self._theme = theme
        self.colours = theme.of_tasks(self.numbers)
        self._notify(None, looked=True)

    def show_machine(self) -> None:
        """Make all listeners show the machine; call once they are connected."""
        self._opened()

    def _forget(self) -> None:
        """The machine goes, and its frame numbers with it: others may hear of the next one before this object."""
        self.graph = self.state = self._left = None
        self.numbers, self.colours = {}, {}

    def _opened(self) -> None:
        self._update()
        self._feeds.forget()
        self.opened.emit()

    def _changed(self, moved: Moved | None, looked: bool) -> None:
        self._update()
        self._notify(moved, looked)

    def _notify(self, moved: Moved | None, looked: bool) -> None:
        if moved is not None:
            self.moved.emit(moved)
        if looked:
            self.looked.emit()
        self.changed.emit()
        self._feeds.notify(moved, looked)

    def _is_crowded(self) -> bool:
        return is_long(self._controller.session, self._asked_for())

    def _update(self) -> None:
        session = self._controller.session
        graph = map_for(session, self._asked_for())
        if graph is not self.graph:
            self.graph = graph
            self.numbers = graph.numbers if graph is not None else {}
            self.colours = self._theme.of_tasks(self.numbers)
        self.state = state_of(session, graph) if graph is not None else None
        operation = moment_of(session).operation
        if operation is not None:
            from hwpoison_gui.view.outcome.loss import note_beginning

            note_beginning(session, operation)

    def _asked_for(self) -> int:
        """Return the selected frame; NONE where the operation's map stays at its end: another was selected within.

        The sentence then speaks of the tasks of that map. It goes once a frame is selected after the end.
        """
        session, selected = self._controller.session, self._controller.selection.frame
        moment = moment_of(session)
        if selected != self._seen:
            self._seen = selected
            self._left = (moment.operation, selected) if moment.operation is not None and not moment.at_end else None
        if not moment.at_end or self._left != (moment.operation, selected):
            return selected
        concerned = frames_concerned(session, self._left[0])
        return NONE if concerned and selected not in concerned else selected
