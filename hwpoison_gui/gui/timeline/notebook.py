"""The notebook panel: notes on timeline positions; a click goes to one."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from hwpoison_gui.gui.look import signs
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.gui.widgets.model_index import Index
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.session.notebook import Note
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.rows.notes import NoteRow

Role = Qt.ItemDataRole
EMPTY: Final = "No notes yet.\nPress N to note what you see at this step; a click on a note comes back to it."
_MARGIN: Final = 20
_ROW_ROLE: Final = Role.UserRole + 1


class NoteModel(QAbstractListModel):
    """Notes as rows."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[NoteRow] = []

    def set_rows(self, rows: list[NoteRow]) -> None:
        if [row.note for row in rows] == [row.note for row in self.rows]:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role == Role.DisplayRole:
            return row.text
        if role == _ROW_ROLE:
            return row
        if role == Role.ToolTipRole:
            how = "what was done there is done again" if row.position is None else "click to go there"
            return plain(f"{row.text}\n{row.where}: {how}. Delete removes the note, N changes it.")
        if role == Role.AccessibleTextRole:
            return f"{row.text}, {row.where}{', now' if row.here else ''}"
        return None


class _TwoLines(QStyledItemDelegate):
    """Draws the note and, smaller below it, its position."""

    def __init__(self, parent: NotebookView) -> None:
        super().__init__(parent)
        self._view = parent

    def _fonts(self) -> tuple[QFont, QFont]:
        return look.font(look.BODY), look.font(look.CAPTION)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, sum(QFontMetrics(font).height() for font in self._fonts()) + look.SMALL)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, row = self._view.theme, index.data(_ROW_ROLE)
        rect: QRect = option.rect  # type: ignore[attr-defined]
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        if chosen:
            fill(painter, rect, QColor(look.selection_of(theme)))
        ink = look.selected_text_of(theme) if chosen else theme.text
        body, small = self._fonts()
        inner = rect.adjusted(look.px(_MARGIN), look.TIGHT, -look.SMALL, -look.TIGHT)
        elide = Qt.TextElideMode.ElideRight
        for font, words, colour, place in (
            (body, " ".join(row.text.split()), ink, Qt.AlignmentFlag.AlignTop),
            (small, row.where, ink if chosen else theme.muted, Qt.AlignmentFlag.AlignBottom),
        ):
            painter.setFont(font)
            painter.setPen(QColor(colour))
            painter.drawText(inner, place, QFontMetrics(font).elidedText(words, elide, inner.width()))
        if row.here:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            at = QRect(rect.left(), inner.top(), look.px(_MARGIN), QFontMetrics(body).height()).center()
            signs.triangle(painter, at.toPointF(), QColor(theme.accent))


class NotebookView(QListView):
    """A click or Enter requests to go to a note; Delete requests to remove it."""

    goWanted = Signal(object)
    removeWanted = Signal(object)

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.theme = theme
        self.book = NoteModel(self)
        self.setModel(self.book)
        self.setItemDelegate(_TwoLines(self))
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(self._go)
        self.setAccessibleName("Notebook")
        Copying(self, "the notebook", self._chosen, self._whole)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.setFont(look.font())
        self.book.layoutChanged.emit()
        self.viewport().update()

    def set_rows(self, rows: list[NoteRow]) -> None:
        self.book.set_rows(rows)
        self.viewport().update()

    def _note(self) -> Note | None:
        index = self.currentIndex()
        return self.book.rows[index.row()].note if index.isValid() else None

    def _chosen(self) -> str:
        note = self._note()
        return note.text if note is not None else ""

    def _whole(self) -> str:
        """All notes, each below what it is about."""
        return "\n\n".join(f"{row.where}\n{row.note.text}" for row in self.book.rows)

    def _go(self, index: QModelIndex) -> None:
        self.goWanted.emit(self.book.rows[index.row()].note)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        note, key = self._note(), event.key()
        if note is not None and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.goWanted.emit(note)
        elif note is not None and key == Qt.Key.Key_Delete:
            self.removeWanted.emit(note)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.book.rows:
            painter = QPainter(self.viewport())
            painter.setFont(look.font())
            painter.setPen(QColor(self.theme.muted))
            room = self.viewport().rect().adjusted(look.MEDIUM, 0, -look.MEDIUM, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, EMPTY)
