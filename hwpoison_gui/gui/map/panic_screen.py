"""The overlay of the map after a kernel panic: the last log line, and what the user can do next."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from hwpoison_gui.gui.look import icons
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.view.base.palette import DARK, Theme

_WIDEST = 640


class PanicScreen(QWidget):
    """Covers and dims its parent, and takes its clicks, until the panic is undone."""

    def __init__(self, parent: QWidget, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._theme = theme
        self.card = QWidget(self)
        self.icon = QLabel(self.card)
        self.head = QLabel("Kernel panic", self.card)
        self.line = QLabel(self.card)
        self.hint = QLabel("The machine has stopped. Step back in time, or start a new machine.", self.card)
        for label in (self.head, self.line, self.hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
        for label in (self.line, self.hint):
            label.setWordWrap(True)
        self.line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(look.SMALL)
        self._buttons.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(look.TIGHT)
        for label in (self.head, self.line, self.hint):
            words.addWidget(label)
        words.addSpacing(look.SMALL)
        words.addLayout(self._buttons)
        row = QHBoxLayout(self.card)
        row.setContentsMargins(look.LARGE + look.SMALL, look.LARGE, look.LARGE, look.LARGE)
        row.setSpacing(look.LARGE)
        row.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        parent.installEventFilter(self)
        self.setAccessibleName("Kernel panic")
        self.set_theme(theme)
        self.hide()

    def add_action(self, action: QAction) -> None:
        """Add a button for an action."""
        button = QToolButton(self.card)
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setObjectName("boxed")
        self._buttons.insertWidget(self._buttons.count() - 1, button)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.head.setFont(look.font(look.SENTENCE, QFont.Weight.Bold))
        look.ink(self.head, theme.kill)
        self.line.setFont(look.mono())
        self.hint.setFont(look.font())
        look.ink(self.hint, theme.muted)
        self.icon.setPixmap(icons.pixmap("alert", theme.kill, look.px(40), self.devicePixelRatioF()))
        self.update()

    def show_line(self, line: str) -> None:
        """Show the overlay with the last line of the kernel log; hide it if the line is empty."""
        self.line.setText(line)
        self.setAccessibleDescription(line)
        if bool(line) != self.isVisible():
            self.setVisible(bool(line))
        if line:
            self._fit()
            self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        parent, layout = self.parentWidget(), self.card.layout()
        assert parent is not None and layout is not None
        self.setGeometry(parent.rect())
        width = min(look.px(_WIDEST), self.width() - 2 * look.LARGE)
        self.hint.show()
        height = layout.heightForWidth(width)
        if height > self.height() - look.SMALL:
            self.hint.hide()  # the buttons show the same
            height = layout.heightForWidth(width)
        height = min(max(height, self.card.sizeHint().height()), self.height() - look.SMALL)
        self.card.setGeometry((self.width() - width) // 2, (self.height() - height) // 2, width, height)

    def mousePressEvent(self, event) -> None:
        event.accept()

    def wheelEvent(self, event) -> None:
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        veil = QColor(self._theme.ground)
        veil.setAlphaF(0.72)
        fill(painter, self.rect(), veil)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.card.geometry())
        painter.setPen(QPen(QColor(self._theme.kill), 2))
        painter.setBrush(QColor(self._theme.base))
        painter.drawRoundedRect(box, 6, 6)
        fill(painter, QRectF(box.left() + 1, box.top() + 6, 6, box.height() - 12), QColor(self._theme.kill))
