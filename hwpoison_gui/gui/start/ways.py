"""The other ways in, as a list: machines, this computer, a file, and the files that were used last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.start.pointed_list import PointedList
from hwpoison_gui.gui.widgets.model_index import NOWHERE, Index
from hwpoison_gui.view.base.palette import Theme

Role = Qt.ItemDataRole
_WIDE: Final = 250  # pixels, at 100 % text


class Way(NamedTuple):
    """`detail`: a line below it; `key`: that does the same. Without `run` it is a heading."""

    text: str
    detail: str = ""
    key: str = ""
    run: Callable[[], object] | None = None


class WayModel(QAbstractListModel):
    """One row for each way."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.ways: list[Way] = []

    def set_ways(self, ways: Sequence[Way]) -> None:
        self.beginResetModel()
        self.ways = list(ways)
        self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.ways)

    def flags(self, index: Index) -> Qt.ItemFlag:
        chosen = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return chosen if self.ways[index.row()].run is not None else Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        way = self.ways[index.row()]
        if role == Role.DisplayRole:
            return way.text
        if role == Role.ToolTipRole:
            return plain("\n".join(filter(None, (way.text, way.detail))))
        if role == Role.AccessibleTextRole:
            return ", ".join(filter(None, (way.text, way.key)))
        if role == Role.AccessibleDescriptionRole:
            return way.detail
        return way if role == Role.UserRole else None


class _Row(QStyledItemDelegate):
    """Draws the words with the key beside them, and the detail below."""

    def __init__(self, parent: WayList) -> None:
        super().__init__(parent)
        self._view = parent

    def sizeHint(self, option: Any, index: Index) -> QSize:
        way = index.data(Role.UserRole)
        lines = [QFontMetrics(look.font()).height()]
        lines += [QFontMetrics(look.font(look.CAPTION)).height()] if way.detail else []
        return QSize(look.px(_WIDE) // 2, sum(lines) + look.SMALL + (look.SMALL if way.run is None else 0))

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        way, theme, view = index.data(Role.UserRole), self._view.theme, self._view
        box: QRect = option.rect
        painter.save()
        current = view.hasFocus() and index == view.currentIndex()
        if way.run is not None and (current or index.row() == view.row_under_pointer):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.accent), 2) if current else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.base if theme.name == "high-contrast" else look.selection_of(theme)))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4)
        inner = box.adjusted(look.SMALL, look.TIGHT, -look.SMALL, -look.TIGHT)
        top, left, right = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        small = look.font(look.CAPTION)
        key = QFontMetrics(small).horizontalAdvance(way.key) + look.SMALL if way.key else 0
        if way.run is None:
            font, colour, place = (
                look.font(look.CAPTION, QFont.Weight.DemiBold),
                theme.muted,
                Qt.AlignmentFlag.AlignBottom,
            )
        else:
            font, colour, place = look.font(), theme.text, top
        self._write(painter, inner.adjusted(0, 0, -key, 0), font, colour, way.text, place | left)
        self._write(painter, inner, small, theme.muted, way.key, top | right)
        self._write(painter, inner, small, theme.muted, way.detail, Qt.AlignmentFlag.AlignBottom | left)
        painter.restore()

    def _write(self, painter: QPainter, room: QRect, font: QFont, colour: str, text: str, place: Any) -> None:
        painter.setFont(font)
        painter.setPen(QColor(colour))
        cut = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, place, cut)


class WayList(PointedList):
    """A click or Enter goes a way."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.theme = theme
        self.ways = WayModel(self)
        self.setModel(self.ways)
        self.setItemDelegate(_Row(self))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Other ways in")
        self.setObjectName("ways")
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Apply colours and text size."""
        self.theme = theme
        self.setStyleSheet("QListView#ways, QListView#ways:focus { background: transparent; border: none; }")
        self.ways.layoutChanged.emit()

    def set_ways(self, ways: Sequence[Way]) -> None:
        """Show ways; the cursor stays on the one that it is on."""
        row = max(0, self.currentIndex().row())
        self.ways.set_ways(ways)
        self.setCurrentIndex(self.ways.index(min(row, len(ways) - 1)))

    def sizeHint(self) -> QSize:
        return QSize(look.px(_WIDE), 200)

    def content_height(self) -> int:
        """Pixels that all rows take."""
        return sum(self.sizeHintForRow(row) for row in range(len(self.ways.ways)))

    def moveCursor(self, action: QAbstractItemView.CursorAction, keys: Qt.KeyboardModifier) -> QModelIndex:
        """Headings are passed over."""
        cursor, rows = (
            QAbstractItemView.CursorAction,
            [n for n, way in enumerate(self.ways.ways) if way.run is not None],
        )
        if not rows:
            return super().moveCursor(action, keys)
        here = self.currentIndex().row()
        at = next((number for number, row in enumerate(rows) if row >= here), 0)
        by = {cursor.MoveUp: -1, cursor.MoveDown: 1, cursor.MoveHome: -at, cursor.MoveEnd: len(rows)}.get(action)
        if by is None:
            return super().moveCursor(action, keys)
        return self.ways.index(rows[min(max(at + by, 0), len(rows) - 1)])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._go(self.currentIndex())
        elif event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F5):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index == self.currentIndex():
            self._go(index)

    def _go(self, index: Index) -> None:
        run = self.ways.ways[index.row()].run if index.isValid() else None
        if run is not None:
            run()
