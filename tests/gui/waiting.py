"""Waiting for a condition, with the event loop turning."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QTimer

if TYPE_CHECKING:
    from hwpoison_gui.gui.compare.window import CompareWindow
    from hwpoison_gui.gui.window.main_window import MainWindow

PATIENCE = 60.0  # seconds: far above what a loaded machine needs; a broken test is the only one that waits so long


def until(condition: Callable[[], object]) -> None:
    """Turns the event loop until the condition holds.

    The condition is asked after each turn, and a turn fires a timer at most once: a state that lasts for one slice
    of long work is not missed, which polling by time would on a fast machine.

    Raises
    ------
    AssertionError
        If it does not hold within PATIENCE.
    """
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"still waiting after {PATIENCE:.0f} s"
        _turn()
        time.sleep(0.0005)


def comparison_of(window: MainWindow) -> CompareWindow:
    """The Compare window, once it is shown: it opens in a few turns of the event loop."""
    until(lambda: window.comparison.shown is not None and window.comparison.shown.isVisible())
    assert window.comparison.shown is not None
    return window.comparison.shown


def _turn() -> None:
    """One turn of a loop of its own: processEvents() alone never deletes what asked for deleteLater()."""
    loop = QEventLoop()
    QTimer.singleShot(0, loop.quit)
    loop.exec()
