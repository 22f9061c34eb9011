"""The differences between two clicks, as a table; equal facts are shown on request."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QObject, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QTableView, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.model_index import Index
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.facts.compare import Row, Value

Role = Qt.ItemDataRole
_HEADS: Final = ("", "What", "Of", "Left", "Right")
_SIGN, _ASPECT, _SUBJECT, _LEFT, _RIGHT = range(5)
_TEXT_SHARES: Final = {_SUBJECT: 0.26, _LEFT: 0.37}


class CompareModel(QAbstractTableModel):
    """Facts of both sides as rows."""

    def __init__(self, parent: QObject, theme: Theme) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self.heads = list(_HEADS)
        self.theme = theme

    def set_rows(self, rows: list[Row]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def set_heads(self, left: str, right: str) -> None:
        """Sets the column headers: the settings of the sides."""
        self.heads[_LEFT:] = [left, right]
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, _LEFT, _RIGHT)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(_HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Role.DisplayRole:
            return self.heads[section]
        if role == Role.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        if role == Role.DisplayRole:
            return self.text(row, column)
        if role == Role.ToolTipRole:
            return plain(", ".join(row.subjects[:200]) if column == _SUBJECT else self.text(row, column))
        if role == Role.ForegroundRole:
            return QColor(self._colour(row, column))
        if role == Role.FontRole and column == _ASPECT and not row.same:
            return look.font(look.BODY, QFont.Weight.DemiBold)
        if role == Role.AccessibleTextRole and column == _SIGN:
            return "the same" if row.same else "differs"
        return None

    def text(self, row: Row, column: int) -> str:
        """Text of a cell."""
        return ("=" if row.same else "≠", row.aspect, row.subject, row.left.text, row.right.text)[column]

    def _colour(self, row: Row, column: int) -> str:
        theme = self.theme
        tones = {"kill": theme.kill, "warn": theme.warn, "good": theme.good}
        if row.same or column == _SUBJECT:
            return theme.muted
        value: Value = row.right if column == _RIGHT else row.left
        return tones.get(value.tone, theme.text) if column in (_LEFT, _RIGHT) else theme.text


class CompareTable(QTableView):
    """Selects and copies whole rows; long text wraps."""

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.facts = CompareModel(self, theme)
        self.empty = ""  # shown when there are no rows
        self.setModel(self.facts)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Differences")
        self.setAccessibleDescription("What came of the click on either side, a row a thing. Ctrl+C copies rows.")
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self.facts.theme = theme
        self.setFont(look.font())
        self._fit()
        self.viewport().update()

    def set_rows(self, rows: list[Row]) -> None:
        self.facts.set_rows(rows)
        self._fit()

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        sign = metrics.horizontalAdvance("≠") + 3 * look.SMALL
        bold = QFontMetrics(look.font(look.BODY, QFont.Weight.DemiBold))
        aspect = bold.horizontalAdvance("Page table entry") + 3 * look.SMALL
        self.setColumnWidth(_SIGN, sign)
        self.setColumnWidth(_ASPECT, aspect)
        room = self.viewport().width() - sign - aspect
        for column, share in _TEXT_SHARES.items():
            self.setColumnWidth(column, round(room * share))
        self.resizeRowsToContents()
        for row in range(len(self.facts.rows)):
            self.setRowHeight(row, self.rowHeight(row) + look.SMALL)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.facts.rows and self.empty:
            painter = QPainter(self.viewport())
            painter.setFont(look.font())
            painter.setPen(QColor(self.facts.theme.muted))
            painter.drawText(
                self.viewport().rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.empty
            )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not event.matches(QKeySequence.StandardKey.Copy):
            super().keyPressEvent(event)
            return
        chosen = sorted({index.row() for index in self.selectedIndexes()})
        lines = ["\t".join(self.facts.text(self.facts.rows[row], c) for c in range(len(_HEADS))) for row in chosen]
        QApplication.clipboard().setText("\n".join(lines))
