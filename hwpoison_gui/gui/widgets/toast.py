"""A message in a corner of the window that goes away by itself: what was done needs no answer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QMouseEvent, Qt
from PySide6.QtWidgets import QLabel, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.view.base.palette import Theme

_SHOWN_MS = 8000
_WIDEST = 0.7  # share of the part of the window that it is shown on


class Toast(QLabel):
    """Shown over the bottom left corner of `place`. A click removes it."""

    def __init__(self, place: QWidget, theme: Callable[[], Theme]) -> None:
        super().__init__(place)
        self._place, self._theme = place, theme
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setObjectName("toast")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_MS)
        self._timer.timeout.connect(self.hide)
        place.installEventFilter(self)
        self.hide()

    def say(self, text: str) -> None:
        """Show a text instead of the one before."""
        from PySide6.QtGui import QAccessible, QAccessibleEvent

        theme = self._theme()
        self.setFont(look.font(look.BODY))
        self.setStyleSheet(
            f"#toast {{ background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.muted}; "
            f"border-radius: 4px; padding: {look.SMALL}px {look.MEDIUM}px; }}"
        )
        self.setText(text)
        self.setAccessibleName(text)
        self.setAccessibleDescription("A message; it goes away by itself.")
        self._put()
        self.show()
        self.raise_()
        self._timer.start()
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def _put(self) -> None:
        most = round(self._place.width() * _WIDEST)
        words = max(self.fontMetrics().horizontalAdvance(line) for line in self.text().split("\n"))
        self.setFixedWidth(min(most, words + 2 * look.LARGE))
        self.setFixedHeight(self.heightForWidth(self.width()))
        self.move(look.LARGE, self._place.height() - self.height() - look.LARGE)

    def put_away(self) -> None:
        """Hide it at once."""
        self._timer.stop()
        self.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.put_away()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._put()
        return super().eventFilter(watched, event)
