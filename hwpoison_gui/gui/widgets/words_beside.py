"""Words beside a table, which are scrolled in a low window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.view.base.palette import DARK, Theme


class WordsBeside(QScrollArea):
    """A line that answers what was asked, and notes below it."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = DARK
        self._is_wrong = False
        self.answer = QLabel(self)
        self.answer.setWordWrap(True)
        self.notes = QLabel(self)
        self.notes.setWordWrap(True)
        self.notes.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.notes.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.notes.setAccessibleName(name)
        words = QWidget(self)
        column = QVBoxLayout(words)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.TIGHT)
        column.addWidget(self.answer)
        column.addWidget(self.notes, 1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(words)
        self.setAccessibleName(name)
        self.setAccessibleDescription("Scrolls the words beside the numbers")

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.notes.setFont(look.font(look.CAPTION))
        self.say(self.answer.text(), self._is_wrong)

    def say(self, text: str, is_wrong: bool = False) -> None:
        """Say the answer, or what is wrong with what was asked."""
        self._is_wrong = is_wrong
        self.answer.setText(text)
        look.ink(self.answer, self._theme.warn if is_wrong else self._theme.muted)
