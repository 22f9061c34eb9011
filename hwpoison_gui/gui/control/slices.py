"""Runs long work in time slices between events, so that the window stays responsive and the work can be cancelled.

Work is a generator that yields regularly and cleans up when closed. Short work is completed at once.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Generator
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

from hwpoison_gui.collector import Pause
from hwpoison_gui.session.session import SLICE_SECONDS

Work = Generator[Any, None, None]  # yields its progress

_DONE: Final[Work] = (None for _ in ())  # complete; its end has yet to be reported
_AT_ONCE: Final = 0.030  # seconds of work before the window handles other events
BESIDE_SECONDS: Final = 0.008  # seconds of work in each turn of the event loop, for what is computed besides other work
_SOON: Final = 0.1  # seconds before progress is reported, and between two reports
_REST_MS: Final = 80  # delay before `ready` is asked again


def after_next_turn(owner: QObject, then: Callable[[], None]) -> None:
    """Call `then` after the next turn of the event loop, so that events pending now are handled first."""
    QTimer.singleShot(0, owner, lambda: QTimer.singleShot(0, owner, then))


class Slices(QObject):
    """Runs one generator at a time, for `seconds` in each turn of the event loop.

    `ready` says whether the machine can be read now. If not, partial results are out of date: the work is closed
    and restarted later. `at_once`: seconds of CPU time before the window handles other events, at first.
    """

    progressed = Signal(object)  # the value yielded last, after each slice but the final one

    def __init__(
        self,
        parent: QObject,
        seconds: float = SLICE_SECONDS,
        ready: Callable[[], bool] = lambda: True,
        at_once: float | None = None,
    ) -> None:
        super().__init__(parent)
        self.seconds = seconds
        self._at_once = at_once
        self._ready = ready
        self._make: Callable[[], Work] | None = None
        self._work: Work | None = None
        self._ended: Callable[[bool], None] = lambda _: None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._slice)

    @property
    def busy(self) -> bool:
        """Whether work is running or scheduled."""
        return self._make is not None

    def run(
        self,
        make: Callable[[], Work],
        ended: Callable[[bool], None],
        after_ms: int | None = None,
        at_once: float | None = None,
    ) -> None:
        """Start work; work that is running is given up.

        Parameters
        ----------
        make
            Creates the generator.
        ended
            Called at the end: True if the work was completed, False if it was given up.
        after_ms
            Delay in milliseconds, restarted by each call; None: a first slice runs now.
        at_once
            Length of that slice in seconds of CPU time; None: as given to the constructor.
        """
        self.give_up()
        self._make, self._ended = make, ended
        if after_ms is not None or not self._ready():
            self._timer.start(_REST_MS if after_ms is None else after_ms)
            return
        self._work = make()
        at_once = self._at_once if at_once is None else at_once
        # CPU time: short work is completed at once on a loaded computer, too.
        end = time.thread_time() + (_AT_ONCE if at_once is None else at_once)
        if self._go_on(lambda: time.thread_time() > end):
            self._end(True)

    def finish(self) -> None:
        """Complete the work now."""
        if self._make is not None:
            self._work = self._work or self._make()
            self._go_on(lambda: False)
            self._end(True)

    def give_up(self) -> None:
        """Cancel the work."""
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
        if self._work is _DONE:
            self._end(True)
            return
        self._work = self._work or self._make()
        end = time.monotonic() + self.seconds
        if self._go_on(lambda: time.monotonic() > end):
            self._work = _DONE
            self._timer.start(0)  # what the end sets off takes its time, too: it gets a turn of its own

    def _go_on(self, over: Callable[[], bool]) -> bool:
        """Do some of the work; tell whether that was all of it."""
        work = self._work
        assert work is not None
        try:
            for progress in work:
                if over():
                    self._timer.start(0)
                    self._report(progress)
                    return False
        except BaseException:
            self._end(False)
            raise
        return True

    def _report(self, progress: object) -> None:
        self.progressed.emit(progress)

    def _end(self, complete: bool) -> None:
        self._timer.stop()
        self._make, self._work, ended = None, None, self._ended
        ended(complete)


class LongWork(Slices):
    """Work on the machine itself. Progress is reported in words, once the work has taken a while.

    The garbage collector is off meanwhile: each slice creates thousands of records, which it would scan.
    """

    busyChanged = Signal(bool)  # not emitted for work that is completed at once

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent, SLICE_SECONDS)
        self._said = 0.0
        self._told = False
        self._pauses = pauses = set[Pause]()  # one while work is running
        self.destroyed.connect(lambda: _end_all(pauses))  # with its window, in the middle of work

    def start(self, work: Work, ended: Callable[[bool], None], at_once: float | None = None) -> None:
        """Start work; none may be running. `at_once`: see `run`."""
        assert not self.busy
        self._said = time.monotonic()
        self.seconds = SLICE_SECONDS
        pause = Pause()
        self._pauses.add(pause)
        try:
            self.run(lambda: work, ended, at_once=at_once)
        finally:
            if self._work is not work:
                pause.end()
                self._pauses.discard(pause)
        if self._work is work:
            self._told = True
            self.busyChanged.emit(True)

    def _report(self, progress: object) -> None:
        now = time.monotonic()
        if now > self._said + _SOON:
            self._said = now
            self.progressed.emit(progress)

    def _end(self, complete: bool) -> None:
        told, self._told = self._told, False
        self._make = None  # listeners of busyChanged must see that the work is over
        if told:
            self._timer.stop()
            gc.freeze()
            _end_all(self._pauses)
            self.busyChanged.emit(False)
        super()._end(complete)


def _end_all(pauses: set[Pause]) -> None:
    while pauses:
        pauses.pop().end()
