"""A plain table view: the shared style of all tables, and copying rows as text with Ctrl+C and Ctrl+Shift+C."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QKeyCombination, Qt
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.widgets.model_index import Index
from hwpoison_gui.view.base.columns import TextColumn, as_tsv

_COPY = QKeyCombination(Qt.KeyboardModifier.ControlModifier, Qt.Key.Key_C)
_COPY_WITH_HEADS = QKeyCombination(
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier, Qt.Key.Key_C
)
_MOVES = frozenset(
    {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down} | {Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}
)
_PLAIN = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier


def set_row_height(view: QTableView, height: int) -> None:
    """Set the height of all rows; a new default alone does not change existing rows."""
    header = view.verticalHeader()
    header.setMinimumSectionSize(min(height, header.minimumSectionSize()))
    header.setMaximumSectionSize(height)
    header.setMinimumSectionSize(height)
    header.setDefaultSectionSize(height)


class PathDelegate(QStyledItemDelegate):
    """Elides paths on the left: the end tells files apart."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideLeft  # type: ignore[attr-defined]


class FactView(QTableView):
    """Base class of the tables; subclasses define which rows are selected."""

    def __init__(self, columns: Sequence[TextColumn], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._widths: dict[int, int] = {}
        self._paths = PathDelegate(self)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()

    def set_look(self) -> None:
        """Apply fonts, and column widths that suit the content."""
        self.setFont(look.font())
        metrics = QFontMetrics(self.font())
        set_row_height(self, metrics.height() + look.SMALL)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setMinimumSectionSize(44)
        head = QFontMetrics(look.font(look.CAPTION, QFont.Weight.DemiBold))
        for number, column in enumerate(self.columns):
            face = QFontMetrics(look.mono()) if column.fixed else metrics
            heads = max(map(head.horizontalAdvance, column.head.split("\n")))
            words = max(face.horizontalAdvance(column.sample), heads + 10)
            self._widths[number] = words + 2 * look.MEDIUM
            self.setColumnWidth(number, self._widths[number])
            if column.path:
                self.setItemDelegateForColumn(number, self._paths)
        self._give_room()

    def _give_room(self) -> None:
        """The wide column takes the remaining width, but at least what it needs."""
        for number, column in enumerate(self.columns):
            if column.wide:
                others = sum(self.columnWidth(other) for other in range(len(self.columns)) if other != number)
                self.setColumnWidth(number, max(self._widths[number], self.viewport().width() - others))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._widths:
            self._give_room()

    # -- copying

    def selected_cells(self) -> list[tuple[str, ...]]:
        """The selected rows as text, in order."""
        raise NotImplementedError

    def copy(self, heads: bool = False) -> None:
        """Copy the selected rows, tab-separated; with `heads` under a line of column names."""
        rows = self.selected_cells()
        if rows:
            QApplication.clipboard().setText(as_tsv(rows, [column.head for column in self.columns] if heads else ()))

    def event(self, event: QEvent) -> bool:
        # Shortcuts of the window, but in a table they refer to its rows.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            moves = event.key() in _MOVES and not event.modifiers() & ~_PLAIN
            if moves or event.keyCombination() in (_COPY, _COPY_WITH_HEADS):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.keyCombination() in (_COPY, _COPY_WITH_HEADS):
            self.copy(heads=event.keyCombination() == _COPY_WITH_HEADS)
        else:
            super().keyPressEvent(event)
