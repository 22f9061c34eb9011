"""The default places of the panels: right of the map, and below it under the playback row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QMargins, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

from hwpoison_gui.gui.look import theme as look

_NAMES: Final = 430  # width in which the reverse map shows names, at 100 % text
_LOW: Final = 680  # height below which the panels on the right are tabs of one place
_ABOVE: Final = 77  # height of menu and tool bar, at 100 % text
_BELOW: Final = 218  # height of lenses, legend, sentence, operations and timeline, at 100 % text
_EDGE: Final = 5  # width of the handle between panels


def _right_of_map(width: int) -> int:
    """Default width of the panels on the right, in a window of `width` pixels."""
    return max(min(look.px(_NAMES), width // 2), round(width * 0.41))


def _bottom_tables(height: int) -> int:
    """Default height of the panels at the bottom, in a window of `height` pixels."""
    return max(96, round(height * 0.17))


def around_the_map(width: int, height: int) -> QMargins:
    """About what default panels leave around the map, before they are created."""
    return QMargins(0, look.px(_ABOVE), _right_of_map(width) + _EDGE, look.px(_BELOW) + _bottom_tables(height))


def reset_docks(window: QMainWindow, stage: QDockWidget, docks: Mapping[str, QDockWidget]) -> None:
    """Places the playback row (`stage`) and all panels, by name."""
    from hwpoison_gui.gui.window.panels import TABLES

    right, bottom = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
    for dock in (stage, *docks.values()):
        dock.setFloating(False)
        window.removeDockWidget(dock)
    window.addDockWidget(right, docks["rmap"])
    window.splitDockWidget(docks["rmap"], docks["why"], Qt.Orientation.Vertical)
    for under in ("states", "frame"):
        window.tabifyDockWidget(docks["why"], docks[under])
    window.addDockWidget(bottom, stage)
    window.splitDockWidget(stage, docks["tasks"], Qt.Orientation.Vertical)
    window.splitDockWidget(docks["tasks"], docks["log"], Qt.Orientation.Horizontal)
    window.tabifyDockWidget(docks["log"], docks["notebook"])
    for under in TABLES:
        window.tabifyDockWidget(docks["tasks"], docks[under])
    width, height = window.width(), window.height()
    if height < _LOW * look.scale() ** 0.5:  # text is about half of what panels show
        for under in ("why", "states", "frame"):
            window.tabifyDockWidget(docks["rmap"], docks[under])
    for dock in (stage, *docks.values()):
        dock.show()
    for front in ("why", "rmap", "tasks", "log"):
        docks[front].raise_()
    window.resizeDocks([docks["rmap"]], [_right_of_map(width)], Qt.Orientation.Horizontal)
    window.resizeDocks([docks["rmap"], docks["why"]], [1, 1], Qt.Orientation.Vertical)
    window.resizeDocks([docks["tasks"]], [_bottom_tables(height)], Qt.Orientation.Vertical)
    window.resizeDocks([docks["tasks"], docks["log"]], [58, 42], Qt.Orientation.Horizontal)
