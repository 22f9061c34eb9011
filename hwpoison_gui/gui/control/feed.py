"""Notifies panels of moves, a few of them in each turn of the event loop.

What the user did last is shown first, by the map and the bars. To bring all panels up to date then takes as long again
on a small machine, and 60 ms for a crowd of users: too long for the same turn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Signal

from hwpoison_gui.gui.control.notifier import MOST_STEPS, Moved, union
from hwpoison_gui.gui.control.slices import Slices, Work

_TURN: Final = 0.004  # seconds after which the next panel waits for the next turn
_AT_ONCE: Final = 0.0  # seconds of CPU time in the turn of the move itself


class Feed(QObject):
    """The notifications of one panel. They may be late, but are about the machine as it is when they are emitted.

    Each signal may have a turn of its own: a panel takes 20 ms for one of them where a crowd uses the frame.
    """

    moved = Signal(object)  # Moved: everything since the last notification
    looked = Signal()  # the selection or the theme has changed
    changed = Signal()  # emitted after one or both of these

    def __init__(self, panel: QObject) -> None:
        super().__init__(panel)
        self._moved: Moved | None = None
        self._looked = self._changed = False

    @property
    def is_late(self) -> bool:
        """Whether the panel has not been notified of everything."""
        return self._moved is not None or self._looked or self._changed

    def note(self, moved: Moved | None, looked: bool) -> None:
        """Keep a move, a look or both for the next notification."""
        self._looked = self._looked or looked
        if moved is not None:
            self._moved = moved if self._moved is None else together(self._moved, moved)

    def forget(self) -> None:
        """Drop what was kept: the panel shows another machine."""
        self._moved, self._looked, self._changed = None, False, False

    def notifying(self) -> Work:
        """Notify the panel of what was kept; yields between the signals."""
        if self._moved is not None:
            moved, self._moved, self._changed = self._moved, None, True
            self.moved.emit(moved)
            yield
        if self._looked:
            self._looked, self._changed = False, True
            self.looked.emit()
            yield
        if self._changed:
            self._changed = False
            self.changed.emit()


class Feeds(QObject):
    """The feeds of all panels, in the order of creation. `ready`: whether the machine can be read now."""

    def __init__(self, parent: QObject, ready: Callable[[], bool]) -> None:
        super().__init__(parent)
        self._feeds: list[Feed] = []
        self._turns = Slices(self, _TURN, ready)

    @property
    def late(self) -> bool:
        """Whether any panel still shows an earlier state."""
        return any(feed.is_late for feed in self._feeds)

    def add(self, panel: QObject) -> Feed:
        """Create the feed of a panel; it is removed with the panel."""
        feed = Feed(panel)
        self._feeds.append(feed)
        feed.destroyed.connect(lambda: self._feeds.remove(feed))
        return feed

    def forget(self) -> None:
        """Drop all pending notifications: the panels show another machine."""
        for feed in self._feeds:
            feed.forget()
        self._turns.give_up()

    def notify(self, moved: Moved | None, looked: bool) -> None:
        """Notify all panels of a move, a look or both, one after the other."""
        for feed in self._feeds:
            feed.note(moved, looked)
        if not self._turns.busy:  # else it goes on where it is, so that no panel has to wait while moves follow quickly
            self._go_on()

    def _go_on(self, _: bool = True) -> None:
        """Begin if a panel is late; there may have been moves since the last one was notified."""
        if self.late:
            self._turns.run(self._notifying, self._go_on, at_once=_AT_ONCE)

    def finish(self) -> None:
        """Notify the panels that are late now."""
        while self.late:
            for feed in tuple(self._feeds):
                for _ in feed.notifying():
                    pass

    def _notifying(self) -> Work:
        while self.late:
            for feed in tuple(self._feeds):
                yield
                for _ in feed.notifying() if feed in self._feeds else ():
                    yield
                    if feed not in self._feeds:  # its panel was deleted meanwhile
                        break


def together(one: Moved, other: Moved) -> Moved:
    """Two moves as one."""
    steps = None if one.steps is None or other.steps is None else one.steps + other.steps
    return Moved(
        union((one.pfns, other.pfns)),
        one.tables | other.tables,
        one.acted or other.acted,
        steps if steps is not None and len(steps) <= MOST_STEPS else None,
    )
