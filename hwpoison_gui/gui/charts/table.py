"""The numbers of a chart as a table, to read and to copy."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QObject, Qt
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.gui.widgets.model_index import NOWHERE, Index
from hwpoison_gui.gui.widgets.table_view import FactView
from hwpoison_gui.view.base.columns import TextColumn, as_tsv
from hwpoison_gui.view.charts.chart import Chart, as_text

_WIDEST: Final = 22  # columns of a table are at most as wide as so many characters


class ChartTable(FactView):
    """The numbers of a chart."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__((), parent)
        self.setAccessibleName("Chart as a table")
        self.setMinimumSize(1, 1)  # no reason for the chart to be cut off
        self.setToolTip("The numbers of the chart; Ctrl+C copies rows")
        self._model = _Cells(self)
        self.setModel(self._model)
        Copying(self, "Chart", self._selected, self._whole)

    def set_chart(self, chart: Chart) -> None:
        """Show the table of a chart."""
        self.columns = tuple(TextColumn(head, head, head, "0" * min(len(head), _WIDEST)) for head in chart.heads)
        self._model.set_cells(chart.heads, tuple(tuple(map(as_text, row)) for row in chart.rows))
        self.set_look()
        self.setAccessibleName(f"{chart.title}, as a table")

    def _selected(self) -> str:
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return as_tsv([self._model.cells[row] for row in rows])

    def _whole(self) -> str:
        return as_tsv(self._model.cells, self._model.heads)


class _Cells(QAbstractTableModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.heads: tuple[str, ...] = ()
        self.cells: tuple[tuple[str, ...], ...] = ()

    def set_cells(self, heads: tuple[str, ...], cells: tuple[tuple[str, ...], ...]) -> None:
        self.beginResetModel()
        self.heads, self.cells = heads, cells
        self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.cells)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.heads)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self.cells[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and self.cells[index.row()][index.column()][:1].isdigit():
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        horizontal = orientation == Qt.Orientation.Horizontal
        return self.heads[section] if horizontal and role == Qt.ItemDataRole.DisplayRole else None
