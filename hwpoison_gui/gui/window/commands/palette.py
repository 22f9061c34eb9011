"""The command palette: type letters of a command, task, file or frame; Enter runs it or goes there."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.model_index import NOWHERE, Index
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.gui.window.commands.palette_entries import PaletteEntries, PaletteEntry
from hwpoison_gui.view.base.palette import Theme

ENTRY_ROLE: Final = Qt.ItemDataRole.UserRole
_SIZE: Final = QSize(640, 420)
_LIST_KEYS: Final = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class _Entries(QAbstractListModel):
    """The entries; unavailable ones are visible but cannot be chosen."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.entries: list[PaletteEntry] = []

    def set_entries(self, entries: list[PaletteEntry]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{entry.text}  ({entry.group})"
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return entry.missing or f"{entry.tip} {entry.keys}".strip()
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(f"{entry.text}  ({entry.group})\n{entry.missing or entry.tip}")
        return entry if role == ENTRY_ROLE else None


class _EntryDelegate(QStyledItemDelegate):
    """Draws two lines: text and shortcuts; group, and tip or the reason why it is unavailable."""

    def __init__(self, parent: QObject, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        high = QFontMetrics(look.font()).height() + QFontMetrics(look.font(look.CAPTION)).height()
        return QSize(200, high + 2 * look.TIGHT + look.HAIR)

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        theme, entry = self._theme, index.data(ENTRY_ROLE)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            fill(painter, option.rect, QColor(look.selection_of(theme)))
        text = look.selected_text_of(theme) if chosen else theme.text
        quiet = text if chosen and theme.name == "high-contrast" else theme.muted
        body, small = look.font(look.BODY, QFont.Weight.DemiBold), look.font(look.CAPTION)
        inside = option.rect.adjusted(look.MEDIUM, look.TIGHT, -look.MEDIUM, -look.TIGHT)
        first = QRect(inside.left(), inside.top(), inside.width(), QFontMetrics(body).height())
        second = QRect(inside.left(), first.bottom() + 1, inside.width(), QFontMetrics(small).height())
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(quiet))
        painter.setFont(look.mono(look.CAPTION))
        painter.drawText(first, middle | Qt.AlignmentFlag.AlignRight, entry.keys)
        painter.setFont(body)
        painter.setPen(QColor(quiet if entry.missing else text))
        left = first.adjusted(0, 0, -QFontMetrics(look.mono(look.CAPTION)).horizontalAdvance(entry.keys), 0)
        painter.drawText(left, middle, self._cut(body, f"{entry.text}", left))
        painter.setFont(small)
        painter.setPen(QColor(theme.warn if entry.missing and not chosen else quiet))
        words = f"{entry.group}  ·  {entry.missing or entry.tip}"
        painter.drawText(second, middle, self._cut(small, words, second))

    @staticmethod
    def _cut(font: QFont, words: str, room: QRect) -> str:
        return QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideMiddle, room.width())


class CommandPalette(QDialog):
    """Lists what `entries` gives for the typed text, or why it gives nothing; closes before it runs an entry."""

    def __init__(self, parent: QWidget, theme: Theme, entries: PaletteEntries) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Commands")
        self._entries, self._window = entries, parent
        self.model = _Entries(self)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("A command, a task, a file, a term, or a frame such as 0x4d93")
        self.line.setAccessibleName("Command, task, file or frame")
        self.line.setFont(look.font(look.TITLE))
        self.list = QListView(self)
        self.list.setModel(self.model)
        self.list.setItemDelegate(_EntryDelegate(self.list, theme))
        self.list.setAccessibleName("What fits")
        self.list.setAccessibleDescription("Up and Down choose, Enter does it or goes there.")
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.none = QLabel(self)
        self.none.setTextFormat(Qt.TextFormat.PlainText)
        self.none.setWordWrap(True)
        self.none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        look.ink(self.none, theme.muted)
        box = QVBoxLayout(self)
        box.setContentsMargins(look.SMALL, look.SMALL, look.SMALL, look.SMALL)
        box.setSpacing(look.SMALL)
        box.addWidget(self.line)
        box.addWidget(self.list, 1)
        box.addWidget(self.none, 1)
        self.setStyleSheet(f"CommandPalette {{ background: {theme.raised}; border: 1px solid {theme.muted}; }}")
        self.line.installEventFilter(self)
        self.line.textChanged.connect(self._look_up)
        self.list.clicked.connect(self._choose)
        self._look_up("")
        self._place()

    def _place(self) -> None:
        window = self._window
        size = (_SIZE * look.scale()).boundedTo(window.size() - QSize(48, 96))
        corner = window.mapToGlobal(window.rect().topLeft())
        self.resize(size)
        self.move(corner.x() + (window.width() - size.width()) // 2, corner.y() + 56)

    def _look_up(self, typed: str) -> None:
        self.model.set_entries(self._entries(typed))
        found = bool(self.model.entries)
        if found:
            self.list.setCurrentIndex(self.model.index(0))
        self.list.setVisible(found)
        self.none.setVisible(not found)
        self.none.setText("" if found else self._entries.why_none(typed))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Pass keys for the list from the line edit to the list."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in _LIST_KEYS:
                self.list.keyPressEvent(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.list.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _choose(self, index: QModelIndex) -> None:
        entry = index.data(ENTRY_ROLE) if index.isValid() else None
        if entry is not None and not entry.missing:
            self.close()
            entry.run()
