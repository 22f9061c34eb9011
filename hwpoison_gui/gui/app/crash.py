"""Handles uncaught exceptions: they are logged and shown in a dialog. A crash of Qt leaves a traceback."""

from __future__ import annotations

import faulthandler
import sys
import threading
import traceback
from types import TracebackType

from PySide6 import __version__ as qt_version
from PySide6.QtCore import QObject, Qt, QThread, Signal
from PySide6.QtWidgets import QApplication

from hwpoison_gui import __version__


class _Hook(QObject):
    """Logs an uncaught exception of any thread, and reports it in the main thread."""

    reported = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.reported.connect(show, Qt.ConnectionType.QueuedConnection)

    def in_main(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.exit(130)
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        _log(text)
        if QApplication.instance() is not None:
            self.reported.emit(report(text))

    def in_thread(self, args: threading.ExceptHookArgs) -> None:
        self.in_main(args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)


def install() -> None:
    """Install the handlers; a QApplication must exist."""
    if not faulthandler.is_enabled() and sys.stderr is not None:
        faulthandler.enable()
    hook = _Hook()  # kept alive by the two references to its methods
    sys.excepthook = hook.in_main
    threading.excepthook = hook.in_thread


def _log(text: str) -> None:
    import logging

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    logging.getLogger("hwpoison_gui").critical("%s", text)


def report(trace: str) -> str:
    """The traceback, headed by the versions of everything involved."""
    import platform

    where = f"hwpoison-gui {__version__}, Python {platform.python_version()}, Qt {qt_version}, {platform.platform()}"
    return f"{where}\n\n{trace}"


def show(text: str) -> None:
    """Show a report in a dialog, unless one is open or this is not the main thread."""
    app = QApplication.instance()
    if app is None or QThread.currentThread() is not app.thread() or QApplication.activeModalWidget() is not None:
        return
    from PySide6.QtWidgets import QMessageBox

    box = QMessageBox(QMessageBox.Icon.Critical, "hwpoison-gui", "Something went wrong inside hwpoison-gui.")
    box.setInformativeText(
        "The window goes on, but what it shows may be wrong. The report below helps to find out why."
    )
    box.setDetailedText(text)
    copy = box.addButton("Copy report", QMessageBox.ButtonRole.ActionRole)
    copy.clicked.disconnect()
    copy.clicked.connect(lambda: QApplication.clipboard().setText(text))
    box.addButton(QMessageBox.StandardButton.Close)
    box.exec()
