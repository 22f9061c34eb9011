"""A progress line over the sentence during long work: what runs, how far it is, and a Cancel button."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from hwpoison_gui.gui.look import theme as look


class ProgressLine(QWidget):
    """Covers another widget, whose text is out of date, while it is shown."""

    cancelled = Signal()

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 0)  # the total is not known in advance
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(8 * look.LARGE)
        self.cancel = QPushButton("Cancel (Esc)", self)
        self.cancel.setToolTip("Stops it; an unfinished operation is rolled back")
        self.cancel.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the focus stays where it was
        self.cancel.clicked.connect(self.cancelled)
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self.cancelled.emit)
        self._escape.setContext(Qt.ShortcutContext.WindowShortcut)
        row = QHBoxLayout(self)
        row.setContentsMargins(look.LARGE + look.TIGHT, 0, look.LARGE, 0)
        row.setSpacing(look.LARGE)
        row.addWidget(self.bar)
        row.addWidget(self.words, 1)
        row.addWidget(self.cancel)
        over.installEventFilter(self)
        self.setAccessibleName("Progress")
        self.set_busy(False)

    def set_motion(self, on: bool) -> None:
        """Show or hide the animated bar; the words report progress in any case."""
        self.bar.setVisible(on)

    def set_busy(self, busy: bool) -> None:
        """Enable Esc while work runs; the line appears with the first report."""
        self._escape.setEnabled(busy)
        if not busy:
            self.hide()

    def say(self, words: str) -> None:
        """Report progress."""
        if self.isHidden():
            self.words.setFont(look.font(look.TITLE))
            self.setGeometry(self._over.rect())
            self.raise_()
            self.show()
        self.words.setText(words)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._over.rect())
        return super().eventFilter(watched, event)
