"""A thread for work that reads no widget and no open machine, with progress and cancellation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from hwpoison_gui.collector import Pause
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.sources.errors import CancelledError, LivePermissionError, SourceError

Progress = Callable[[float, str], None]
Cancelled = Callable[[], bool]
Work = Callable[[Progress, Cancelled], object]


class Worker(QThread):
    """Runs `work`; emits progress, then its result or the reason why there is none.

    After a cancellation it emits that it was cancelled; or, where the work had ended by then, its result as `late`.

    `work` is called with a function that reports the share done and what is being done, and one that says whether it
    was cancelled; it raises CancelledError then.
    """

    progressed = Signal(float, str)
    made = Signal(object)
    refused = Signal(str)
    cancelled = Signal()
    late = Signal(object)

    def __init__(self, work: Work, parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self._cancelled = threading.Event()
        self._pause: Pause | None = None
        self.finished.connect(self._ended)  # in the main thread, to which this object belongs

    def start(self, priority: QThread.Priority = QThread.Priority.InheritPriority) -> None:
        if self._pause is None:
            # Begun and ended in the main thread, before the thread starts and after it has ended.
            self._pause = Pause()
            pause = self._pause
            self.destroyed.connect(lambda: pause.end())  # with its window, before it was heard that it has finished
        super().start(priority)

    def wait(self, *limit: Any) -> bool:
        """As of QThread. The collector goes on at once: whoever waits may delete the thread before `finished` comes."""
        over = super().wait(*limit)
        if over:
            self._ended()
        return over

    def _ended(self) -> None:
        if self._pause is not None:
            self._pause.end()
            self._pause = None

    def cancel(self) -> None:
        """Requests cancellation; the thread ends at its next check."""
        self._cancelled.set()

    def run(self) -> None:
        try:
            result = self._work(self.progressed.emit, self._cancelled.is_set)
        except CancelledError:
            self.cancelled.emit()
        except (ScenarioError, SourceError, OSError) as error:
            self.refused.emit(_why(error))
        else:
            (self.late if self._cancelled.is_set() else self.made).emit(result)


def _why(error: Exception) -> str:
    """An error in words."""
    if isinstance(error, LivePermissionError):
        remedy = error.remedy.replace("`", "")
        return f"{error.path}: {error.missing}\n\n{remedy}\n\nThe machine shown stays as it is."
    if isinstance(error, OSError):
        return f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")
    return str(error)
