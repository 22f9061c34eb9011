"""The default places of the panels: right of the map, and below it under the playback row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QMargins, QPoint, QRect, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QWidget

from hwpoison_gui.gui.look import theme as look

if TYPE_CHECKING:
    from hwpoison_gui.gui.look.dock import Dock, Strip

_NAMES: Final = 430  # width in which the reverse map shows names, at 100 % text
_LOW: Final = 680  # height below which the panels on the right are tabs of one place
_ABOVE: Final = 77  # height of menu and tool bar, at 100 % text
_BELOW: Final = 72  # height of lenses and legend, at 100 % text
_PLAYBACK: Final = 122  # height of sentence, operations and timeline in a low window, at 100 % text
_AROUND_ROWS: Final = 78  # height of title bar, column names and tabs of a table, at 100 % text
_ROW: Final = 22
_ROWS: Final = ((1000, 9), (740, 6), (0, 3))  # rows that a table shows by the height of the window, at 100 % text
_EDGE: Final = 5  # width of the handle between panels


def _right_of_map(width: int) -> int:
    """Default width of the panels on the right, in a window of `width` pixels."""
    return max(min(look.px(_NAMES), width // 2), round(width * 0.41))


def below_the_map(height: int) -> int:
    """Default height of playback row and panels at the bottom together, in a window of `height` pixels."""
    rows = next(rows for least, rows in _ROWS if height >= look.px(least))
    return look.px(_PLAYBACK + _AROUND_ROWS + rows * _ROW)


def around_the_map(kept: str, width: int, height: int) -> QMargins:
    """Estimate the margins around the map before the panels are created: those at the last close (`kept`, as
    `left_around` gives it), else about those of the default panels.
    """
    if kept:
        return QMargins(*map(int, kept.split()))
    return QMargins(0, look.px(_ABOVE), _right_of_map(width) + _EDGE, look.px(_BELOW) + below_the_map(height))


def left_around(window: QWidget, frame_map: QWidget) -> str:
    """Pixels of the window around the map: left, above, right, below."""
    place = QRect(frame_map.mapTo(window, QPoint()), frame_map.size())
    right, below = window.width() - place.right() - 1, window.height() - place.bottom() - 1
    return f"{place.left()} {place.top()} {right} {below}"


def lay_out(window: QWidget, stage: QWidget, legend: QWidget) -> None:
    """Lay out all parts at once, so that they are painted once: the legend chooses its labels by its width."""
    for placed in (window, stage):
        layout = placed.layout()
        assert layout is not None
        layout.activate()
    legend.updateGeometry()  # QLayout ignores the request while it is being activated


def suit_stage(window: QMainWindow, stage: Strip, docks: Mapping[str, Dock]) -> None:
    """Adapt the height of the playback row; the panels below it give or take the difference."""
    bottom = Qt.DockWidgetArea.BottomDockWidgetArea
    shown = [dock for dock in docks.values() if dock.in_front and not dock.collapsed]
    below = [dock for dock in shown if window.dockWidgetArea(dock) is bottom]
    before = stage.height()
    heights = [dock.height() + tabs_below(window, dock) for dock in below]
    stage.suit()
    grown = stage.height() - before
    if window.dockWidgetArea(stage) is Qt.DockWidgetArea.NoDockWidgetArea:
        return  # the window is not complete yet
    wanted = [stage.height(), *(max(1, height - grown) for height in heights)]
    window.resizeDocks([stage, *below], wanted, Qt.Orientation.Vertical)


def is_low(window: QWidget) -> bool:
    """Return whether a window has no room for two panels above each other beside the map."""
    return window.height() < _LOW * look.scale() ** 0.5  # text is about half of what panels show


def reset_docks(window: QMainWindow, stage: QDockWidget, docks: Mapping[str, Dock]) -> None:
    """Place the playback row (`stage`) and all panels, by name."""
    from hwpoison_gui.gui.window.panels import AT_FIRST, WIDE

    right, bottom = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
    for dock in (stage, *docks.values()):
        if dock.isFloating():
            dock.setFloating(False)  # which gives any dock its window flags anew, and they are slow to set
        window.removeDockWidget(dock)
    for panel in docks.values():
        if panel.collapsed:
            panel.set_collapsed(False)
    window.addDockWidget(right, docks["rmap"])
    window.splitDockWidget(docks["rmap"], docks["why"], Qt.Orientation.Vertical)
    for under in ("states", "frame"):
        window.tabifyDockWidget(docks["why"], docks[under])
    window.addDockWidget(bottom, stage)
    window.splitDockWidget(stage, docks["tasks"], Qt.Orientation.Vertical)
    window.splitDockWidget(docks["tasks"], docks["log"], Qt.Orientation.Horizontal)
    window.tabifyDockWidget(docks["log"], docks["notebook"])
    for under in WIDE:
        window.tabifyDockWidget(docks["tasks"], docks[under])
    width, height = window.width(), window.height()
    if is_low(window):
        for under in ("why", "states", "frame"):
            window.tabifyDockWidget(docks["rmap"], docks[under])
    for dock in (stage, *(docks[name] for name in AT_FIRST)):
        dock.show()
    for front in ("why", "rmap", "tasks", "log"):
        docks[front].raise_()
    window.resizeDocks([docks["rmap"]], [_right_of_map(width)], Qt.Orientation.Horizontal)
    window.resizeDocks([docks["rmap"], docks["why"]], [1, 1], Qt.Orientation.Vertical)
    window.resizeDocks([docks["tasks"]], [below_the_map(height) - stage.height()], Qt.Orientation.Vertical)
    window.resizeDocks([docks["tasks"], docks["log"]], [58, 42], Qt.Orientation.Horizontal)


def tabs_below(window: QMainWindow, dock: Dock) -> int:
    """Height of the tab bar that a panel shares with others, 0 without; `resizeDocks` counts it as the panel's."""
    bars = [bar for bar in window.findChildren(QTabBar) if bar.parent() is window and bar.isVisible()]
    here = dock.geometry()
    below = here.translated(0, here.height()).adjusted(0, 0, 0, 3 - here.height())
    return next((bar.height() for bar in bars if bar.geometry().intersects(below)), 0)
