"""A line over the sentence while something long goes on: what it is, how far it is, and the way out."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from hwpoison_gui.gui.look import theme as look


class ProgressLine(QWidget):
    """Covers another widget, whose words are those of before, for as long as it is shown."""

    cancelled = Signal()

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 0)  # how much there is to do comes out while it is done
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(8 * look.LARGE)
        self.cancel = QPushButton("Cancel (Esc)", self)
        self.cancel.setToolTip("Stops it; an operation is taken back to its beginning, as if it had not been asked for")
        self.cancel.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keyboard stays where it was
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
        """Whether a bar slides back and forth; the words say in any case how far it is."""
        self.bar.setVisible(on)

    def set_busy(self, busy: bool) -> None:
        """Whether something is under way that Esc gives up; seen it is only once it has something to say."""
        self._escape.setEnabled(busy)
        if not busy:
            self.hide()

    def say(self, words: str) -> None:
        """How far it is."""
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
