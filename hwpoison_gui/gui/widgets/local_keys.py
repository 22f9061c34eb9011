"""Keys that a widget handles itself although they are shortcuts of window commands."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

Key = Qt.Key
MOVES: Final = (Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down)
# Home and End are not among them: in the window they are the first and the last step, as its menu says, and with
# Ctrl the first and the last row.
PAGES: Final = (Key.Key_PageUp, Key.Key_PageDown)


class LocalKeys(QObject):
    """Reserves keys while `widget` has the focus; with Ctrl or Alt they remain shortcuts."""

    def __init__(self, widget: QWidget, *keys: Qt.Key) -> None:
        super().__init__(widget)
        self._keys = frozenset(keys)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = not event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
            if plain and event.key() in self._keys:
                event.accept()
                return True
        return super().eventFilter(watched, event)
