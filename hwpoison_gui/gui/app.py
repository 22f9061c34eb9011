"""Starts the window: one application, its style, its last-resort handler, and the machine to show."""

from __future__ import annotations

import gc
import logging
import signal
import sys
from pathlib import Path
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from hwpoison_gui import __version__

BAD_FILE: Final = 2


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


def begin() -> None:
    """Call first: until the window is there, nothing is garbage, and looking for it takes a tenth of a start."""
    gc.disable()


def begun() -> None:
    """Call when the window is there: what the program is made of stays, and need not be looked through again."""
    gc.freeze()
    gc.enable()


def run(file: Path | None = None, *, live: bool = False) -> int:
    """Open the window and stay until it is closed; gives the exit status."""
    begin()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    app = application()
    from hwpoison_gui.gui import crash
    from hwpoison_gui.gui.main_window import MainWindow
    from hwpoison_gui.gui.opening import default_machine, open_file
    from hwpoison_gui.session.errors import ScenarioError
    from hwpoison_gui.sources.errors import SourceError

    crash.install()
    # Control-C in the terminal ends the program even while no Python code runs.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        opened = default_machine() if file is None else open_file(file)
    except (ScenarioError, SourceError) as error:
        print(error, file=sys.stderr)
        return BAD_FILE
    except OSError as error:
        print(f"{file}: cannot be read: {error.strerror or error}", file=sys.stderr)
        return BAD_FILE
    window = MainWindow(opened)
    window.show()
    QTimer.singleShot(0, begun)
    if live:
        window.dialogs.open_live()
    return app.exec()
