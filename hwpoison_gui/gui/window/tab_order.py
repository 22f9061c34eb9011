"""Focus order for Tab and F6 (tool bar, map, side panels, playback, bottom panels); hidden widgets are skipped.

Computed at every key press, since panels come and go. Qt's own chain follows the order of creation, and includes
panels behind other tabs and tab bars of single panels, which Qt does not hide but moves out of sight.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDockWidget,
    QMainWindow,
    QTabBar,
    QToolBar,
    QWidget,
)

Key = Qt.Key
_TAB = Qt.FocusPolicy.TabFocus
_BANDS = {
    Qt.DockWidgetArea.TopDockWidgetArea: 1,
    Qt.DockWidgetArea.LeftDockWidgetArea: 1,
    Qt.DockWidgetArea.RightDockWidgetArea: 3,
    Qt.DockWidgetArea.BottomDockWidgetArea: 4,
    Qt.DockWidgetArea.NoDockWidgetArea: 5,  # taken out, to be placed anew: Qt moves the focus meanwhile
}
_MIDDLE = 2
# Keys that these widgets handle while focused although they are shortcuts of commands.
# By the names of their classes, so that start-up imports no class that it does not show.
_OWN_KEYS: dict[str, frozenset[Qt.Key]] = {
    "QAbstractButton": frozenset({Key.Key_Space}),
    "QComboBox": frozenset({Key.Key_Space, Key.Key_Home, Key.Key_End, Key.Key_PageUp, Key.Key_PageDown}),
    "QTabBar": frozenset({Key.Key_Left, Key.Key_Right, Key.Key_Home, Key.Key_End, Key.Key_Space}),
}
_ARROWS = frozenset({Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down})
_LINE = 20  # pixels: widgets whose centres are in the same line are side by side


def reachable(window: QMainWindow) -> list[QWidget]:
    """All widgets that can take the focus now, in Tab order."""
    found = []
    for widget in window.findChildren(QWidget):
        if widget.window() is window and _takes_keys(widget) and not _out_of_sight(window, widget):
            found.append((_place(window, widget), widget))
    return [widget for _, widget in sorted(found, key=lambda pair: pair[0])]


def go_on(window: QMainWindow, forward: bool) -> bool:
    """Move the focus to the next or previous widget; return whether there is one."""
    order = reachable(window)
    if not order:
        return False
    at = _index(window, order, forward)
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    order[(at + (1 if forward else -1)) % len(order)].setFocus(reason)
    return True


def _index(window: QMainWindow, order: list[QWidget], forward: bool) -> int:
    """Position of the focus in the order, also if the focused widget is no Tab stop."""
    if (stop := _of(order)) is not None:
        return order.index(stop)
    focus = QApplication.focusWidget()
    if focus is None or focus.window() is not window:
        return -1 if forward else 0
    before = sum(_place(window, widget) < _place(window, focus) for widget in order)
    return before - 1 if forward else before


def next_panel(window: QMainWindow, forward: bool) -> None:
    """Move the focus to the next panel: to its content, else to its first Tab stop."""
    order = [widget for widget in reachable(window) if not isinstance(widget, QTabBar)]
    panels = list(dict.fromkeys(_panel(window, widget) for widget in order))
    if not panels:
        return
    focus = _of(order)
    at = panels.index(_panel(window, focus)) if focus is not None else -1 if forward else 0
    panel = panels[(at + (1 if forward else -1)) % len(panels)]
    inside = [widget for widget in order if _panel(window, widget) is panel]
    filling = panel.widget() if isinstance(panel, QDockWidget) else None
    filling = (filling.focusProxy() or filling) if filling is not None else None
    (filling if filling in inside else inside[0]).setFocus(Qt.FocusReason.TabFocusReason)


class OwnKeys(QObject):
    """Lets the focused widget handle keys that are shortcuts of commands: Space presses a button, arrows choose in a
    group.

    It filters the events of that widget alone: start-up brings a thousand events of the window.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._follow)

    def _follow(self, old: QWidget | None, now: QWidget | None) -> None:
        if old is not None:
            old.removeEventFilter(self)
        if now is not None and any(map(now.inherits, _OWN_KEYS)) and now.window() is self._window:
            now.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        kept = next((keys for kind, keys in _OWN_KEYS.items() if watched.inherits(kind)), frozenset[Qt.Key]())
        if isinstance(watched, QAbstractButton) and watched.group() is not None:
            kept |= _ARROWS
        if event.key() not in kept or event.modifiers():
            return False
        event.accept()
        return True


def _of(order: list[QWidget]) -> QWidget | None:
    """The widget of the order that has the focus, itself or in a child."""
    focus: QWidget | None = QApplication.focusWidget()
    while focus is not None and focus not in order:
        focus = focus.parentWidget()
    return focus


def _panel(window: QMainWindow, widget: QWidget) -> QWidget:
    """The top-level part of the window that contains a widget."""
    while (parent := widget.parentWidget()) is not None and parent is not window:
        widget = parent
    return widget


def _takes_keys(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & _TAB) and widget.isEnabled() and widget.isVisible() and not widget.focusProxy()


def _out_of_sight(window: QMainWindow, widget: QWidget) -> bool:
    return not QRect(widget.mapTo(window, QPoint()), widget.size()).intersects(window.rect())


def _place(window: QMainWindow, widget: QWidget) -> tuple[int, int, int, int, int]:
    """Sort key: band of the window, panel from left to right and top to bottom, place within the panel."""
    at, within = widget.mapTo(window, QPoint()), _panel(window, widget)
    line = (at.y() + widget.height() // 2) // _LINE
    if isinstance(within, QToolBar):
        return 0, at.x(), 0, 0, 0
    if isinstance(within, QDockWidget):
        corner = within.pos()
        return _BANDS[window.dockWidgetArea(within)], corner.x(), corner.y(), line, at.x()
    if isinstance(within, QTabBar):
        return _band_of(window, within), at.x(), at.y(), 0, 0
    return _MIDDLE, 0, line, at.x(), 0


def _band_of(window: QMainWindow, bar: QTabBar) -> int:
    """Band of the panels of a tab bar: it lies right below the front one."""
    for dock in window.findChildren(QDockWidget):
        if dock.x() == bar.x() and abs(dock.geometry().bottom() + 1 - bar.y()) <= 2:
            return _BANDS[window.dockWidgetArea(dock)]
    return _BANDS[Qt.DockWidgetArea.BottomDockWidgetArea]
