"""A line above the map that says what kind of machine is open, such as a copy of the real memory."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from hwpoison_gui.gui.look import icons
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.view.base.palette import DARK, Theme


class Banner(QWidget):
    """An icon, a headline with a sentence below it, and buttons on the right."""

    def __init__(self, icon: str, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._icon_name = icon
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("banner")
        self.icon = QLabel(self)
        self.head = QLabel(self)
        self.line = QLabel(self)
        for label in (self.head, self.line):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.line.setWordWrap(True)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(look.MEDIUM, look.TIGHT, look.MEDIUM, look.TIGHT)
        self._row.setSpacing(look.SMALL)
        self._row.addWidget(self.icon)
        texts = QVBoxLayout()  # beside each other they would have no room over a narrow map
        texts.setSpacing(0)
        texts.addWidget(self.head)
        texts.addWidget(self.line)
        self._row.addLayout(texts, 1)
        self.set_theme(theme)
        self.hide()

    def add_button(self, action: QAction) -> None:
        """Add a button for an action, on the right."""
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setObjectName("boxed")
        self._row.addWidget(button)

    def set_theme(self, theme: Theme) -> None:
        self.head.setFont(look.font(look.BODY, QFont.Weight.DemiBold))
        self.line.setFont(look.font(look.BODY))
        self.icon.setPixmap(icons.pixmap(self._icon_name, theme.warn, look.px(18), self.devicePixelRatioF()))
        self.setStyleSheet(f"#banner {{ background: {theme.raised}; border-bottom: 1px solid {theme.line}; }}")

    def show_words(self, head: str, line: str = "", tip: str = "") -> None:
        """Show a headline and a sentence, of which `tip` says more; hide without a headline."""
        self.head.setText(head)
        self.line.setText(line)
        self.setVisible(bool(head))
        self.setToolTip(plain(tip) if tip else "")
        self.setAccessibleDescription(tip)
        self.setAccessibleName(f"{head}. {line}" if head else "")
