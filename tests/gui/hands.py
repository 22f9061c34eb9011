"""A mouse and a keyboard: events at a place of the screen, given to the window there and found their way by Qt.

Nothing is called on the program. A window manager is played where the offscreen screen has none: who closes a
window finds the one below it in front.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QWindow
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QComboBox, QMenu, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from tests.gui import eyes
from tests.gui.fingers import QtFingers, XFingers
from tests.gui.waiting import until

Key = Qt.Key
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NO, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


class Person:
    """Somebody in front of a window, with two hands and two eyes."""

    def __init__(self, qtbot: QtBot, window: QWidget) -> None:
        self.qtbot, self.window = qtbot, window
        self.fingers = XFingers() if QGuiApplication.platformName() == "xcb" else QtFingers()
        self.settle()

    # -- the screen

    @property
    def front(self) -> QWidget:
        """What takes the mouse and the keyboard: a menu, a dialog, or the window."""
        app = QApplication
        front = app.activePopupWidget() or app.activeModalWidget() or app.activeWindow()
        if front is None or not front.isVisible():
            dialogs = [one for one in app.topLevelWidgets() if one.isVisible() and one.parent() is not None]
            front = dialogs[-1] if dialogs else self.window
            front.activateWindow()
            self.settle()
        return front

    def _handle(self) -> QWindow:
        self._held = self.front  # its handle does not outlive what Python knows of it
        handle = self._held.windowHandle()
        assert handle is not None
        return handle

    def settle(self) -> None:
        self.fingers.settle()

    def until(self, seen: Callable[[], object]) -> None:
        """Waits as somebody does who looks on."""
        until(seen)

    # -- the keyboard

    def press(self, key: Key, keys: Qt.KeyboardModifier = NO) -> None:
        self.fingers.key(self._handle(), key, keys)
        self.settle()

    def press_for_menu(self, key: Key, then: Callable[[], None]) -> None:
        """A key to a button that is busy for as long as its menu is open, and what is done meanwhile."""

        def do() -> None:
            if QApplication.activePopupWidget() is None:
                QTimer.singleShot(10, self.window, do)
                return
            try:
                then()
            finally:
                while (left := QApplication.activePopupWidget()) is not None:
                    left.close()

        QTimer.singleShot(0, self.window, do)
        self.press(key)

    def type(self, text: str) -> None:
        for letter in text:
            self.fingers.letter(self._handle(), letter)
        self.settle()

    # -- the mouse

    def _place(self, widget: QWidget, at: QPoint | None) -> QPoint:
        """A point of a widget on what is in front; it must be in sight there."""
        at = widget.rect().center() if at is None else at
        assert widget.window() is self.front, f"{widget} is behind {self.front}"
        assert widget.visibleRegion().contains(at), f"{at} of {widget} cannot be seen"
        return widget.mapTo(widget.window(), at)

    def point(self, widget: QWidget, at: QPoint | None = None) -> None:
        """The pointer goes to a place."""
        self.fingers.move(self._handle(), self._place(widget, at))
        self.settle()

    def click(self, widget: QWidget, at: QPoint | None = None, button: Qt.MouseButton = LEFT, keys=NO) -> None:
        self.point(widget, at)
        self.fingers.click(self._handle(), self._place(widget, at), button, keys)
        self.settle()

    def double_click(self, widget: QWidget, at: QPoint | None = None) -> None:
        self.point(widget, at)
        self.fingers.double_click(self._handle(), self._place(widget, at))
        self.settle()

    def wheel(self, widget: QWidget, notches: int, at: QPoint | None = None) -> None:
        self.point(widget, at)
        self.fingers.turn(self._handle(), self._place(widget, at), notches)
        self.settle()

    # -- things known by their words

    def button(self, words: str, among: QWidget | None = None) -> QAbstractButton:
        """A button that can be seen and says, or is called, that; it may take a moment to appear."""
        found: list[QAbstractButton] = []

        def look() -> bool:
            for one in (among or self.front).findChildren(QAbstractButton):
                said = f"{one.text()}\n{one.accessibleName()}".replace("&", "")
                if eyes.in_sight(one) and re.search(words, said, re.MULTILINE):
                    found.append(one)
            return bool(found)

        self.until(look)
        return found[0]

    def tab(self, words: str) -> None:
        """A click on a tab."""
        for bar in self.window.findChildren(QTabBar):
            for number in range(bar.count()) if eyes.in_sight(bar) else ():
                if bar.tabText(number) == words:
                    self.click(bar, bar.tabRect(number).center())
                    return
        raise AssertionError(f"no tab says {words!r}")

    def row(self, view: QAbstractItemView, words: str, column: int = 0) -> QPoint:
        """The middle of a cell in the row of a word, on the view's viewport."""
        return view.visualRect(eyes.index_of(view, words, column)).center()

    def choose(self, *path: str) -> None:
        """Entries of the menu that is open, and of the menus under them."""
        for words in path:
            menu = self.front
            assert isinstance(menu, QMenu), menu
            action = next((one for one in menu.actions() if re.search(words, one.text().replace("&", ""))), None)
            assert action is not None, f"no entry says {words!r} in {eyes.read(menu)}"
            assert action.isEnabled(), action.toolTip()
            under = action.menu()
            self.click(menu, menu.actionGeometry(action).center())
            if under is not None:
                self.until(under.isVisible)

    def pick(self, box: QComboBox, words: str) -> None:
        """An entry of a list that opens under a box."""
        self.click(box)
        view = box.view()
        self.until(view.isVisible)
        self.click(view.viewport(), self.row(view, words))

    # -- reading

    def reads(self, widget: QWidget | None = None) -> str:
        """All words that can be seen, of a part or of everything in front."""
        return eyes.read(widget or self.front)

    def reads_to_the_end(self, view: QAbstractItemView) -> list[str]:
        """All rows of a table: with the wheel from its top to its bottom."""
        self.wheel(view.viewport(), 200)
        rows = eyes.rows_in_view(view)
        while view.verticalScrollBar().value() < view.verticalScrollBar().maximum():
            self.wheel(view.viewport(), -1)
            rows += [row for row in eyes.rows_in_view(view) if row not in rows]
        return rows
