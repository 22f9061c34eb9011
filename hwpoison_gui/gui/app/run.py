"""Starts the window: one application, its style, and its last-resort handler."""

from __future__ import annotations

import gc
import logging
import signal
import sys

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from hwpoison_gui import __version__
from hwpoison_gui.gui.app import crash
from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.opening import Opened


def application() -> QApplication:
    """The one QApplication, with the program's name and style."""
    app = QApplication.instance()
    if app is None:
        app = QApplication(sys.argv[:1])
        QApplication.setStyle("Fusion")
        app.setApplicationName("hwpoison-gui")
        app.setApplicationDisplayName("hwpoison-gui")
        app.setApplicationVersion(__version__)
        app.setOrganizationName("hwpoison-gui")
        app.setDesktopFileName("io.github.hwpoison_gui")
    assert isinstance(app, QApplication)
    return app


def begun() -> None:
    """Call when the window is there: what the program is made of stays, and need not be looked through again."""
    gc.freeze()
    gc.enable()


def run(opened: Opened, *, live: bool = False) -> int:
    """Open the window and stay until it is closed; gives the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    app = application()
    crash.install()
    # Control-C in the terminal ends the program even while no Python code runs.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    window = MainWindow(opened)
    window.show()
    QTimer.singleShot(0, begun)
    if live:
        window.machines.open_live()
    return app.exec()
