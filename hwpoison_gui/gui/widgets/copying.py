"""Copies a part of the window as text: Ctrl+C where the focus is, and an entry of the context menu."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import TYPE_CHECKING
from weakref import WeakMethod

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from hwpoison_gui.gui.look.plain_menu import trim
from hwpoison_gui.gui.widgets.table_keys import wants_menu

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMenu

_COPY = QKeySequence.StandardKey.Copy


class Copying(QObject):
    """Lets the user copy what is selected of `widget`, or all of it.

    It does not keep the widget alive, whose child it is: a cycle would leave the end of the widget and of what it
    shows to the garbage collector, which takes them apart in any order.

    Parameters
    ----------
    name
        What it is, as `Copy all of NAME` says it.
    chosen, whole
        The selected part and everything as plain text, tables tab-separated; empty where there is nothing. Methods,
        or functions that refer to no widget.
    has_menu
        The widget has a context menu of its own: only Ctrl+C is handled here.
    """

    menuWanted = Signal(QPoint)  # where on the screen; while `other_menu` is set

    def __init__(
        self,
        widget: QWidget,
        name: str,
        chosen: Callable[[], str],
        whole: Callable[[], str],
        has_menu: bool = False,
    ) -> None:
        super().__init__(widget)
        self._name, self._has_menu = name, has_menu
        self.other_menu = False  # whether another object shows a larger menu that includes copying
        self._chosen, self._whole = _weak(chosen), _weak(whole)
        widget.installEventFilter(self)
        if not has_menu:
            widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            widget.customContextMenuRequested.connect(self._popup)

    @property
    def entries(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        """Entries of the menu while something is selected: (text, function)."""
        return ("Copy", self.copy), (f"Copy all of {self._name}", lambda: _put(self._whole()))

    def copy(self) -> None:
        """Copy what is selected, or everything where nothing is."""
        _put(self._chosen() or self._whole())

    def menu(self) -> QMenu:
        """The context menu."""
        from PySide6.QtWidgets import QMenu

        menu = QMenu(self._widget())
        if self._chosen():
            for text, run in self.entries:
                menu.addAction(f"{text}\tCtrl+C" if text == "Copy" else text, run)
        else:
            action = menu.addAction(f"Copy {self._name}\tCtrl+C", self.copy)
            if not self._whole():
                action.setEnabled(False)
                action.setToolTip("There is nothing to copy yet.")
                menu.setToolTipsVisible(True)
        trim(menu)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _popup(self, where: QPoint) -> None:
        widget = self._widget()
        if widget is not None:
            pointed = widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
            if self.other_menu:
                self.menuWanted.emit(pointed.mapToGlobal(where))
            else:
                self.menu().popup(pointed.mapToGlobal(where))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(watched, QWidget) and isinstance(event, QKeyEvent):
            return self._key(watched, event)
        return False

    def _widget(self) -> QWidget | None:
        found = self.parent()
        return found if isinstance(found, QWidget) else None

    def _key(self, widget: QWidget, event: QKeyEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and event.matches(_COPY):
            event.accept()
            return True
        if event.type() != QEvent.Type.KeyPress:
            return False
        if event.matches(_COPY):
            self.copy()
            return True
        if wants_menu(event) and event.key() != Qt.Key.Key_Menu and not self._has_menu:  # that key gives an event
            self._popup(widget.rect().center())
            return True
        return False


def _weak(text: Callable[[], str]) -> Callable[[], str]:
    """A bound method that does not keep its object alive; empty text once that is gone. Others as they are."""
    if not isinstance(text, MethodType):
        return text
    method = WeakMethod(text)

    def now() -> str:
        found = method()
        return found() if found is not None else ""

    return now


def _put(text: str) -> None:
    if text:
        QGuiApplication.clipboard().setText(text)
