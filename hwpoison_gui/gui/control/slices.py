"""Long work in slices between events: the window stays responsive, and the work can be given up.

Work is a generator that yields now and then and leaves nothing half done when it is closed. What takes no longer
than a blink is done at once.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Generator
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

from hwpoison_gui.session.session import SLICE_SECONDS

Work = Generator[Any, None, None]  # what it yields says how far it is

_AT_ONCE: Final = 0.030  # seconds that work may take before the window handles other events
_SOON: Final = 0.1  # seconds after which progress is reported, and until it is reported again
_REST_MS: Final = 80  # until it is asked again whether the machine can be looked at


class Slices(QObject):
    """Runs one piece of work at a time, `seconds` in each turn of the event loop.

    `ready` says whether the machine can be looked at now. Where it cannot, what was found so far is out of date:
    the work is closed, and made again after a rest.
    """

    progressed = Signal(object)  # what the work yielded last, after a slice that did not end it

    def __init__(
        self, parent: QObject, seconds: float = SLICE_SECONDS, ready: Callable[[], bool] = lambda: True
    ) -> None:
        super().__init__(parent)
        self.seconds = seconds
        self._ready = ready
        self._make: Callable[[], Work] | None = None
        self._work: Work | None = None
        self._ended: Callable[[bool], None] = lambda _: None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._slice)

    @property
    def busy(self) -> bool:
        """Whether something is under way, or about to be."""
        return self._make is not None

    def run(self, make: Callable[[], Work], ended: Callable[[bool], None], after_ms: int | None = None) -> None:
        """Starts work in place of what is under way, which is given up.

        Parameters
        ----------
        make
            Makes the generator.
        ended
            Called with whether the work is complete; False where it was given up.
        after_ms
            Milliseconds of quiet before it starts; None: what can be done within a blink is done now.
        """
        self.give_up()
        self._make, self._ended = make, ended
        if after_ms is not None or not self._ready():
            self._timer.start(_REST_MS if after_ms is None else after_ms)
            return
        self._work = make()
        end = time.thread_time() + _AT_ONCE  # on a busy computer, too, short work is done at once
        self._go_on(lambda: time.thread_time() > end)

    def finish(self) -> None:
        """Does the rest of it now."""
        if self._make is not None:
            self._work = self._work or self._make()
            self._go_on(lambda: False)

    def give_up(self) -> None:
        """Closes the work where it is."""
        if self._make is not None:
            self._close()
            self._end(False)

    def _close(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            work.close()

    def _slice(self) -> None:
        assert self._make is not None
        if not self._ready():
            self._close()
            self._timer.start(_REST_MS)
            return
        self._work = self._work or self._make()
        end = time.monotonic() + self.seconds
        self._go_on(lambda: time.monotonic() > end)

    def _go_on(self, over: Callable[[], bool]) -> None:
        work = self._work
        assert work is not None
        try:
            for progress in work:
                if over():
                    self._timer.start(0)
                    self._report(progress)
                    return
        except BaseException:
            self._end(False)
            raise
        self._end(True)

    def _report(self, progress: object) -> None:
        self.progressed.emit(progress)

    def _end(self, complete: bool) -> None:
        self._timer.stop()
        self._make, self._work, ended = None, None, self._ended
        ended(complete)


class LongWork(Slices):
    """Work on the machine itself: one piece at a time, reported in words once it has taken a while.

    The garbage collector rests meanwhile: each slice makes thousands of records, and it would look through them all.
    """

    busyChanged = Signal(bool)  # of what is not done at once

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent, SLICE_SECONDS)
        self._said = 0.0
        self._told = False
        self._collects = True

    def start(self, work: Work, ended: Callable[[bool], None]) -> None:
        """Begins; nothing else may be under way."""
        assert not self.busy
        self._said = time.monotonic()
        self.seconds = SLICE_SECONDS
        self.run(lambda: work, ended)
        if self._work is work:
            self._collects = gc.isenabled()
            gc.disable()
            self._told = True
            self.busyChanged.emit(True)

    def _report(self, progress: object) -> None:
        now = time.monotonic()
        if now > self._said + _SOON:
            self._said = now
            self.progressed.emit(progress)

    def _end(self, complete: bool) -> None:
        told, self._told = self._told, False
        self._make = None  # who is told that it is over finds it so
        if told:
            self._timer.stop()
            gc.freeze()
            if self._collects:
                gc.enable()
            self.busyChanged.emit(False)
        super()._end(complete)
