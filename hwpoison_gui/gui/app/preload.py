"""Imports what the first selection, click and file need, before they come: one module in a turn of the event loop.

Importing these modules would slow start-up, and later the first click.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from PySide6.QtCore import QObject

from hwpoison_gui.gui.control.slices import Slices, Work

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


def preload(above: QObject) -> Slices:
    """Do so once, after the window `above` is complete; with the window it ends."""
    slices = Slices(above, seconds=0.0)  # no time for a second module in the turn of the first
    slices.run(_importing, lambda _: None, after_ms=0)
    return slices


def _importing() -> Work:
    for name in _MODULES:
        import_module(f"hwpoison_gui.{name}")
        yield
