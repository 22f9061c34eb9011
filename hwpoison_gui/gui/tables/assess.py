"""The Assess panel: frames by group and outcome; a click on a number asks the map for these frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QItemSelectionModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QHBoxLayout, QToolButton, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.gui.widgets.frozen import FrozenColumns
from hwpoison_gui.gui.widgets.model_index import NOWHERE, Index
from hwpoison_gui.gui.widgets.row_model import alignment, head_data
from hwpoison_gui.gui.widgets.table_keys import let_sort, sort_by_key, to_an_end
from hwpoison_gui.gui.widgets.table_view import FactView
from hwpoison_gui.gui.widgets.toggle import Toggle
from hwpoison_gui.view.base.columns import TextColumn, as_tsv
from hwpoison_gui.view.base.natural import natural
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.rows.assess import ALL, AssessColumn, AssessRow, AssessSheet, assess_cells
from hwpoison_gui.view.rows.dangers import LISTS
from hwpoison_gui.view.words.words import counted

Role = Qt.ItemDataRole
_BY_NAME: Final = 0
_MARGINS: Final = 2 * 3 + 1  # pixels that Qt leaves around the text of a cell
_ENSURE_VISIBLE: Final = QAbstractItemView.ScrollHint.EnsureVisible
_GROUPINGS: Final = ("kind", "process", "file", "zone", "node")
_FIND: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class AssessModel(QAbstractTableModel):
    """A sheet as a table. `why_not` gives the reason why the map cannot show the frames of a cell; empty if it can."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.theme: Theme = DARK
        self.sheet: AssessSheet | None = None
        self.rows: list[AssessRow] = []
        self.columns: tuple[TextColumn, ...] = ()
        self._by = ""  # what the rows are, as a word of the head
        self.as_frames = False
        self.stale = False  # the machine has changed since
        self.why_not: Callable[[AssessRow, AssessColumn | None], str] = lambda row, column: ""
        self._order: tuple[int, bool] | None = None  # column, descending

    def set_sheet(self, sheet: AssessSheet | None) -> None:
        """Replace everything that is shown; None: nothing is known yet."""
        self.beginResetModel()
        self.sheet = sheet
        columns = sheet.columns if sheet is not None else ()
        self._by = sheet.by.capitalize() if sheet is not None else ""
        unit = "frames" if self.as_frames else "MiB"
        head, tip, is_path = f"{self._by}\nin {unit}", "A click finds all of its frames", self._by == "File"
        self.columns = (
            TextColumn("name", head, tip, "shared memory (tmpfs)  ", path=is_path),
            *(TextColumn(str(at), one.head, one.tip, self._longest(at), number=True) for at, one in enumerate(columns)),
        )  # fmt: skip
        if sheet is None or (self._order is not None and self._order[0] > len(columns)):
            self._order = None
        self._sort()
        self.endResetModel()

    def _longest(self, column: int) -> str:
        """The longest cell of a column."""
        rows = self.sheet.rows if self.sheet is not None else ()
        return max((assess_cells(row, self.as_frames)[column + 1] for row in rows), key=len, default="")

    def repaint(self) -> None:
        """Repaint all cells: after a change of theme, unit or age."""
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(self.columns) - 1))

    def column_at(self, number: int) -> AssessColumn | None:
        """The outcome of a column of the table; None for that of the names."""
        return self.sheet.columns[number - 1] if self.sheet is not None and number > _BY_NAME else None

    def place_of(self, column: AssessColumn) -> int:
        """The place of an outcome in `AssessRow.frames`."""
        assert self.sheet is not None
        return self.sheet.columns.index(column)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sorts by a column, -1 for the order of size; all of memory stays the first row."""
        self._order = (column, order == Qt.SortOrder.DescendingOrder) if column >= 0 else None
        self.layoutAboutToBeChanged.emit()
        self._sort()
        self.layoutChanged.emit()

    def _sort(self) -> None:
        rows = list(self.sheet.rows) if self.sheet is not None else []
        if self._order is not None:
            column, descending = self._order
            by_name = column == _BY_NAME
            rows[1:] = sorted(
                rows[1:],
                key=lambda row: natural(row.name) if by_name else row.frames[column - 1],
                reverse=descending,
            )
        self.rows = rows

    # -- Qt's questions

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        return head_data(self.columns[section], role)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        row, column = self.rows[index.row()], self.columns[index.column()]
        if role == Role.DisplayRole:
            return assess_cells(row, self.as_frames)[index.column()]
        if role == Role.TextAlignmentRole:
            return alignment(column)
        if role == Role.FontRole and row.is_whole:
            return look.font(look.BODY, QFont.Weight.DemiBold)
        if role == Role.ForegroundRole:
            outcome = self.column_at(index.column())
            other = outcome is not None and self.why_not(row, outcome)
            return QColor(self.theme.muted) if self.stale or other else None
        if role in (Role.ToolTipRole, Role.AccessibleTextRole):
            return self._words(row, index.column(), role)
        return None

    def _words(self, row: AssessRow, number: int, role: int) -> str:
        outcome = self.column_at(number)
        head = self._by if outcome is None else outcome.head.replace("\n", " ")
        if role == Role.AccessibleTextRole:
            return f"{row.name}, {head}: {assess_cells(row, self.as_frames)[number] or 'none'}"
        frames = "" if outcome is None else f", {head}: {counted(row.frames[number - 1], 'frame')}"
        tip = self.columns[number].tip
        return plain(f"{row.name}{frames}\n{tip}\n{self.why_not(row, outcome) or 'A click finds them on the map.'}")


class AssessTools(QWidget):
    """Choice of the grouping of frames, and of numbers or sizes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.by = QComboBox(self)
        self.by.setAccessibleName("Group frames by")
        self.by.setToolTip(
            "What frames are grouped by; a frame of several processes counts in each of them. Or a list of the "
            "most dangerous"
        )
        for name in _GROUPINGS:
            self.by.addItem(f"By {name}", name)
        self.by.insertSeparator(self.by.count())
        for name, words in LISTS.items():
            self.by.addItem(words, name)
        self.more = QToolButton(self)
        self.more.setText("More")
        self.more.setObjectName("boxed")
        self.more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.more.setToolTip("Lists twice as many")
        self.more.hide()
        self.frames = Toggle("Frames", self)
        self.frames.setToolTip("Counts frames instead of memory")
        self.tables = Toggle("In Tasks, Files, Pages", self)
        self.tables.setToolTip(
            "Adds columns to the panels Tasks, Files and Pages: frames whose error hits a process or a file, now and "
            "late; processes that an error in a page signals, and what it loses. The worst come first there."
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.SMALL)
        for tool in (self.by, self.more, self.frames, self.tables):
            row.addWidget(tool)

    def show_list(self, on: bool) -> None:
        """Show what a list needs, or what the table of outcomes does."""
        self.more.setVisible(on)
        for tool in (self.frames, self.tables):
            tool.setVisible(not on)


class AssessTable(FactView):
    """Cells are chosen, not rows: by a click, or by Enter or the space bar."""

    cellChosen = Signal(object, object)  # AssessRow, AssessColumn or None

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__((), parent)
        self.sheet = AssessModel(self)
        self.tools = AssessTools(self)
        self.setModel(self.sheet)
        let_sort(self)
        self.horizontalHeader().setSortIndicatorShown(False)  # it would take the room of five columns
        self.horizontalHeader().sortIndicatorChanged.connect(self._show_order)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName("Assess")
        self.frozen = FrozenColumns(self, 1)  # the names
        self.frozen.clicked.connect(self._choose)
        Copying(self, "Assess", self._chosen, self._whole)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self.sheet.theme = theme
        self._fit()
        for tool in (self.tools.by, self.tools.more, self.tools.frames, self.tools.tables):
            tool.setFont(look.font(look.CAPTION))
        self.sheet.repaint()

    def set_sheet(self, sheet: AssessSheet | None) -> None:
        """Show another sheet; the chosen cell stays where its row and outcome are in both."""
        before = self.chosen_cell()
        self.sheet.set_sheet(sheet)
        self.columns = self.sheet.columns
        self._fit()
        if before is not None:
            row, column = before
            self.show_cell(lambda one: one.name == row.name, lambda one: one == column)

    def set_unit(self, as_frames: bool) -> None:
        """Counts frames, or measures memory in MiB."""
        self.sheet.as_frames = as_frames
        self.set_sheet(self.sheet.sheet)

    def _fit(self) -> None:
        """Make columns as wide as they must be, and no wider, so that most of them are seen together."""
        self.set_look()
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideNone)  # else a second line is cut
        bold = QFontMetrics(look.font(look.BODY, QFont.Weight.DemiBold))
        for number, column in enumerate(self.columns):
            words = bold.horizontalAdvance(column.sample) + 2 * look.SMALL + _MARGINS
            self.setColumnWidth(number, max(words, self.horizontalHeader().sectionSizeHint(number)))
        self.frozen.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.frozen.fit()

    def scrollTo(self, index: Index, hint: QAbstractItemView.ScrollHint = _ENSURE_VISIBLE) -> None:
        if index.column() == _BY_NAME and self.frozen.isVisible():  # names are in view: rows alone have to move
            self.frozen.scrollTo(index, hint)
            return
        super().scrollTo(index, hint)
        covered = self.frozen.width() - self.visualRect(index).left()
        bar = self.horizontalScrollBar()
        if index.column() > _BY_NAME and bar.value() and covered > 0:
            bar.setValue(bar.value() - covered)

    def _show_order(self, column: int) -> None:
        """Show the arrow of the column that the rows are sorted by, and make room for it."""
        head = self.horizontalHeader()
        head.setSortIndicatorShown(column >= 0)
        if column >= 0:
            self.setColumnWidth(column, max(self.columnWidth(column), head.sectionSizeHint(column)))
            self.frozen.fit()

    def chosen_cell(self) -> tuple[AssessRow, AssessColumn | None] | None:
        """The current cell, if it is selected."""
        index = self.currentIndex()
        if not index.isValid() or not self.selectionModel().isSelected(index):
            return None
        return self.sheet.rows[index.row()], self.sheet.column_at(index.column())

    def show_cell(
        self,
        is_row: Callable[[AssessRow], bool],
        is_column: Callable[[AssessColumn | None], bool],
        reveal: bool = False,
    ) -> None:
        """Select the first cell of these, or none, without choosing it. `reveal`: scroll to it."""
        row = next((at for at, one in enumerate(self.sheet.rows) if is_row(one)), -1)
        columns = range(self.sheet.columnCount())
        column = next((at for at in columns if is_column(self.sheet.column_at(at))), -1)
        selection = self.selectionModel()
        if row < 0 or column < 0:
            selection.clear()
            return
        index = self.sheet.index(row, column)
        self.setAutoScroll(False)  # Qt would scroll to what becomes current, and at the latest as it is shown
        selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.setAutoScroll(True)
        if reveal:
            self.scrollTo(index)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index == self.currentIndex():
            self._choose(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _FIND and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self._choose(self.currentIndex())
        elif not sort_by_key(self, event) and not to_an_end(self, event):
            super().keyPressEvent(event)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.cellChosen.emit(self.sheet.rows[index.row()], self.sheet.column_at(index.column()))

    def selected_cells(self) -> list[tuple[str, ...]]:
        rows = sorted({index.row() for index in self.selectionModel().selectedIndexes()})
        return [assess_cells(self.sheet.rows[row], self.sheet.as_frames) for row in rows]

    def _chosen(self) -> str:
        return as_tsv(self.selected_cells())

    def _whole(self) -> str:
        rows = [assess_cells(row, self.sheet.as_frames) for row in self.sheet.rows]
        return as_tsv(rows, [column.head for column in self.sheet.columns])


def is_all(column: AssessColumn | None) -> bool:
    """Return whether a column has frames of every outcome."""
    return column is None or column.code == ALL
