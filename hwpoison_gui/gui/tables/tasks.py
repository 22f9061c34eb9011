"""The tasks panel: a sortable table; policy and SIGBUS disposition are edited in place."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFont, QFontMetrics, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.viewport import know_viewport
from hwpoison_gui.gui.tables.task_model import (
    CHOICES_ROLE,
    COLUMNS,
    DAMAGE_COLUMNS,
    TGID_ROLE,
    TaskModel,
    TaskOrder,
)
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.gui.widgets.model_index import Index
from hwpoison_gui.gui.widgets.table_keys import let_sort, sort_by_key, to_an_end, wants_menu
from hwpoison_gui.gui.widgets.table_view import set_row_height
from hwpoison_gui.view.base.columns import as_tsv
from hwpoison_gui.view.base.impacts import IMPACTS, Fate
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.rows.tasks import TaskRow

if TYPE_CHECKING:
    from hwpoison_gui.view.damage.worst import ProcessToll

# The longest words of each column, as far as they are known.
_WIDTHS = {
    "tgid": ("00000",), "name": ("gnome-terminal",), "state": ("running", "stopped", "killed", "exited"),
    "policy": ("default", "early", "late"), "sigbus": ("handler", "default", "blocked", "ignored"),
    "rss_kb": ("00,000",), "threads": ("00",), "pending": ("SIGBUS",),
    "killed_by": ("dies on touch",),
}  # fmt: skip

_NAME_OF, _KIND_OF = map(attrgetter, ("name", "kind"))  # called on ten thousand rows at once
_NAME = [column.field for column in COLUMNS].index("name")
_PADDING = 2 * look.MEDIUM  # pixels around the text of a cell, as in the style
_MEASURED = 32  # names with most characters: measuring ten thousand takes as long as a step may
_REVEALED = 64  # tasks that are looked for, to scroll to the first of them
# Columns hidden first, in this order, when the table is too narrow: what becomes of a task matters more.
_LEFT_OUT = [[column.field for column in COLUMNS].index(field) for field in ("threads", "rss_kb", "pending", "state")]
_BAR = 6  # width of the colour bar before a task's name
_KILLED_BY = [column.field for column in COLUMNS].index("killed_by")


class ChoiceDelegate(QStyledItemDelegate):
    """A combo box that opens at once."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        box = QComboBox(parent)
        box.addItems(list(index.data(CHOICES_ROLE)))
        box.activated.connect(lambda: self._chosen(box))
        return box

    def _chosen(self, box: QComboBox) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box)
        self._table.setFocus()  # the popup had the focus, not the box: the table would not get it back

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QComboBox)
        editor.setCurrentText(str(index.data(Qt.ItemDataRole.EditRole)))
        editor.showPopup()

    def setModelData(self, editor: QWidget, model, index: Index) -> None:
        assert isinstance(editor, QComboBox)
        model.setData(index, editor.currentText())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        rect = option.rect  # type: ignore[attr-defined]
        editor.setGeometry(rect.x(), rect.y(), max(rect.width(), editor.sizeHint().width()), rect.height())


class TaskTable(QTableView):
    """Emits the task of the current row; a right click requests the context menu of the selected ones."""

    taskSelected = Signal(object)  # tgid, or None
    menuRequested = Signal(object, QPoint)  # tgids
    edited = Signal(str, object, str)  # field, task names, value
    leftOutChanged = Signal()

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        know_viewport(self)
        self._least: dict[int, int] = {}  # widths that columns need
        self._fates: frozenset[str] = frozenset()  # kinds of impact that the table names
        self._names: list[str] | None = None  # those that were measured last
        self._largest: dict[int, int] = {}  # the largest number of each column
        self._wide: dict[int, int] = {}  # and its width
        self._longest_name = 0
        self.left_out: list[str] = []  # heads of the columns for which there is no room
        self._revealed: tuple[tuple[int, ...], int] = (), 0  # tasks scrolled to last, and where the scroll bar was then
        self.tasks = TaskModel(self, theme)
        self.order = TaskOrder(self, self.tasks)
        self.setModel(self.order)
        let_sort(self)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setItemDelegate(ChoiceDelegate(self))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.tasks.edited.connect(self._edited)
        self.setAccessibleName("Tasks")
        Copying(self, "Tasks", self.chosen, self.whole, has_menu=True)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self.tasks.theme = theme
        self.setFont(look.font())
        metrics = QFontMetrics(self.font())
        self.setIconSize(QSize(look.px(_BAR), metrics.ascent() + look.HAIR))
        set_row_height(self, metrics.height() + look.SMALL)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setMinimumSectionSize(36)
        bold = QFontMetrics(look.font(look.BODY, QFont.Weight.DemiBold))
        for number, column in enumerate(COLUMNS):
            face = bold if number == _NAME else metrics
            words = max(face.horizontalAdvance(words) for words in (*_WIDTHS[column.field], column.head))
            self._least[number] = words + _PADDING
            self.setColumnWidth(number, self._least[number])
        self._names = None
        self._measure()
        self._give_room()
        self.tasks.refresh_look()

    def show_tolls(self, on: bool, tolls: dict[int, ProcessToll]) -> None:
        """Show what errors would do to each process, or no longer; when it is first shown, the worst come first."""
        first, was = len(COLUMNS), len(self.tasks.columns)
        self.tasks.show_tolls(on, tolls)
        if len(self.tasks.columns) != was:
            metrics = self.fontMetrics()
            for number in range(first, first + len(DAMAGE_COLUMNS)):
                self._least.pop(number, None)
            for number, column in enumerate(self.tasks.columns[first:], first):
                self._least[number] = max(map(metrics.horizontalAdvance, ("000.0 MiB", column.head))) + 2 * _PADDING
                self.setColumnWidth(number, self._least[number])
            self._give_room()

    def _measure(self) -> bool:
        """Measure the longest values of all rows; return whether one has changed. There may be ten thousand."""
        rows, metrics = self.tasks.rows, self.fontMetrics()
        names, largest = list(map(_NAME_OF, rows)), {}
        for number, column in enumerate(COLUMNS):
            if column.number:
                largest[number] = max(map(attrgetter(column.field), rows), default=0)
        if (names, largest) == (self._names, self._largest):
            return False
        self._wide = {number: metrics.horizontalAdvance(f"{one:,}") + _PADDING for number, one in largest.items()}
        if names != self._names:
            bold = QFontMetrics(look.font(look.BODY, QFont.Weight.DemiBold))
            longest = sorted(names, key=len)[-_MEASURED:]
            self._longest_name = max(map(bold.horizontalAdvance, (COLUMNS[_NAME].head, *longest)))
        self._names, self._largest = names, largest
        return True

    def _give_room(self) -> None:
        """Numbers are never cut; the names take what the other columns leave, as far as the longest needs it.

        Where that is too little, columns go that matter less than what ended a task; if it still is, the table scrolls.
        """
        metrics = self.fontMetrics()
        for number, wide in self._wide.items():
            self.setColumnWidth(number, max(self._least[number], wide))
        fates = (*_WIDTHS["killed_by"], *(IMPACTS[kind].narrow for kind in self._fates))
        self._least[_KILLED_BY] = max(map(metrics.horizontalAdvance, fates)) + _PADDING
        around = look.px(_BAR) + look.LARGE + look.SMALL
        wanted = self._longest_name + 2 * look.SMALL
        least = min(self._least[_NAME], wanted) + around
        room = self._leave_out(least)
        self.setColumnWidth(_NAME, max(least, min(wanted + around, room)))
        # What ended a task takes the rest, but is whole where that is too little, and the table scrolls.
        mode = QHeaderView.ResizeMode.Stretch if least <= room else QHeaderView.ResizeMode.Interactive
        self.horizontalHeader().setSectionResizeMode(_KILLED_BY, mode)
        if least > room:
            self.setColumnWidth(_KILLED_BY, self._least[_KILLED_BY])

    def _leave_out(self, least: int) -> int:
        """Hide the columns for which there is no room beside names of the least width; return the room for names."""
        for number in _LEFT_OUT:
            self.setColumnHidden(number, False)
        others = sum(self.columnWidth(number) for number in self._least if number not in (_NAME, _KILLED_BY))
        room, hidden = self.viewport().width() - others - self._least[_KILLED_BY], []
        for number in _LEFT_OUT:
            if least <= room:
                break
            room += self.columnWidth(number)
            self.setColumnHidden(number, True)
            hidden.append(COLUMNS[number].head)
        if hidden != self.left_out:
            self.left_out = hidden
            self.leftOutChanged.emit()
        return room

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._least:
            self._give_room()
        tgids, scrolled = self._revealed
        if event.size().height() < event.oldSize().height() and scrolled == self.verticalScrollBar().value():
            self.reveal(*tgids)

    def set_rows(self, rows: list[TaskRow], frozen: bool) -> None:
        """Replace the rows. `frozen`: no cell can be edited."""
        self.tasks.frozen = frozen
        if rows != self.tasks.rows:
            self._quiet = True
            try:
                self.tasks.set_rows(rows)
            finally:
                self._quiet = False
            if self._measure():
                self._give_room()

    def set_colours(self, colours: dict[int, str], ends: dict[int, Fate] | None = None) -> None:
        """Set by tgid the colours of tasks, and the impact of the errors so far on them."""
        ends = ends or {}
        if colours != self.tasks.colours or ends != self.tasks.ends:
            self.tasks.colours, self.tasks.ends = colours, ends
            self.tasks.refresh_look()
            fates = frozenset(map(_KIND_OF, ends.values()))
            if fates != self._fates:
                self._fates = fates
                self._give_room()

    def show_selected(self, tgid: int | None) -> None:
        """Select a task's row, or none, without emitting `taskSelected`."""
        if tgid == self.selected():
            return
        selection = self.selectionModel()
        self._quiet = True
        try:
            selection.clear()
            index = self._index_of(tgid)
            if index.isValid():
                flags = QItemSelectionModel.SelectionFlag
                selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
                self.scrollTo(index)
        finally:
            self._quiet = False

    def reveal(self, *tgids: int) -> None:
        """Scroll to the rows of tasks: to the first of them, with as many of the others as fit. Of many, to some."""
        found = map(self._index_of, tgids[:_REVEALED])
        rows = sorted((index for index in found if index.isValid()), key=QModelIndex.row)
        for index in (*rows[-1:], *rows[:1]):
            self.scrollTo(index)
        self._revealed = tgids[:_REVEALED], self.verticalScrollBar().value()

    def _index_of(self, tgid: int | None) -> QModelIndex:
        row = -1 if tgid is None else self.tasks.row_of(tgid)
        return self.order.mapFromSource(self.tasks.index(row, 0)) if row >= 0 else QModelIndex()

    def selected(self) -> int | None:
        """Tgid of the current task if it is selected, else of the first selected one, or None."""
        rows = self.selectionModel().selectedRows()
        here = self.currentIndex()
        current = next((row for row in rows if row.row() == here.row()), rows[0] if rows else None)
        return int(current.data(TGID_ROLE)) if current is not None else None

    def selected_tasks(self) -> list[int]:
        """Tgids of all selected tasks, in the order of the rows."""
        rows = sorted(self.selectionModel().selectedRows(), key=lambda index: index.row())
        return [int(index.data(TGID_ROLE)) for index in rows]

    def _edited(self, field: str, name: str, value: str) -> None:
        """An edit of one of the selected tasks is one of all of them that are alive."""
        rows = [self.tasks.rows[self.tasks.row_of(tgid)] for tgid in self.selected_tasks()]
        names = [row.task for row in rows if row.alive]
        self.edited.emit(field, names if name in names else [name], value)

    _quiet = False

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        if not self._quiet:
            self.taskSelected.emit(self.selected())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if wants_menu(event):
            self._menu_of_current()
        elif sort_by_key(self, event) or to_an_end(self, event):
            return
        elif event.key() == Qt.Key.Key_Escape:
            self.clearSelection()
        else:
            super().keyPressEvent(event)

    def chosen(self) -> str:
        """The selected rows, tab-separated."""
        return as_tsv(self._cells(sorted(index.row() for index in self.selectionModel().selectedRows())))

    def whole(self) -> str:
        """All rows below the heads, tab-separated."""
        return as_tsv(self._cells(range(self.order.rowCount())), [column.head for column in self.tasks.columns])

    def _cells(self, rows: Iterable[int]) -> list[list[str]]:
        return [
            [str(self.order.index(row, column).data()) for column in range(len(self.tasks.columns))] for row in rows
        ]

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self._menu_of_current()
        else:
            self._menu(self.indexAt(event.pos()), event.globalPos())

    def _menu_of_current(self) -> None:
        index = self.currentIndex()
        self._menu(index, self.viewport().mapToGlobal(self.visualRect(index).bottomLeft()))

    def _menu(self, index: QModelIndex, where: QPoint) -> None:
        if index.isValid():
            chosen, tgid = self.selected_tasks(), int(index.data(TGID_ROLE))
            self.menuRequested.emit(chosen if tgid in chosen else [tgid], where)
