"""Starts the window: one application, its style, its last-resort handler, and the machine to show."""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from hwpoison_gui import __version__


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


def run(file: Path | None = None, *, live: bool = False) -> int:
    """Open the window and stay until it is closed; gives the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    app = application()
    from hwpoison_gui.gui import crash
    from hwpoison_gui.gui.main_window import MainWindow
    from hwpoison_gui.gui.opening import default_machine, open_file

    crash.install()
    # Control-C in the terminal ends the program even while no Python code runs.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    window = MainWindow(default_machine() if file is None else open_file(file))
    window.show()
    if live:
        window.dialogs.open_live()
    return app.exec()
