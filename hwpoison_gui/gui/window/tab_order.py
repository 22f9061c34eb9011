"""The way of Tab, and of F6 by panels: tool bar, map, panels beside it, playback, panels below; only what is in sight.

Asked anew at every press, for panels come and go. Qt's own chain follows the order of creation, and does not know
that panels behind others, and the tab bars of panels that are alone, are only moved out of sight.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
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
}
_MIDDLE = 2
# Keys that these need for themselves while they have the keyboard, though the window has commands on them.
_OWN_KEYS: dict[type[QWidget], frozenset[Qt.Key]] = {
    QAbstractButton: frozenset({Key.Key_Space}),
    QComboBox: frozenset({Key.Key_Space, Key.Key_Home, Key.Key_End, Key.Key_PageUp, Key.Key_PageDown}),
    QTabBar: frozenset({Key.Key_Left, Key.Key_Right, Key.Key_Home, Key.Key_End, Key.Key_Space}),
}
_ARROWS = frozenset({Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down})
_LINE = 20  # pixels: what has its middle in the same line stands beside each other


def reachable(window: QMainWindow) -> list[QWidget]:
    """All that can have the keyboard now, in the order of Tab."""
    found = []
    for widget in window.findChildren(QWidget):
        if widget.window() is window and _takes_keys(widget) and not _out_of_sight(window, widget):
            found.append((_place(window, widget), widget))
    return [widget for _, widget in sorted(found, key=lambda pair: pair[0])]


def go_on(window: QMainWindow, forward: bool) -> bool:
    """Gives the keyboard to what comes next; tells whether there is anything."""
    order = reachable(window)
    if not order:
        return False
    at = _index(window, order, forward)
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    order[(at + (1 if forward else -1)) % len(order)].setFocus(reason)
    return True


def _index(window: QMainWindow, order: list[QWidget], forward: bool) -> int:
    """Where in the order the keyboard is, or would be: what has it may not be a stop of Tab itself."""
    if (stop := _of(order)) is not None:
        return order.index(stop)
    focus = QApplication.focusWidget()
    if focus is None or focus.window() is not window:
        return -1 if forward else 0
    before = sum(_place(window, widget) < _place(window, focus) for widget in order)
    return before - 1 if forward else before


def next_panel(window: QMainWindow, forward: bool) -> None:
    """Gives the keyboard to the next panel: to what fills it, else to the first that takes it there."""
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


def keeps(event: QKeyEvent) -> bool:
    """Whether who has the keyboard needs a key for itself: a button is pressed with Space, arrows choose among some."""
    focus = QApplication.focusWidget()
    kept = next((keys for kind, keys in _OWN_KEYS.items() if isinstance(focus, kind)), frozenset[Qt.Key]())
    if isinstance(focus, QAbstractButton) and focus.group() is not None:
        kept |= _ARROWS
    return event.key() in kept and not event.modifiers()


def _of(order: list[QWidget]) -> QWidget | None:
    """Which of them has the keyboard, itself or in a part of it."""
    focus: QWidget | None = QApplication.focusWidget()
    while focus is not None and focus not in order:
        focus = focus.parentWidget()
    return focus


def _panel(window: QMainWindow, widget: QWidget) -> QWidget:
    """The part of the window in which a widget lies."""
    while (parent := widget.parentWidget()) is not None and parent is not window:
        widget = parent
    return widget


def _takes_keys(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & _TAB) and widget.isEnabled() and widget.isVisible() and not widget.focusProxy()


def _out_of_sight(window: QMainWindow, widget: QWidget) -> bool:
    return not QRect(widget.mapTo(window, QPoint()), widget.size()).intersects(window.rect())


def _place(window: QMainWindow, widget: QWidget) -> tuple[int, int, int, int, int]:
    """Band of the window, then panel from left to right and from top to bottom, then place within the panel."""
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
    """The band of the panels that a tab bar belongs to: it lies right below the one in front."""
    for dock in window.findChildren(QDockWidget):
        if dock.x() == bar.x() and abs(dock.geometry().bottom() + 1 - bar.y()) <= 2:
            return _BANDS[window.dockWidgetArea(dock)]
    return _BANDS[Qt.DockWidgetArea.BottomDockWidgetArea]
