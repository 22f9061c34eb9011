"""Keys common to all tables and the map: context menu of the current item, and sorting, also by a click on a head."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView

Key = Qt.Key
_MENUS: Final = (QKeyCombination(Key.Key_Menu), QKeyCombination(Qt.KeyboardModifier.ShiftModifier, Key.Key_F10))
_ENDS: Final = (Key.Key_Home, Key.Key_End)
_SORTING: Final = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
_ORDERS: Final = {Key.Key_Up: Qt.SortOrder.AscendingOrder, Key.Key_Down: Qt.SortOrder.DescendingOrder}


def wants_menu(event: QKeyEvent) -> bool:
    """Return whether a key asks for the context menu; Shift+F10 gives no context menu event."""
    return event.keyCombination() in _MENUS


def to_an_end(view: QAbstractItemView, event: QKeyEvent) -> bool:
    """Make the first or the last row current by Ctrl+Home or Ctrl+End; return whether the key was for that."""
    key, model, here = Key(event.key()), view.model(), view.currentIndex()
    plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if plain != Qt.KeyboardModifier.ControlModifier or key not in _ENDS or not model.rowCount():
        return False
    view.setCurrentIndex(model.index(0 if key == Key.Key_Home else model.rowCount() - 1, max(0, here.column())))
    return True


def let_sort(view: QTableView) -> None:
    """Have a click on a head sort a table, and then show the selected current row if it was in view, else the first."""
    header, seen = view.horizontalHeader(), False

    def before() -> None:
        nonlocal seen
        here = view.currentIndex()
        seen = view.selectionModel().isSelected(here) and view.viewport().rect().intersects(view.visualRect(here))

    def after() -> None:
        view.scrollTo(view.currentIndex()) if seen else view.scrollToTop()

    header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)  # else the view sorts by the first column at once
    header.setSortIndicatorClearable(True)
    header.sortIndicatorChanged.connect(before)
    view.setSortingEnabled(True)  # connects what sorts, after the one and before the other
    header.sortIndicatorChanged.connect(after)


def sort_by_key(view: QTableView, event: QKeyEvent) -> bool:
    """Sorts by the column of the current cell; returns whether the key was for that."""
    order, index = _ORDERS.get(Key(event.key())), view.currentIndex()
    plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if plain != _SORTING or order is None or not index.isValid():
        return False
    view.sortByColumn(index.column(), order)
    view.scrollTo(view.currentIndex())
    return True
