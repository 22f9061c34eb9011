"""The glossary: a list of terms that can be searched, and the entry of the chosen one. Plain text.

Terms of what had the focus when it was opened come first, then those of the sentence of the step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QSizePolicy,
    QWidget,
)

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.view.words.glossary.find import ranked, terms
from hwpoison_gui.view.words.glossary.term import Term
from hwpoison_gui.view.words.glossary.tips import in_full

_SIZE: Final = QSize(680, 460)
_ROOM: Final = QSize(48, 96)  # room left around it in the window
_LIST_WIDTH: Final = 210
_TERM: Final = Qt.ItemDataRole.UserRole
_LIST_KEYS: Final = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
HERE: Final = "In what has the focus"
SENTENCE: Final = "In the sentence"
ALL: Final = "All terms"


class Glossary(QDialog):
    """Stays open beside the window; arrow keys choose while the search field has the focus."""

    def __init__(self, above: QWidget) -> None:
        super().__init__(above)
        self.setWindowTitle("Glossary")
        self._above = above
        self._first: Mapping[str, Sequence[Term]] = {}
        self.field = QLineEdit(self)
        self.field.setPlaceholderText("Find a term")
        self.field.setAccessibleName("Find a term")
        self.field.setAccessibleDescription("The arrow keys move in the list of terms.")
        self.field.setClearButtonEnabled(True)
        self.field.installEventFilter(self)
        self.list = QListWidget(self)
        self.list.setAccessibleName("Terms")
        self.list.setAccessibleDescription("The entry of the selected term is shown beside the list.")
        self.list.setSpacing(1)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.name = QLabel(self)
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setWordWrap(True)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Meaning of the term")
        self.text.setTabChangesFocus(True)
        grid = QGridLayout(self)
        grid.setSpacing(look.SMALL)
        grid.addWidget(self.field, 0, 0)
        grid.addWidget(self.list, 1, 0)
        grid.addWidget(self.name, 0, 1)
        grid.addWidget(self.text, 1, 1)
        grid.setColumnStretch(1, 1)
        self.list.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.field.textChanged.connect(self._fill)
        self.list.currentItemChanged.connect(lambda now, before: self._show_entry(now))
        self.set_theme()

    def set_theme(self, _theme: object = None) -> None:
        """Apply fonts and sizes; the colours are the application's."""
        size = (_SIZE * look.scale()).boundedTo(self._above.window().size() - _ROOM)
        for widget in (self.field, self.list):
            widget.setFont(look.font())
            widget.setFixedWidth(min(look.px(_LIST_WIDTH), size.width() * 2 // 5))
        self.name.setFont(look.font(look.HEADLINE, QFont.Weight.DemiBold))
        self.text.setFont(look.font(look.TITLE))
        self.resize(size)

    def explain(self, first: Mapping[str, Sequence[Term]], chosen: Term | None = None) -> None:
        """Open with some terms, by heading, before all others; `chosen`: the one to show, by default the first."""
        self._first = {head: found for head, found in first.items() if found}
        self.field.clear()
        self._fill()
        if chosen is not None:
            self._choose(chosen)
        self.show()
        self.raise_()
        self.activateWindow()
        self.field.setFocus()

    @property
    def chosen(self) -> Term | None:
        """The term of which the entry is shown."""
        item = self.list.currentItem()
        term = item.data(_TERM) if item is not None else None
        return term if isinstance(term, Term) else None

    def _fill(self) -> None:
        typed = self.field.text()
        self.list.clear()
        if not typed.strip() and self._first:
            for head, found in self._first.items():
                self._add_head(head)
                self._add_terms(found)
            self._add_head(ALL)
        self._add_terms(ranked(typed, terms()))
        first = next((row for row in range(self.list.count()) if self.list.item(row).data(_TERM)), -1)
        self.list.setCurrentRow(first)
        if first < 0:
            self._show_nothing(typed)

    def _add_head(self, words: str) -> None:
        item = QListWidgetItem(words, self.list)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setFont(look.font(look.CAPTION, QFont.Weight.DemiBold))

    def _add_terms(self, found: Sequence[Term]) -> None:
        for term in found:
            item = QListWidgetItem(term.name, self.list)
            item.setData(_TERM, term)

    def _choose(self, term: Term) -> None:
        rows = (row for row in range(self.list.count()) if self.list.item(row).text() == term.name)
        row = next(rows, -1)
        if row >= 0:
            self.list.setCurrentRow(row)
        else:
            self._show(term)

    def _show_entry(self, item: QListWidgetItem | None) -> None:
        term = item.data(_TERM) if item is not None else None
        if isinstance(term, Term):
            self._show(term)

    def _show(self, term: Term) -> None:
        self.name.setText(term.name)
        self.text.setPlainText(in_full(term))

    def _show_nothing(self, typed: str) -> None:
        self.name.setText("")
        self.text.setPlainText(f"No entry has “{typed.strip()}”.")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _LIST_KEYS:
            self.list.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)
