"""Imports what the first selection, click and file need, before they come: one module in a turn of the event loop.

Importing these modules would slow start-up, and later the first click.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Final

from PySide6.QtCore import QObject, QTimer

_MODULES: Final = (
    "view.outcome.loss",
    "view.outline.outline",
    "view.outcome.summary",
    "view.outcome.preview",
    "view.outcome.fates",
    "view.outcome.verdict",
    "session.ops",
    "session.scenario.available",
    "view.words.tables",
    "view.facts.touching",
    "opening.first_frames",
    "sources.recording",
)


class Preload(QObject):
    """Does so once, after the window `above` is complete; closing the window ends it."""

    def __init__(self, above: QObject) -> None:
        super().__init__(above)
        self._left: Iterator[str] = iter(_MODULES)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.step)
        self._timer.start(0)

    def step(self) -> bool:
        """Import the next module; return whether there was one."""
        name = next(self._left, None)
        if name is None:
            self._timer.stop()
            return False
        import_module(f"hwpoison_gui.{name}")
        return True
