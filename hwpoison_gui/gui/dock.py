"""A panel of the window: a quiet head with its name, and beside it what it is about at the moment."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QSizePolicy, QWidget

from hwpoison_gui.gui import theme as look
from hwpoison_gui.view.palette import DARK, Theme


class DockHead(QWidget):
    """Name on the left, subject beside it. Dragging it moves the panel."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = QLabel(title, self)
        self.subject = QLabel(self)
        for label in (self.name, self.subject):
            label.setTextFormat(Qt.TextFormat.PlainText)
            # The dock moves by its head: the labels must not take the mouse.
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        # Long words must not make the panel wider: a click would move everything.
        self.subject.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(look.MEDIUM, look.TIGHT, look.MEDIUM, look.TIGHT)
        row.setSpacing(look.SMALL)
        row.addWidget(self.name)
        row.addWidget(self.subject, 1)
        self.row = row

    def set_theme(self, theme: Theme) -> None:
        self.name.setFont(look.font(look.BODY, QFont.Weight.DemiBold))
        self.subject.setFont(look.font(look.CAPTION))
        self.subject.setStyleSheet(f"color: {theme.muted}")


class Dock(QDockWidget):
    """A panel that can be moved, floated and closed."""

    def __init__(self, name: str, title: str, content: QWidget, parent: QWidget, theme: Theme = DARK) -> None:
        super().__init__(title, parent)
        self.setObjectName(name)
        self.head = DockHead(title, self)
        self.setTitleBarWidget(self.head)
        self.setWidget(content)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self.head.set_theme(theme)

    def set_subject(self, text: str) -> None:
        """What the panel shows now."""
        if self.head.subject.text() != text:
            self.head.subject.setText(text)

    def add_tool(self, tool: QWidget) -> None:
        """A control of what is in the panel, at the right of its head."""
        self.head.row.addWidget(tool)


class Strip(QDockWidget):
    """A panel without a head that stays where it is."""

    def __init__(self, name: str, content: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        self.setTitleBarWidget(QWidget(self))
        self.setWidget(content)
