"""Long work in slices between events: the window stays alive, says how far it is, and can give it up.

What is done within a blink is done at once, and nobody hears of it.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Generator
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from hwpoison_gui.session.session import SLICE_SECONDS

Work = Generator[str, None, None]  # says in words how far it is; closed, it leaves everything as it should be

_AT_ONCE: Final = 0.030  # seconds that work may take before the window breathes
_SOON: Final = 0.1  # seconds after which it is said how far it is, and until it is said again


class Slices(QObject):
    """One piece of work at a time."""

    busyChanged = Signal(bool)
    progressed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work: Work | None = None
        self._ended: Callable[[bool], None] = lambda _: None
        self._said = 0.0
        self._collects = True
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._slice)

    @property
    def busy(self) -> bool:
        """Whether something is under way."""
        return self._work is not None

    def run(self, work: Work, ended: Callable[[bool], None]) -> None:
        """Begins; `ended` hears whether the work came to its end or was given up."""
        assert not self.busy
        self._work, self._ended, self._said = work, ended, time.monotonic()
        end = time.thread_time() + _AT_ONCE  # on a busy computer, too, short work is done at once
        self._go_on(lambda: time.thread_time() > end)
        if self._work is work:
            self._collects = gc.isenabled()
            gc.disable()  # thousands of new records in each slice: the collector would look through all of them
            self._timer.start()
            self.busyChanged.emit(True)

    def finish(self) -> None:
        """The rest of it is done now."""
        if self._work is not None:
            self._go_on(lambda: False)

    def give_up(self) -> None:
        """The work is closed where it is; what that means is its own affair."""
        if self._work is not None:
            self._work.close()
            self._end(False)

    def _slice(self) -> None:
        end = time.monotonic() + SLICE_SECONDS
        self._go_on(lambda: time.monotonic() > end)

    def _go_on(self, over: Callable[[], bool]) -> None:
        assert self._work is not None
        try:
            for words in self._work:
                if over():
                    self._tell(words)
                    return
        except BaseException:
            self._end(False)
            raise
        self._end(True)

    def _tell(self, words: str) -> None:
        now = time.monotonic()
        if now > self._said + _SOON:
            self._said = now
            self.progressed.emit(words)

    def _end(self, complete: bool) -> None:
        self._work, ended, told = None, self._ended, self._timer.isActive()
        self._timer.stop()
        if told:
            gc.freeze()
            if self._collects:
                gc.enable()
            self.busyChanged.emit(False)
        ended(complete)
