"""Menus in which no entry has an icon or a tick leave no room for them."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu


def trim(menu: QMenu) -> None:
    """Marks such a menu, and those below it, for the style sheet. Call when its entries are made."""
    plain = all(action.icon().isNull() and not action.isCheckable() for action in menu.actions())
    if bool(menu.property("plain")) != plain:
        menu.setProperty("plain", plain)
        menu.style().unpolish(menu)
        menu.style().polish(menu)
    for action in menu.actions():
        below = action.menu()
        if isinstance(below, QMenu):
            trim(below)
