"""The differences between two clicks, as a table; equal facts are shown on request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QObject, QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.look.viewport import know_viewport
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.gui.widgets.frozen import FrozenColumns
from hwpoison_gui.gui.widgets.model_index import Index
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.gui.widgets.wrapped import WrappedDelegate
from hwpoison_gui.view.base.columns import as_tsv
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.facts.compare import LEFT_OUT, Row

Role = Qt.ItemDataRole
_HEADS: Final = ("", "What", "Of")
_SIGN, _ASPECT, _SUBJECT = range(3)
_SUBJECT_SHARE: Final = {2: 0.26}  # number of sides -> share of the width left
_SUBJECT_OF_MANY: Final = 0.14
_LEAST_VALUE: Final = 134  # width of the values of a side, which BUS_MCEERR_AO just fits, at 100 % text


class CompareModel(QAbstractTableModel):
    """Facts of all sides as rows."""

    def __init__(self, parent: QObject, theme: Theme) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self.heads: list[str] = []  # none while the machines are built
        self.lit_from = 0  # a value that differs from that of the column this far to its right is lit; 0: none is
        self.theme = theme

    def set_rows(self, rows: list[Row]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def set_heads(self, heads: list[str], lit_from: int = 0) -> None:
        """Set the column headers, a side each; the rows go."""
        self.beginResetModel()
        self.rows, self.heads, self.lit_from = [], heads, lit_from
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(_HEADS) + len(self.heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Role.DisplayRole:
            return (*_HEADS, *self.heads)[section]
        if role == Role.ToolTipRole and orientation == Qt.Orientation.Horizontal and self.lit_from:
            return "A double click opens this machine beside the present one" if side_of(section) >= 0 else None
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
        if role == Role.BackgroundRole and self.is_lit(row, side_of(column)):
            return QColor(look.lit_ground(self.theme))
        if role == Role.FontRole and column == _ASPECT and not row.same:
            return look.font(look.BODY, QFont.Weight.DemiBold)
        if role == Role.AccessibleTextRole and column == _SIGN:
            return "the same" if row.same else "differs"
        return None

    def is_lit(self, row: Row, side: int) -> bool:
        """Return whether the value of a side differs from that of the kernel before."""
        before = side + self.lit_from
        return (
            bool(self.lit_from)
            and side >= 0
            and before < len(row.values)
            and LEFT_OUT not in (row.values[side], row.values[before])
            and row.values[side].text != row.values[before].text
        )

    def text(self, row: Row, column: int) -> str:
        """Text of a cell."""
        return ("=" if row.same else "≠", row.aspect, row.subject, *(value.text for value in row.values))[column]

    def _colour(self, row: Row, column: int) -> str:
        theme = self.theme
        tones = {"kill": theme.kill, "warn": theme.warn, "good": theme.good}
        if row.same or column == _SUBJECT:
            return theme.muted
        if column < len(_HEADS):
            return theme.text
        return tones.get(row.values[column - len(_HEADS)].tone, theme.text)


class _CellDelegate(WrappedDelegate):
    """Paints the ground of lit cells, which the style sheet would leave out, and a bar at their left."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        ground = index.data(Role.BackgroundRole)
        if ground is not None:
            model = index.model()
            assert isinstance(model, CompareModel)
            cell = option.rect
            fill(painter, cell, ground)
            fill(painter, QRect(cell.x(), cell.y(), look.TIGHT, cell.height()), QColor(model.theme.warn))
        super().paint(painter, option, index)


def side_of(column: int) -> int:
    """The number of the side that a column shows; negative for those before the sides."""
    return column - len(_HEADS)


class CompareTable(QTableView):
    """Selects and copies whole rows; long text wraps. A double click on a side, or Enter, emits `sideWanted`."""

    sideWanted = Signal(int)

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        know_viewport(self)
        self.facts = CompareModel(self, theme)
        self.empty = ""  # shown when there are no rows
        self.setModel(self.facts)
        self.setItemDelegate(_CellDelegate(self))
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.frozen = FrozenColumns(self, _SUBJECT)  # sign and aspect
        self.doubleClicked.connect(self._want)
        self.horizontalHeader().setSectionsClickable(True)
        self.horizontalHeader().sectionDoubleClicked.connect(self._want_side_of)
        self.setAccessibleName("Differences")
        Copying(self, "the differences", self._chosen, self._whole)
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

    def width_for(self, sides: int) -> int:
        """The width at which a number of sides need no scroll bar, in pixels."""
        before = self.columnWidth(_SIGN) + self.columnWidth(_ASPECT)
        values = sides * look.px(_LEAST_VALUE)
        return before + round(values / (1 - _SUBJECT_OF_MANY)) + look.LARGE

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        sign = metrics.horizontalAdvance("≠") + 3 * look.SMALL
        bold = QFontMetrics(look.font(look.BODY, QFont.Weight.DemiBold))
        aspect = bold.horizontalAdvance("Page table entry") + 3 * look.SMALL
        self.setColumnWidth(_SIGN, sign)
        self.setColumnWidth(_ASPECT, aspect)
        room, sides = self.viewport().width() - sign - aspect, len(self.facts.heads)
        subject = round(room * _SUBJECT_SHARE.get(sides, _SUBJECT_OF_MANY))
        self.setColumnWidth(_SUBJECT, subject)
        for side in range(sides):
            self.setColumnWidth(len(_HEADS) + side, max(look.px(_LEAST_VALUE), (room - subject) // sides))
        self.resizeRowsToContents()
        for row in range(len(self.facts.rows)):
            self.setRowHeight(row, self.rowHeight(row) + look.SMALL)
        self.frozen.fit()

    def picture(self) -> QPixmap:
        """All rows, without scroll bars."""
        whole = CompareTable(None, self.facts.theme)
        whole.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole.facts.set_heads(self.facts.heads, self.facts.lit_from)
        wide = max(self.width(), sum(self.columnWidth(column) for column in range(self.facts.columnCount())))
        whole.resize(wide + look.SMALL, self.height())
        whole.set_rows(self.facts.rows)
        tall = sum(whole.rowHeight(row) for row in range(len(self.facts.rows)))
        whole.resize(whole.width(), tall + whole.horizontalHeader().sizeHint().height() + look.SMALL)
        return whole.grab()

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
        if event.size().width() != event.oldSize().width():
            self._fit()
        else:
            self.frozen.fit()

    def _want(self, index: Index) -> None:
        self._want_side_of(index.column())

    def _want_side_of(self, column: int) -> None:
        if side_of(column) >= 0:
            self.sideWanted.emit(side_of(column))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._want(self.currentIndex())
            return
        if event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and not event.modifiers():
            event.ignore()  # the window goes to the first or the last step
            return
        super().keyPressEvent(event)

    def _text(self, rows: Iterable[int]) -> str:
        columns = range(self.facts.columnCount())
        return as_tsv([[self.facts.text(self.facts.rows[row], column) for column in columns] for row in rows])

    def _chosen(self) -> str:
        return self._text(sorted({index.row() for index in self.selectedIndexes()}))

    def _whole(self) -> str:
        """All rows, below the heads."""
        heads = [
            str(self.facts.headerData(column, Qt.Orientation.Horizontal) or "")
            for column in range(self.facts.columnCount())
        ]
        return as_tsv([heads]) + "\n" + self._text(range(len(self.facts.rows))) if self.facts.rows else ""
