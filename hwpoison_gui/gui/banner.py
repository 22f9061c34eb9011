"""A banner above the map: the machine has panicked, or what is shown is a copy of the real memory."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from hwpoison_gui.gui import icons
from hwpoison_gui.gui import theme as look
from hwpoison_gui.view.palette import DARK, Theme


class Banner(QWidget):
    """An icon, a headline, a line below it, and buttons on the right. `loud`: in the colour of kills."""

    def __init__(self, icon: str, loud: bool = False, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._icon_name, self._loud = icon, loud
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("banner")
        self.icon = QLabel(self)
        self.head = QLabel(self)
        self.line = QLabel(self)
        for label in (self.head, self.line):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words = QVBoxLayout()
        words.setSpacing(look.HAIR)
        words.addWidget(self.head)
        words.addWidget(self.line)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(look.LARGE, look.SMALL, look.LARGE, look.SMALL)
        self._row.setSpacing(look.MEDIUM)
        self._row.addWidget(self.icon)
        self._row.addLayout(words, 1)
        self.buttons: list[QToolButton] = []
        self.set_theme(theme)
        self.hide()

    def add_button(self, action) -> None:
        """A button for an action, on the right."""
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setObjectName("bannerButton")
        self._row.addWidget(button)
        self.buttons.append(button)

    def set_theme(self, theme: Theme) -> None:
        ground = theme.kill if self._loud else theme.raised
        ink = theme.ink_on(ground) if self._loud else theme.text
        self.head.setFont(look.font(1.35 if self._loud else look.BODY, QFont.Weight.Bold))
        self.line.setFont(look.mono(look.BODY) if self._loud else look.font(look.BODY))
        self.icon.setPixmap(icons.pixmap(self._icon_name, ink, 32 if self._loud else 20, self.devicePixelRatioF()))
        self.setStyleSheet(
            f"#banner {{ background: {ground}; border-bottom: 1px solid {theme.line}; }}"
            f"#banner QLabel {{ color: {ink}; background: transparent; }}"
            f"#bannerButton {{ color: {ink}; border: 1px solid {ink}; border-radius: 4px;"
            f" padding: {look.TIGHT}px {look.MEDIUM}px; }}"
        )

    def show_words(self, head: str, line: str = "") -> None:
        """Appears, with these words; with no headline it goes."""
        self.head.setText(head)
        self.line.setText(line)
        self.line.setVisible(bool(line))
        self.setVisible(bool(head))
        self.setAccessibleName(f"{head} {line}".strip())
