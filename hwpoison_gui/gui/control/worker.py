"""A thread for work that reads no widget and no open machine, with progress and cancellation."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal

from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.sources.errors import CancelledError, LivePermissionError, SourceError

Progress = Callable[[float, str], None]
Cancelled = Callable[[], bool]
Work = Callable[[Progress, Cancelled], object]


class Worker(QThread):
    """Runs `work`; emits progress, then its result or the reason why there is none. Nothing follows a cancellation.

    `work` is called with a function that reports the share done and what is being done, and one that says whether it
    was cancelled; it raises CancelledError then.
    """

    progressed = Signal(float, str)
    made = Signal(object)
    refused = Signal(str)

    def __init__(self, work: Work, parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Requests cancellation; the thread ends at its next check."""
        self._cancelled.set()

    def run(self) -> None:
        try:
            result = self._work(self.progressed.emit, self._cancelled.is_set)
        except CancelledError:
            return
        except (ScenarioError, SourceError, OSError) as error:
            self.refused.emit(_why(error))
        else:
            if not self._cancelled.is_set():
                self.made.emit(result)


def _why(error: Exception) -> str:
    """An error in words."""
    if isinstance(error, LivePermissionError):
        remedy = error.remedy.replace("`", "")
        return f"{error.path}: {error.missing}\n\n{remedy}\n\nThe machine shown stays as it is."
    if isinstance(error, OSError):
        return f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")
    return str(error)
