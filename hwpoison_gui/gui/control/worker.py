"""A thread for work that reads no widget and no open machine, with progress and cancellation."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QObject, Qt, QThread, Signal

from hwpoison_gui.collector import Pause
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.sources.errors import CancelledError, LivePermissionError, SourceError

Progress = Callable[[float, str], None]
Cancelled = Callable[[], bool]
Work = Callable[[Progress, Cancelled], object]

_BETWEEN: Final = 0.05  # seconds from one report of progress to the next: each has the window paint
_TURN: Final = 0.01  # seconds of work, after which the events of the window go first
_PATIENCE: Final = 0.25  # seconds of waiting for it


class Worker(QThread):
    """Runs `work`; emits progress, then its result or the reason why there is none.

    Both threads need the interpreter lock, and each call of Qt gives it away and waits up to 5 ms to have it back: a
    paint of a few hundred calls would take a second. So at its reports and checks the work stands still until the
    window's thread has handled its events.

    After a cancellation it emits that it was cancelled; or, where the work had ended by then, its result as `late`.

    `work` is called with a function that reports the share done and what is being done, and one that says whether it
    was cancelled; it raises CancelledError then.
    """

    progressed = Signal(float, str)
    made = Signal(object)
    refused = Signal(str)
    cancelled = Signal()
    late = Signal(object)
    _asked = Signal()

    def __init__(self, work: Work, parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self._cancelled = threading.Event()
        self._pause: Pause | None = None
        self._said = self._turn_ends = 0.0
        self._answered = threading.Event()
        self._is_awaited = False  # whether the window's thread waits for it and cannot handle events
        self._asked.connect(self._answer, Qt.ConnectionType.QueuedConnection)
        self.finished.connect(self._ended)  # in the main thread, to which this object belongs

    def start(self, priority: QThread.Priority = QThread.Priority.InheritPriority) -> None:
        if self._pause is None:
            # Begun and ended in the main thread, before the thread starts and after it has ended.
            self._pause = Pause()
            pause = self._pause
            self.destroyed.connect(lambda: pause.end())  # its window may go before the end was reported
        super().start(priority)

    def wait(self, *limit: Any) -> bool:
        """Wait as QThread does. The collector goes on at once: the thread may be deleted before `finished`."""
        self._is_awaited = True
        self._answered.set()
        over = super().wait(*limit)
        self._is_awaited = False
        if over:
            self._ended()
        return over

    def _ended(self) -> None:
        if self._pause is not None:
            self._pause.end()
            self._pause = None

    @property
    def is_cancelled(self) -> bool:
        """Whether cancellation was requested."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Request cancellation; the thread ends at its next check."""
        self._cancelled.set()

    def _report(self, share: float, doing: str) -> None:
        now = time.monotonic()
        if now > self._said + _BETWEEN:
            self._said = now
            self.progressed.emit(share, doing)
        self._give_way()

    def _check(self) -> bool:
        self._give_way()
        return self.is_cancelled

    def _give_way(self) -> None:
        """Wait until the window's thread has handled the events that it has by now."""
        if time.monotonic() < self._turn_ends:
            return
        self._answered.clear()
        if not (self._is_awaited or self.is_cancelled):  # read after clear(), as wait() sets it before set()
            self._asked.emit()
            self._answered.wait(_PATIENCE)
        self._turn_ends = time.monotonic() + _TURN

    def _answer(self) -> None:
        self._answered.set()

    def run(self) -> None:
        try:
            result = self._work(self._report, self._check)
        except CancelledError:
            self.cancelled.emit()
        except (ScenarioError, SourceError, OSError) as error:
            self.refused.emit(_why(error))
        else:
            (self.late if self.is_cancelled else self.made).emit(result)


def _why(error: Exception) -> str:
    """An error in words."""
    if isinstance(error, LivePermissionError):
        remedy = error.remedy.replace("`", "")
        return f"{error.path}: {error.missing}\n\n{remedy}\n\nThe machine shown stays as it is."
    if isinstance(error, OSError):
        return f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")
    return str(error)
