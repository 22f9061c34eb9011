"""Tells panels that the machine has moved: all at once, or each in a turn of the event loop of its own.

To redraw one panel for a crowd of users takes 10 ms, and all of them 60: too long for a window that is to answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, Signal

from hwpoison_gui.gui.control.notifier import MOST_STEPS, Moved
from hwpoison_gui.gui.control.slices import Slices, Work

_TURN: Final = 0.008  # seconds after which the next panel waits for the next turn


class Feed(QObject):
    """What one panel listens to. It may be late, but what it says is of the machine as it is then."""

    moved = Signal(object)  # Moved: everything since the last one
    looked = Signal()  # the selection or the theme has changed

    def __init__(self, panel: QObject) -> None:
        super().__init__(panel)
        self._moved: Moved | None = None
        self._looked = False

    @property
    def is_late(self) -> bool:
        """Whether there is something that the panel was not told yet."""
        return self._moved is not None or self._looked

    def note(self, moved: Moved | None) -> None:
        """Something is to be told: a move, or None for a look."""
        if moved is None:
            self._looked = True
        else:
            self._moved = moved if self._moved is None else together(self._moved, moved)

    def forget(self) -> None:
        """There is another machine, and the panel knows it."""
        self._moved, self._looked = None, False

    def tell(self) -> None:
        """Tells the panel."""
        moved, looked = self._moved, self._looked
        self.forget()
        if moved is not None:
            self.moved.emit(moved)
        if looked:
            self.looked.emit()


class Feeds(QObject):
    """The feeds of all panels, in the order in which they were made. `ready`: whether the machine can be read now."""

    def __init__(self, parent: QObject, ready: Callable[[], bool]) -> None:
        super().__init__(parent)
        self._feeds: list[Feed] = []
        self._turns = Slices(self, _TURN, ready, at_once=0.0)

    @property
    def late(self) -> bool:
        """Whether a panel shows what was, and will be told."""
        return any(feed.is_late for feed in self._feeds)

    def add(self, panel: QObject) -> Feed:
        """A feed for a panel, which ends with it."""
        feed = Feed(panel)
        self._feeds.append(feed)
        feed.destroyed.connect(lambda: self._feeds.remove(feed))
        return feed

    def forget(self) -> None:
        """There is another machine, and all panels know it."""
        self._turns.give_up()
        for feed in self._feeds:
            feed.forget()

    def tell(self, moved: Moved | None, *, in_turn: bool) -> None:
        """Tells all panels of a move, or of a look (None): now, or one after the other (`in_turn`)."""
        for feed in self._feeds:
            feed.note(moved)
        if in_turn:
            self._turns.run(self._telling, lambda _: None)
            return
        self._turns.give_up()
        for feed in tuple(self._feeds):
            feed.tell()

    def finish(self) -> None:
        """Tells those that were not told yet."""
        self._turns.finish()

    def _telling(self) -> Work:
        for feed in tuple(self._feeds):
            yield
            if feed.is_late:
                feed.tell()


def together(one: Moved, other: Moved) -> Moved:
    """Two moves as one."""
    steps = None if one.steps is None or other.steps is None else one.steps + other.steps
    return Moved(
        # Not np.union1d: it would load numpy.ma.
        np.array(sorted({*one.pfns.tolist(), *other.pfns.tolist()}), np.int64),
        one.tables | other.tables,
        one.acted or other.acted,
        steps if steps is not None and len(steps) <= MOST_STEPS else None,
    )
