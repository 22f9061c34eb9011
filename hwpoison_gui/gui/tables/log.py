"""The kernel log panel: lines as dmesg prints them; those of the present step are marked."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from operator import attrgetter
from typing import Any, Final

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QObject,
    QStringListModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.look.viewport import know_viewport
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.gui.widgets.model_index import Index
from hwpoison_gui.gui.widgets.table_keys import to_an_end
from hwpoison_gui.kernel.records import LogLine
from hwpoison_gui.view.base.palette import DARK, Theme, mixed
from hwpoison_gui.view.rows.log import wrapped

Role = Qt.ItemDataRole
_TEXT_OF: Final = attrgetter("text")
_MOST_CHOSEN: Final = 100  # lines selected for a frame
_INSERTED: Final = 512  # rows per insertion: for each row, Qt moves all rows of the insertion
_MARGIN: Final = 3  # pixels beside a row's text: PM_FocusFrameHMargin and one, without the 566 constants of QStyle
EMPTY: Final = "No kernel messages yet.\nThey appear here as dmesg prints them."


class LogModel(QStringListModel):
    """The log so far; a long line takes several rows, since rows of uniform height keep long logs fast.

    The base class holds empty strings only to count rows: Qt asks for the count at every row it lays out.
    """

    def __init__(self, parent: QObject, theme: Theme) -> None:
        super().__init__(parent)
        self.lines: list[LogLine] = []
        self.newest: frozenset[int] = frozenset()
        self.theme = theme
        self._columns = 1 << 16
        self._pieces: list[tuple[int, str]] = []  # line number, text of the row
        self._starts: list[int] = []  # first row of each line

    def flags(self, index: Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def line_at(self, row: int) -> int:
        """Number of the line that a row belongs to."""
        return self._pieces[row][0]

    def rows_of(self, line: int) -> tuple[int, int]:
        """First and last row of a line."""
        ends = self._starts[line + 1] if line + 1 < len(self._starts) else len(self._pieces)
        return self._starts[line], ends - 1

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        number, piece = self._pieces[index.row()]
        line = self.lines[number]
        if role == Role.DisplayRole:
            return piece
        if role == Role.AccessibleTextRole:
            return line.text if index.row() == self._starts[number] else piece.strip()
        if role == Role.ToolTipRole:
            return plain(f"{line.text}\nDouble click: go to the step that printed it.")
        newest = number in self.newest
        if role == Role.ForegroundRole:
            if line.fatal:
                return QColor(self.theme.kill)
            return QColor(
                self.theme.text if newest or not self.newest else mixed(self.theme.text, self.theme.base, 0.3)
            )
        if role == Role.BackgroundRole and newest:
            return QColor(look.lit_ground(self.theme))
        return None

    def set_lines(self, lines: list[LogLine], newest: frozenset[int]) -> None:
        """Replace the lines; unchanged ones at the beginning stay."""
        same = min(len(self.lines), len(lines))
        if self.lines[:same] != lines[:same]:
            same = next(number for number, (a, b) in enumerate(zip(self.lines, lines, strict=False)) if a != b)
        if same < len(self.lines):
            first = self._starts[same]
            self.removeRows(first, len(self._pieces) - first)
            del self._pieces[first:], self._starts[same:], self.lines[same:]
        if same < len(lines):
            first = len(self._pieces)
            self._take(same, lines[same:])
            self.lines += lines[same:]
            for at in range(first, len(self._pieces), _INSERTED):
                self.insertRows(at, min(_INSERTED, len(self._pieces) - at))
        if newest != self.newest:
            self.newest = newest
            self.refresh_look()

    def _take(self, first: int, lines: list[LogLine]) -> None:
        """Append the rows of lines, from number `first` on."""
        texts = list(map(_TEXT_OF, lines))
        if max(map(len, texts), default=0) <= self._columns:  # ten thousand of them at once
            self._starts += range(len(self._pieces), len(self._pieces) + len(texts))
            self._pieces += zip(count(first), texts, strict=False)
            return
        for number, text in enumerate(texts, first):
            self._starts.append(len(self._pieces))
            self._pieces += [(number, piece) for piece in wrapped(text, self._columns)]

    def set_columns(self, columns: int) -> bool:
        """Set the characters per row; return whether the rows changed."""
        fewest, self._columns = min(columns, self._columns), columns
        longest = max(map(len, map(_TEXT_OF, self.lines)), default=0)
        if longest <= fewest:
            return False
        self._pieces, self._starts = [], []
        self._take(0, self.lines)
        self.setStringList([""] * len(self._pieces))
        return True

    def refresh_look(self) -> None:
        if self._pieces:
            self.dataChanged.emit(self.index(0), self.index(len(self._pieces) - 1))


class LogView(QListView):
    """Follows the newest line. A double click requests the step that printed a line; whole lines are selected."""

    lineActivated = Signal(int)

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        know_viewport(self)
        self.log = LogModel(self, theme)
        self.whole: Callable[[], list[LogLine]] = lambda: self.log.lines  # also what is not listed
        self._about: int | None = None  # frame whose lines were selected last
        self.setModel(self.log)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.doubleClicked.connect(lambda index: self.lineActivated.emit(self.log.line_at(index.row())))
        self.setAccessibleName("Kernel log")
        Copying(self, "the log", self._chosen, self._whole)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self.log.theme = theme
        self.setFont(look.mono(look.CAPTION))
        self.setSpacing(0)
        self._fit()
        self.log.refresh_look()
        self.viewport().update()

    def set_lines(self, lines: list[LogLine], newest: frozenset[int]) -> None:
        """Show the log and scroll to the newest line."""
        grew = len(lines) != len(self.log.lines)
        self.log.set_lines(lines, newest)
        if grew and lines:
            self.scrollToBottom()

    def show_frame(self, pfn: int) -> None:
        """Select the newest lines about another frame, unless all lines are about it; emit nothing."""
        if pfn == self._about:
            return
        self._about = pfn
        lines = [number for number, line in enumerate(self.log.lines) if line.pfn == pfn][-_MOST_CHOSEN:]
        chosen = QItemSelection()
        for first, last in map(self.log.rows_of, lines if len(lines) < len(self.log.lines) else ()):
            chosen.select(self.log.index(first), self.log.index(last))
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if lines:
            self.scrollTo(self.log.index(self.log.rows_of(lines[-1])[1]))

    def _chosen(self) -> str:
        lines = sorted({self.log.line_at(index.row()) for index in self.selectedIndexes()})
        return "\n".join(self.log.lines[line].text for line in lines)

    def _whole(self) -> str:
        return "\n".join(line.text for line in self.whole())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Wrap lines at the view's width; the last visible line stays visible."""
        room = self.viewport().width() - 2 * _MARGIN
        last = self.indexAt(self.viewport().rect().bottomLeft())
        seen = self.log.line_at(last.row()) if last.isValid() else len(self.log.lines) - 1
        if self.log.set_columns(int(room / QFontMetricsF(self.font()).horizontalAdvance("0"))):
            self.scrollTo(self.log.index(self.log.rows_of(seen)[1]))

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        lines = {self.log.line_at(index.row()) for index in self.selectedIndexes()}
        whole = QItemSelection()
        for first, last in map(self.log.rows_of, lines):
            whole.select(self.log.index(first), self.log.index(last))
        if len(whole.indexes()) != len(self.selectedIndexes()):
            self.selectionModel().select(whole, QItemSelectionModel.SelectionFlag.Select)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.lineActivated.emit(self.log.line_at(self.currentIndex().row()))
        elif not to_an_end(self, event):
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.log.lines:
            painter = QPainter(self.viewport())
            painter.setFont(look.font())
            painter.setPen(QColor(self.log.theme.muted))
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, EMPTY)
