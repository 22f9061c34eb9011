"""Pages as a Qt table model of only the visible rows: Qt keeps a record for every row of a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QObject, Qt
from PySide6.QtGui import QColor

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.model_index import NOWHERE, Index
from hwpoison_gui.gui.widgets.row_model import alignment, head_data
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.view.base.columns import TextColumn
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.rows.page_order import Pfns
from hwpoison_gui.view.rows.pages import (
    PAGE_COLUMNS,
    PAGE_DAMAGE_COLUMNS,
    PageRow,
    PageRows,
    page_cells,
    page_damage_cells,
)

Role = Qt.ItemDataRole


class PageModel(QAbstractTableModel):
    """`room` rows from row `top` of the frames in the order of `pfns` (None: all, by number)."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.theme: Theme = DARK
        self.pfns: Pfns | None = None
        self.top = self.room = self.size = 0
        self.columns: tuple[TextColumn, ...] = PAGE_COLUMNS
        self._cells = page_cells
        self._source: PageRows | None = None
        self._made: dict[int, PageRow] = {}

    def set_machine(
        self, m: Machine, shown: Callable[[int], str], ahead: Callable[[int], tuple[int, int]] = lambda pfn: (0, 0)
    ) -> None:
        """Replace the machine; `shown` and `ahead` are those of PageRows."""
        self._source = PageRows(m, shown, ahead)
        self.set_order(None)

    def set_order(self, pfns: Pfns | None) -> None:
        """Set another order of the frames."""
        assert self._source is not None
        self.beginResetModel()
        self.pfns, self.top = pfns, 0
        self.size = self._source.m.frames if pfns is None else len(pfns)
        self._made.clear()
        self.endResetModel()

    def show_damage(self, on: bool) -> None:
        """Show or hide the columns of what an error would do."""
        self.beginResetModel()
        self.columns = PAGE_DAMAGE_COLUMNS if on else PAGE_COLUMNS
        self._cells = page_damage_cells if on else page_cells
        self._made.clear()
        self.endResetModel()

    def set_window(self, top: int, room: int) -> None:
        """Set which rows are visible."""
        top = max(0, min(top, self.size - room))
        if room != self.room:
            self.beginResetModel()
            self.top, self.room = top, room
            self.endResetModel()
        elif top != self.top:
            self.top = top
            self.refresh()

    def refresh(self) -> None:
        """Update the visible rows."""
        self._made.clear()
        if self._source is not None:
            self._source.forget()
        if self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, len(self.columns) - 1))

    def pfn_of(self, place: int) -> int:
        """Frame at a position in the order."""
        return place if self.pfns is None else int(self.pfns[place])

    def place_of(self, pfn: int) -> int:
        """Position of a frame in the order, or -1."""
        if self.pfns is None:
            return pfn if 0 <= pfn < self.size else -1
        found = (self.pfns == pfn).nonzero()[0]
        return int(found[0]) if len(found) else -1

    def cells_at(self, place: int) -> tuple[str, ...]:
        """A row as text, visible or not."""
        return self._cells(self._row(place))

    def _row(self, place: int) -> PageRow:
        row = self._made.get(place)
        if row is None:
            assert self._source is not None
            if len(self._made) > 4 * self.room:
                self._made.clear()
            row = self._made[place] = self._source.row(self.pfn_of(place))
        return row

    # -- Qt's questions

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else min(self.room, self.size - self.top)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        return head_data(self.columns[section], role) if orientation == Qt.Orientation.Horizontal else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        column = self.columns[index.column()]
        if role == Role.TextAlignmentRole:
            return alignment(column)
        if role == Role.FontRole and column.fixed:
            return look.mono()
        if role not in (Role.DisplayRole, Role.ToolTipRole, Role.ForegroundRole, Role.AccessibleTextRole):
            return None
        row = self._row(self.top + index.row())
        text = self._cells(row)[index.column()]
        if role == Role.AccessibleTextRole:
            return f"{column.head}: {text or 'none'}"
        if role == Role.ToolTipRole:
            return plain(f"{text}\n{column.tip}".lstrip())
        if role == Role.ForegroundRole:
            loud = row.poisoned and column.field in ("pfn", "kind", "flags")
            return QColor(self.theme.kill) if loud else None
        return text
