"""The state table as a Qt table model: its rows, matched against the flags of one page."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QObject, Qt
from PySide6.QtGui import QColor, QFont

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.model_index import Index
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.outline.state_rows import FITS, OPEN, SPARED, TRIED, StateTable, TableRow

Role = Qt.ItemDataRole
HEADS: Final = ("", "Flags tested", "Row", "Mismatch or action")
TIPS: Final = (
    "✓ the first row that fits, × does not fit, ○ not looked at any more, – can never be reached",
    "The flags that a page of this row has, or does not have; those that this page has otherwise are underlined",
    "What the kernel calls such a page; the first row that fits decides",
    "Which flag speaks against the row; for the first match, what is done with the page",
)
SIGN, BITS, KIND, DOES = range(4)
_STATES: Final = {FITS: "the first match", TRIED: "does not fit", SPARED: "not looked at any more", OPEN: "open"}


class StateModel(QAbstractTableModel):
    """Rows of a state table, matched against the flags of a page."""

    def __init__(self, parent: QObject, theme: Theme) -> None:
        super().__init__(parent)
        self.table = StateTable(())
        self.theme = theme

    def set_table(self, table: StateTable) -> None:
        same = len(table.rows) == len(self.table.rows)
        if not same:
            self.beginResetModel()
        self.table = table
        if not same:
            self.endResetModel()
        elif table.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(table.rows) - 1, DOES))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.table.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Role.DisplayRole:
            return HEADS[section]
        if orientation == Qt.Orientation.Horizontal and role == Role.ToolTipRole:
            return TIPS[section]
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        row = self.table.rows[index.row()]
        if role in (Role.DisplayRole, Role.AccessibleTextRole):
            text = self.words(row, index.column())
            whole = role == Role.AccessibleTextRole and index.column() == KIND
            return f"{text}: {_STATES[row.state]}{', never reached' if row.never else ''}" if whole else text
        if role == Role.ToolTipRole:
            return plain(tip_of(row))
        if role == Role.ForegroundRole:
            return QColor(self._ink(row))
        if role == Role.FontRole and row.state == FITS:
            return look.font(look.BODY, QFont.Weight.DemiBold)
        return None

    def words(self, row: TableRow, column: int) -> str:
        """Text of a cell."""
        if column == SIGN:
            return ""
        if column == BITS:
            return " ".join(bit.name if bit.wanted else f"no {bit.name}" for bit in row.bits) or "anything"
        if column == KIND:
            return row.kind
        if row.state == TRIED:
            return f"{row.why}, never reached" if row.never else row.why
        return "never reached" if row.never else row.does

    def _ink(self, row: TableRow) -> str:
        if row.state == FITS:
            return self.theme.text
        return self.theme.muted if row.state != OPEN or row.never else self.theme.text

    def lit(self) -> str:
        """Colour of the first match: a fact or a prediction."""
        return self.theme.good if self.table.fact else self.theme.warn


def tip_of(row: TableRow) -> str:
    """Full description of a row, for its tip."""
    asks = " and ".join(f"{bit.name} {'set' if bit.wanted else 'clear'}" for bit in row.bits)
    lines = [f"Row {row.number + 1}: {row.kind}", f"Fits a page with {asks}." if asks else "Fits any page."]
    lines.append(f"Then {row.action}(): {row.means}")
    if row.why:
        lines.append(f"Does not fit: {row.why}.")
    if row.never:
        lines.append(f"Never reached: {row.never}.")
    return "\n".join(lines)
