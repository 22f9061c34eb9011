"""Completion for a line edit: a list below it; arrows move in it, Tab or Enter accepts.

It is a child widget, not a popup: the focus stays in the field, and no events are grabbed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHideEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import QFrame, QLineEdit, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.model_index import NOWHERE, Index
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.filter.suggestions import Word

Suggest = Callable[[str], tuple[int, list[Word]]]  # for the typed text: start position, and words that may complete it
_ROWS: Final = 8  # visible rows
_MOVES: Final = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
_TAKES: Final = (Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class _Words(QAbstractListModel):
    words: list[Word]

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.words = []

    def set_words(self, words: list[Word]) -> None:
        self.beginResetModel()
        self.words = words
        self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.words)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        word = self.words[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return word.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(word.meaning)
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return word.meaning
        return word if role == Qt.ItemDataRole.UserRole else None


class _WordDelegate(QStyledItemDelegate):
    """Draws a word and, behind it, what it finds."""

    theme: Theme
    column = 0  # width of the longest word

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> Any:
        size = super().sizeHint(option, index)
        size.setHeight(QFontMetrics(look.mono(look.CAPTION)).height() + look.TIGHT)
        return size

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        word, theme = index.data(Qt.ItemDataRole.UserRole), self.theme
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            fill(painter, option.rect, QColor(look.selection_of(theme)))
        text = look.selected_text_of(theme) if chosen else theme.text
        quiet = text if chosen and theme.name == "high-contrast" else theme.muted
        box, middle = option.rect.adjusted(look.SMALL, 0, -look.SMALL, 0), Qt.AlignmentFlag.AlignVCenter
        for font, colour, words, left in (
            (look.mono(look.CAPTION), text, word.text, 0),
            (look.font(look.CAPTION), quiet, word.meaning, self.column + look.LARGE),
        ):
            painter.setFont(font)
            painter.setPen(QColor(colour))
            room = box.adjusted(left, 0, 0, 0)
            cut = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, middle, cut)


class WordList(QListView):
    """Suggestions for `field`; `taken` is called after one was inserted."""

    hidden = Signal()

    def __init__(self, field: QLineEdit, taken: Callable[[], None]) -> None:
        super().__init__(field.window())
        self._field, self._taken, self._at = field, taken, 0
        self._help = field.accessibleDescription()
        self.suggest: Suggest = lambda typed: (len(typed), [])
        self.words = _Words(self)
        self._delegate = _WordDelegate(self)
        self.setModel(self.words)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("What may be written here")
        self.setAccessibleDescription("Up and Down choose a word, Tab or Enter takes it.")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setObjectName("words")
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(self.take)
        field.installEventFilter(self)
        field.textEdited.connect(lambda _: self.look_up())
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Apply colours."""
        self._delegate.theme = theme
        self.setStyleSheet(f"#words {{ background: {theme.raised}; border: 1px solid {theme.muted}; }}")

    def look_up(self) -> None:
        """Lists completions of the text before the cursor, or hides."""
        self._at, words = self.suggest(self._field.text()[: self._field.cursorPosition()])
        self.show_words(words, self._at)

    def show_words(self, words: list[Word], at: int) -> None:
        """Lists words that may replace the text from `at` on."""
        self._at = at
        self.words.set_words(words)
        self.setVisible(bool(words) and self._field.hasFocus())
        if self.isVisible():
            self._place()

    def _place(self) -> None:
        window, field = self._field.window(), self._field
        self.setParent(window)
        mono, plain = QFontMetrics(look.mono(look.CAPTION)), QFontMetrics(look.font(look.CAPTION))
        self._delegate.column = max(mono.horizontalAdvance(word.text) for word in self.words.words)
        meanings = max(plain.horizontalAdvance(word.meaning) for word in self.words.words)
        wanted = self._delegate.column + meanings + 2 * look.LARGE + 2 * look.SMALL
        corner = field.mapTo(window, QPoint(0, 0))
        width = min(max(field.width(), wanted), window.width() - corner.x() - look.SMALL)
        rows = min(len(self.words.words), _ROWS)
        width += self.verticalScrollBar().sizeHint().width() if rows < len(self.words.words) else 0
        wanted, below = rows * self.sizeHintForRow(0) + 2, corner.y() + field.height()
        room = window.height() - below - look.HAIR
        if room >= min(wanted, corner.y()):  # what the field is about is above it
            self.setGeometry(corner.x(), below + look.HAIR, width, min(wanted, room))
        else:
            height = min(wanted, corner.y() - look.HAIR)
            self.setGeometry(corner.x(), corner.y() - height - look.HAIR, width, height)
        self.show()
        self.raise_()

    def take(self, index: QModelIndex) -> None:
        """Insert a word, and list what may follow."""
        text, cursor = self._field.text(), self._field.cursorPosition()
        word = index.data(Qt.ItemDataRole.DisplayRole)
        self._field.setText(text[: self._at] + word + text[cursor:])
        self._field.setCursorPosition(self._at + len(word))
        self.look_up()
        self._taken()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.hidden.emit()
        self._field.setAccessibleDescription(self._help)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            self.hide()
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self.isVisible():
            return self._key(Qt.Key(event.key()))
        return super().eventFilter(watched, event)

    def _key(self, key: Qt.Key) -> bool:
        """Handle a key; return whether it was for the list."""
        here, count = self.currentIndex(), self.words.rowCount()
        if key == Qt.Key.Key_Escape:
            self.hide()
            return True
        if key in _MOVES:
            row = here.row() + _MOVES[key] if here.isValid() else 0 if key == Qt.Key.Key_Down else count - 1
            self.setCurrentIndex(self.words.index(row % count))
            word = self.words.words[row % count]
            self._field.setAccessibleDescription(f"{word.text}: {word.meaning}")  # the field has the focus
            return True
        if key in _TAKES and (here.isValid() or key == Qt.Key.Key_Tab):
            self.take(here if here.isValid() else self.words.index(0))
            return True
        return False
