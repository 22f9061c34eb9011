"""Starts the application and its window; the map is shown before the rest of the window is created."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from hwpoison_gui import __version__
from hwpoison_gui.gui.app import crash
from hwpoison_gui.gui.look.settings import START_WITH, WITH_LAST, WITH_PAGE
from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.opening.opening import Opened, nobody_cancels, nobody_waits
from hwpoison_gui.opening.start import Start, start_of
from hwpoison_gui.terminal import GOOD, complain
from hwpoison_gui.view.map.layouts import BY_ZONE

_UNSEEN_MS: Final = 500  # delay until a window is completed even if it was not painted, being minimized or covered
_IDLE_MS: Final = 300  # delay after which a complete window looks for unsaved work


def application() -> QApplication:
    """The QApplication, created with the program's name and style if there is none."""
    app = QApplication.instance()
    if app is None:
        # Not setStyle(): it returns a QStyle, and PySide then creates the 566 constants of that class.
        app = QApplication([*sys.argv[:1], "-style", "Fusion"])
        app.setApplicationName("hwpoison-gui")
        app.setApplicationDisplayName("hwpoison-gui")
        app.setApplicationVersion(__version__)
        app.setOrganizationName("hwpoison-gui")
        app.setDesktopFileName("io.github.hwpoison_gui")
    assert isinstance(app, QApplication)
    return app


class AfterPaint(QObject):
    """Calls `then` once, in the turn of the event loop after `widget` was first painted."""

    def __init__(self, widget: QWidget, then: Callable[[], None]) -> None:
        super().__init__(widget)
        self._then: Callable[[], None] | None = then
        widget.installEventFilter(self)
        self._unseen = QTimer(self)
        self._unseen.setSingleShot(True)
        self._unseen.timeout.connect(self._go_on)
        self._unseen.start(_UNSEEN_MS)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self, self._go_on)
        return False

    def _go_on(self) -> None:
        self._unseen.stop()
        then, self._then = self._then, None
        if then is not None:
            then()


def begin(start: Start, then: Callable[[MainWindow], None], *, page: bool = False) -> MainWindow:
    """Show a window with the map alone, and complete it after that is painted; then call `then` with it.

    `page`: nothing was asked for: the user's setting decides between start page, the last file, and the map.
    """

    def complete() -> None:
        if start.picture is None:
            show(start.open(nobody_waits, nobody_cancels))
        else:
            _open_large(window, start, show)

    def show(opened: Opened) -> None:
        window.complete(opened)
        if failed:
            from hwpoison_gui.gui.widgets.messages import show_error

            show_error(window, failed[0], failed[1])
        then(window)

    window = MainWindow()
    first: QWidget = window.map.view.viewport()
    wanted = window.settings.get(START_WITH) if page else ""
    failed: tuple[str, ...] = ()
    if wanted == WITH_LAST:
        last, failed = _last()
        start, wanted = (start, WITH_PAGE) if last is None else (last, wanted)
    if wanted == WITH_PAGE:
        window.show_start_page()
        assert window.starting is not None
        first = window.starting.page
    else:
        columns, picture = start.columns, start.picture
        if picture is not None and window.map.layout_name == BY_ZONE:
            columns = columns._replace(zone_starts=picture.zone_starts())
        window.show_frames(columns, picture.plane if picture is not None else None)
    AfterPaint(first, complete)
    window.show()
    return window


def _open_large(window: MainWindow, start: Start, show: Callable[[Opened], None]) -> None:
    """Open a machine in a thread, under the picture of its frames. The program ends if there is none."""
    from hwpoison_gui.gui.control.loader import Loader

    status = GOOD

    def refuse(_: str, why: str) -> None:
        nonlocal status
        status = complain(why)

    def take(opened: Opened) -> None:
        loader.ended.disconnect(leave)
        show(opened)

    def leave() -> None:
        QApplication.exit(status)

    loader = Loader(window)
    loader.refused.connect(refuse)
    loader.ended.connect(leave)
    loader.start(start.title, start.open, take)


def _last() -> tuple[Start | None, tuple[str, ...]]:
    """The file that was open last; None if there is none, and a title and a message if it cannot be opened."""
    from hwpoison_gui.opening.opening import open_file
    from hwpoison_gui.session.document.recent import recent_files
    from hwpoison_gui.session.errors import ScenarioError
    from hwpoison_gui.sources.errors import SourceError

    path = next((path for path in (Path(one.path) for one in recent_files()) if path.exists()), None)
    if path is None:
        return None, ()
    try:
        return start_of(open_file(path)), ()
    except (ScenarioError, SourceError, OSError) as error:
        return None, (f"Cannot open {path.name}", str(error))


def _offer_recovery(window: MainWindow) -> None:
    """Offer unsaved work of a program that died; not over the stage, where an audience sees it."""
    if window.presentation.shown is not None:
        window.presentation.shown.left.connect(window.keeping.offer_recovery)
    else:
        window.keeping.offer_recovery()


def _idle(window: MainWindow) -> None:
    """Do the work that start-up defers: modules, tips, the theme of the desktop, and the offer to recover."""
    from hwpoison_gui.gui.app.preload import preload
    from hwpoison_gui.gui.window.dialogs import term_tips

    preload(window)
    term_tips.explain(window, *window.explained_parts)
    window.appearance.ask_desktop()
    _offer_recovery(window)


def run(start: Start, *, live: bool = False, present: bool = False, at_moment: bool = False, page: bool = False) -> int:
    """Open the window and run until it is closed. Returns the exit status.

    `present`: on the stage, and `at_moment`: not from the beginning, but at the machine's timeline position.
    `page`: nothing was asked for, and the start page offers what there is.
    """

    def begun(window: MainWindow) -> None:
        # The objects of the program itself are permanent and need not be scanned again.
        gc.freeze()
        gc.enable()
        if live:
            window.machines.open_live()
        if start.second is not None:
            window.snapshots.open(start.second, given=True)
        if present:
            window.presentation.begin(at_moment)
        QTimer.singleShot(_IDLE_MS, window, partial(_idle, window))

    app = application()
    crash.install()
    # Control-C in the terminal ends the program even while no Python code runs.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    window = begin(start, begun, page=page)
    status = app.exec()
    del window
    return status
