"""Rows made in view/ as a Qt table model: cell text, sort values, and updates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QObject, Qt
from PySide6.QtGui import QColor

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.model_index import NOWHERE, Index
from hwpoison_gui.view.base.columns import TextColumn
from hwpoison_gui.view.base.natural import natural
from hwpoison_gui.view.base.palette import DARK, Theme

Role = Qt.ItemDataRole
SORT_ROLE: Final = Role.UserRole
KEY_ROLE: Final = Role.UserRole + 1
Colour = Callable[[Any, TextColumn, Theme], str | None]


def head_data(column: TextColumn, role: int) -> Any:
    """Header data of a column."""
    if role == Role.DisplayRole:
        return column.head
    if role == Role.ToolTipRole:
        return column.tip
    return alignment(column) if role == Role.TextAlignmentRole else None


def alignment(column: TextColumn) -> Qt.AlignmentFlag:
    """Numbers are right-aligned."""
    side = Qt.AlignmentFlag.AlignRight if column.number else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class RowModel(QAbstractTableModel):
    """Rows are records identified by `key`; `cells` makes their text, `colour` may colour a field."""

    def __init__(
        self,
        parent: QObject,
        columns: Sequence[TextColumn],
        cells: Callable[[Any], tuple[str, ...]],
        colour: Colour = lambda row, column, theme: None,
    ) -> None:
        super().__init__(parent)
        self.columns, self._cells, self._colour = tuple(columns), cells, colour
        self.rows: list[Any] = []
        self.theme: Theme = DARK

    def set_columns(self, columns: Sequence[TextColumn], cells: Callable[[Any], tuple[str, ...]]) -> None:
        """Show other columns of the same rows."""
        self.beginResetModel()
        self.columns, self._cells = tuple(columns), cells
        self.endResetModel()

    def set_rows(self, rows: list[Any]) -> None:
        """Replace the rows; if the keys are the same, only changed rows are reported."""
        if rows == self.rows:
            return
        old = self.rows
        if [row.key for row in old] != [row.key for row in rows]:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            return
        self.rows = rows
        changed = [number for number, row in enumerate(rows) if row != old[number]]
        self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], len(self.columns) - 1))

    def refresh_look(self) -> None:
        """Repaint all rows after a change of colours or fonts."""
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(self.columns) - 1))

    def row_of(self, key: int) -> int:
        """Number of the row with that key, or -1."""
        return next((number for number, row in enumerate(self.rows) if row.key == key), -1)

    # -- Qt's questions

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        return head_data(self.columns[section], role) if orientation == Qt.Orientation.Horizontal else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        row, column = self.rows[index.row()], self.columns[index.column()]
        if role in (Role.DisplayRole, Role.ToolTipRole):
            text = self._cells(row)[index.column()]
            return text if role == Role.DisplayRole else plain(f"{text}\n{column.tip}".lstrip())
        if role == SORT_ROLE:
            value = getattr(row, column.field)
            return -1 if value is None else natural(value) if isinstance(value, str) else value
        if role == KEY_ROLE:
            return row.key
        if role == Role.TextAlignmentRole:
            return alignment(column)
        if role == Role.FontRole and column.fixed:
            return look.mono()
        if role == Role.ForegroundRole:
            tint = self._colour(row, column, self.theme)
            return QColor(tint) if tint else None
        return None
