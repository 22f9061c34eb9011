"""Work in a thread under a progress dialog, which can cancel it; the window cannot be used meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from hwpoison_gui.gui.control.worker import Work, Worker
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain_labels

if TYPE_CHECKING:
    from PySide6.QtWidgets import QProgressDialog

_SOON_MS: Final = 300


class Background(QObject):
    """Runs one piece of work at a time, with a progress dialog above `above`."""

    remains = "nothing was written"  # what holds after a cancellation

    refused = Signal(str, str)  # title, reason
    cancelled = Signal(str)  # argument: a sentence that says so
    ended = Signal()  # emitted when nothing runs any more, whatever the result

    def __init__(self, above: QWidget) -> None:
        super().__init__(above)
        self._above = above
        self._thread: Worker | None = None
        self._dialog: QProgressDialog | None = None
        self._title = ""
        self._take: Callable[[Any], None] = lambda _: None

    @property
    def busy(self) -> bool:
        return self._thread is not None

    def run(self, title: str, work: Work, take: Callable[[Any], None], *, writes: bool = False) -> None:
        """Start work. `title` describes it; `take` gets its result, unless it failed or was cancelled.

        `writes`: the work itself writes a file, so that its result counts also where the cancellation came too late.
        """
        if self.busy:
            return
        self._title, self._take = title, take
        from PySide6.QtWidgets import QProgressDialog  # imported here to keep start-up fast

        dialog = self._dialog = QProgressDialog(title, "Cancel", 0, 1000, self._above)
        plain_labels(dialog)
        dialog.setWindowTitle("hwpoison-gui")
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.setMinimumDuration(_SOON_MS)
        dialog.setMinimumWidth(look.px(420))
        dialog.setAutoClose(False)
        dialog.setAutoReset(False)
        dialog.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        dialog.setFocus()  # not the button: Enter or Space, pressed by habit, would cancel
        for button in dialog.findChildren(QPushButton):
            button.setAutoDefault(False)
        dialog.setValue(0)
        thread = self._thread = Worker(work, self)
        thread.progressed.connect(self._progressed)
        thread.made.connect(self._made)
        thread.refused.connect(self._refused)
        thread.cancelled.connect(self._cancelled)
        thread.late.connect(self._made if writes else self._cancelled)
        thread.finished.connect(self._finished)
        dialog.canceled.connect(thread.cancel)
        thread.start()

    def stop(self) -> None:
        """Cancel the work and wait for the thread; call before the window closes."""
        if self._thread is not None:
            self._thread.cancel()
            self._release()
            self.ended.emit()

    def _progressed(self, share: float, doing: str) -> None:
        if self._dialog is not None and not self._dialog.wasCanceled():
            self._dialog.setLabelText(f"{self._title}\n{doing}")
            self._dialog.setValue(min(999, round(share * 1000)))

    def _made(self, result: object) -> None:
        self._over(lambda: self._take(result))

    def _cancelled(self, *_: object) -> None:
        self._over(lambda: self.cancelled.emit(f"{self._title}: cancelled; {self.remains}."))

    def _refused(self, why: str) -> None:
        self._over(lambda: self.refused.emit(f"{self._title} failed", why))

    def _finished(self) -> None:
        self._over(lambda: None)  # an exception ended the work, or its result was reported before

    def _over(self, then: Callable[[], object]) -> None:
        """The work is over before `then` is called: other work may start there, or in an event right after it."""
        if self.sender() is not self._thread:
            return
        self._release()
        then()
        if not self.busy:
            self.ended.emit()

    def _release(self) -> None:
        """Close the dialog, and wait for the thread."""
        thread, dialog = self._thread, self._dialog
        self._thread = self._dialog = None
        if dialog is not None:
            dialog.reset()
            dialog.deleteLater()
        if thread is not None:
            thread.wait()
            thread.deleteLater()
