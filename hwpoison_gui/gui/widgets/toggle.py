"""A toggle button; a tick, not colour alone, shows that it is on."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QWidget


class Toggle(QToolButton):
    """Stays as it was pressed."""

    def __init__(self, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = words
        self.setCheckable(True)
        self.setObjectName("boxed")
        self.setAccessibleName(words)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.toggled.connect(self._say)
        self._say(False)

    def _say(self, on: bool) -> None:
        self.setText(f"✓ {self._words}" if on else f"   {self._words}")
