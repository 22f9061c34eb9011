"""Loads a machine in a thread (a file, or this computer's own memory), with progress and cancellation."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QProgressDialog, QWidget

from hwpoison_gui.gui.control.worker import Cancelled, Progress, Worker
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.opening import Opened
from hwpoison_gui.view.map.plane import FramePlane

Work = Callable[[Progress, Cancelled], Opened]
_SOON_MS = 300


def with_plane(opened: Opened) -> Opened:
    """Adds the map's per-frame data: for tens of millions of frames it must not be built in the GUI thread."""
    m = opened.session.machine
    return opened._replace(plane=FramePlane(m.flags.view, m.refcount.view, m.mapcount.view))


class Loader(QObject):
    """Loads one machine at a time, with a progress dialog above `above`; the present machine stays open meanwhile."""

    loaded = Signal(object)  # the Opened, if `start` was given no `show`
    refused = Signal(str, str)  # title, reason

    def __init__(self, above: QWidget) -> None:
        super().__init__(above)
        self._above = above
        self._thread: Worker | None = None
        self._dialog: QProgressDialog | None = None
        self._title = ""
        self._show: Callable[[Opened], None] = self.loaded.emit

    @property
    def busy(self) -> bool:
        return self._thread is not None

    def start(self, title: str, work: Work, show: Callable[[Opened], None] | None = None) -> None:
        """Starts loading. `title` describes it; `show` takes the machine (default: `loaded` is emitted)."""
        if self.busy:
            return
        self._title = title
        self._show = show or self.loaded.emit
        dialog = self._dialog = QProgressDialog(title, "Cancel", 0, 1000, self._above)
        dialog.setWindowTitle("hwpoison-gui")
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.setMinimumDuration(_SOON_MS)
        dialog.setMinimumWidth(look.px(420))
        dialog.setAutoClose(False)
        dialog.setAutoReset(False)
        dialog.setValue(0)
        thread = self._thread = Worker(lambda progress, cancelled: with_plane(work(progress, cancelled)), self)
        thread.progressed.connect(self._progressed)
        thread.made.connect(self._loaded)
        thread.refused.connect(self._refused)
        thread.finished.connect(self._finished)
        dialog.canceled.connect(thread.cancel)
        thread.start()

    def stop(self) -> None:
        """Cancels loading and waits for the thread; call before the window closes."""
        if self._thread is not None:
            self._thread.cancel()
            self._thread.wait()
            self._finished()

    def _progressed(self, share: float, doing: str) -> None:
        if self._dialog is not None and not self._dialog.wasCanceled():
            self._dialog.setLabelText(f"{self._title}\n{doing}")
            self._dialog.setValue(min(999, round(share * 1000)))

    def _loaded(self, opened: Opened) -> None:
        self._show(opened)

    def _refused(self, why: str) -> None:
        self.refused.emit(f"{self._title}: not possible", why)

    def _finished(self) -> None:
        thread, dialog = self._thread, self._dialog
        self._thread = self._dialog = None
        if dialog is not None:
            dialog.reset()
            dialog.deleteLater()
        if thread is not None:
            thread.wait()
            thread.deleteLater()
