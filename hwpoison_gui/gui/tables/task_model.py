"""Tasks as a Qt table model: rows from view/rows/tasks.py; edits are emitted as requests."""

from __future__ import annotations

from operator import attrgetter, ne
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.model_index import Index
from hwpoison_gui.kernel.records import DISPOSITIONS, MCE_KILL_POLICIES
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.impacts import IMPACTS, MOST_ERRORS, Fate
from hwpoison_gui.view.base.natural import natural
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.rows.tasks import TaskRow
from hwpoison_gui.view.words.words import counted

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.view.damage.worst import ProcessToll

_TGID_OF: Final = attrgetter("tgid")
Role = Qt.ItemDataRole
SORT_ROLE: Final = Role.UserRole
CHOICES_ROLE: Final = Role.UserRole + 1
TGID_ROLE: Final = Role.UserRole + 2


class TaskColumn(Record):
    """A column: `field` of TaskRow, header and tip, and the values it can be set to."""

    field: str
    head: str
    tip: str
    number: bool = False
    choices: tuple[str, ...] = ()


COLUMNS: Final = (
    TaskColumn("tgid", "PID", "Process number", number=True),
    TaskColumn("name", "Name", "Name and number of the process, as the kernel log has them"),
    TaskColumn("state", "State", "Running, exited, or killed"),
    TaskColumn(
        "policy",
        "Policy",
        "PR_MCE_KILL: early: SIGBUS at once; late: when it touches the page; default: by the sysctl.\n"
        "Double click or F2 to change.",
        choices=MCE_KILL_POLICIES,
    ),
    TaskColumn(
        "sigbus",
        "SIGBUS",
        "What it does with SIGBUS: default dies, a handler lives on. Double click or F2 to change.",
        choices=DISPOSITIONS,
    ),
    TaskColumn("threads", "Thr", "Number of threads", number=True),
    TaskColumn("rss_kb", "RSS kB", "Resident memory: what its page tables map", number=True),
    TaskColumn("pending", "Pending", "Signals that it has not taken yet"),
    TaskColumn(
        "killed_by",
        "Fate",
        f"The signal and code that ended it; of the living, what broken frames (the last {MOST_ERRORS}) mean to them",
    ),
)


# Columns with what errors would do to a process; shown on demand.
DAMAGE_COLUMNS: Final = (
    TaskColumn("now", "Hit now", "Frames whose error would signal it at once", number=True),
    TaskColumn("late", "Hit late", "Frames whose error would signal it when it touches them", number=True),
)


class TaskModel(QAbstractTableModel):
    """One row per process; `edited` requests another policy or disposition."""

    edited = Signal(str, str, str)  # field, task name, value

    def __init__(self, parent: QObject | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.rows: list[TaskRow] = []
        self.theme = theme
        self.frozen = False  # nothing can be edited after a panic
        self.colours: dict[int, str] = {}
        self.columns: tuple[TaskColumn, ...] = COLUMNS
        self.tolls: dict[int, ProcessToll] = {}  # what errors would do, by tgid
        self.ends: dict[int, Fate] = {}  # impact of the errors so far on living processes
        self._numbers: dict[int, int] | None = None  # row by tgid; None: not counted yet

    def set_rows(self, rows: list[TaskRow]) -> None:
        """Replace the rows; the selection stays on its task."""
        old, keep = self.rows, min(len(self.rows), len(rows))
        while keep and old[keep - 1].tgid != rows[keep - 1].tgid:
            keep -= 1
        pairs = enumerate(zip(old[:keep], rows, strict=False))
        others = [number for number, (was, row) in pairs if was is not row]  # only the changed ones
        if others and any(map(ne, map(_TGID_OF, old[:keep]), map(_TGID_OF, rows))):
            self.beginResetModel()
            self.rows, self._numbers = rows, None
            self.endResetModel()
            return
        if len(old) > keep:
            self.beginRemoveRows(QModelIndex(), keep, len(old) - 1)
            self.rows, self._numbers = old[:keep], None
            self.endRemoveRows()
        first = next((number for number in others if old[number] != rows[number]), None)
        if len(rows) > keep:
            self.beginInsertRows(QModelIndex(), keep, len(rows) - 1)
            self.rows, self._numbers = rows, None
            self.endInsertRows()
        else:
            self.rows = rows
        if first is not None:
            last = next(number for number in reversed(others) if old[number] != rows[number])
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    def show_tolls(self, on: bool, tolls: dict[int, ProcessToll]) -> None:
        """Show or hide the columns of what errors would do; without tolls they are empty."""
        self.tolls = tolls
        shown, first = len(self.columns) > len(COLUMNS), len(COLUMNS)
        if on and not shown:
            self.beginInsertColumns(QModelIndex(), first, first + len(DAMAGE_COLUMNS) - 1)
            self.columns = (*COLUMNS, *DAMAGE_COLUMNS)
            self.endInsertColumns()
        elif shown and not on:
            self.beginRemoveColumns(QModelIndex(), first, first + len(DAMAGE_COLUMNS) - 1)
            self.columns = COLUMNS
            self.endRemoveColumns()
        elif shown:
            self.refresh_look()

    def row_of(self, tgid: int) -> int:
        """Row of a task, or -1."""
        if self._numbers is None:
            self._numbers = {row.tgid: number for number, row in enumerate(self.rows)}
        return self._numbers.get(tgid, -1)

    def refresh_look(self) -> None:
        """Repaint after a change of colours or fonts."""
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(self.columns) - 1))

    # -- Qt's questions

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        if role == Role.DisplayRole:
            return column.head
        if role == Role.ToolTipRole:
            return column.tip
        if role == Role.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.number else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        base = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        row = self.rows[index.row()]
        if self.columns[index.column()].choices and row.alive and not self.frozen:
            base |= Qt.ItemFlag.ItemIsEditable
        return base

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        row, column = self.rows[index.row()], self.columns[index.column()]
        if column in DAMAGE_COLUMNS:
            return self._toll(row, column, role)
        value = getattr(row, column.field)
        if role == Role.DisplayRole:
            if column.field == "killed_by":
                return row.killed_briefly or self._end(row)
            if column.field == "rss_kb":
                return f"{value:,}" if row.alive else ""
            return str(value)
        if role == SORT_ROLE and column.field == "killed_by":
            return natural(value or self._end(row))
        if role == SORT_ROLE and not column.number:
            return natural(value)
        if role == Role.EditRole or role == SORT_ROLE:
            return value
        if role == CHOICES_ROLE:
            return column.choices
        if role == TGID_ROLE:
            return row.tgid
        return self._look(row, column, role)

    def _toll(self, row: TaskRow, column: TaskColumn, role: int) -> Any:
        """A number of frames, shown as memory."""
        toll = self.tolls.get(row.tgid)
        frames = getattr(toll, column.field) if toll is not None else 0
        if role == Role.DisplayRole:
            return amount(frames * FRAME_SIZE) if frames else ""
        if role in (SORT_ROLE, Role.EditRole):
            return frames
        if role == Role.ToolTipRole:
            return plain(f"{row.name}: {counted(frames, 'frame')}\n{column.tip}")
        return row.tgid if role == TGID_ROLE else self._look(row, column, role)

    def _end(self, row: TaskRow) -> str:
        return IMPACTS[self.ends[row.tgid].kind].narrow if row.alive and row.tgid in self.ends else ""

    def _look(self, row: TaskRow, column: TaskColumn, role: int) -> Any:
        if role == Role.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.number else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Role.ForegroundRole:
            return self._colour(row, column)
        if role == Role.FontRole and column.field == "name":
            font = look.font(look.BODY, QFont.Weight.DemiBold)
            font.setStrikeOut(not row.alive)
            return font
        if role == Role.ToolTipRole:
            by = f" by {row.killed_by}" if row.killed_by else ""
            end = self.ends.get(row.tgid) if row.alive else None
            hit = f"\n{IMPACTS[end.kind].meaning}, by the error in frame {end.pfn:#x}" if end is not None else ""
            return plain(f"{row.name}, {row.state}{by}{hit}\n{column.tip}")
        if role == Role.DecorationRole and column.field == "name":
            # Without a colour the space stays empty, so that names do not move when a walk begins.
            return QColor(self.colours.get(row.tgid, Qt.GlobalColor.transparent))
        return None

    def _colour(self, row: TaskRow, column: TaskColumn) -> QColor | None:
        if row.killed_by and column.field in ("tgid", "name", "state", "killed_by"):
            return QColor(self.theme.kill)
        if not row.alive:
            return QColor(self.theme.muted)
        if column.field == "killed_by" and row.tgid in self.ends:
            return QColor(getattr(self.theme, IMPACTS[self.ends[row.tgid].kind].tone))
        if column.field == "pending":
            return QColor(self.theme.warn)
        quiet = (column.field == "policy" and row.policy == "default") or column.field in ("threads", "state")
        return QColor(self.theme.muted) if quiet or (column.field, row.sigbus) == ("sigbus", "default") else None

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        row, column = self.rows[index.row()], self.columns[index.column()]
        if role != Role.EditRole or not column.choices:
            return False
        self.edited.emit(column.field, row.task, str(value))
        return True


class TaskOrder(QSortFilterProxyModel):
    """Sorts by a column; unsorted rows are in order of creation."""

    def __init__(self, parent: QObject, source: TaskModel) -> None:
        super().__init__(parent)
        self.setSourceModel(source)
        self.setSortRole(SORT_ROLE)
