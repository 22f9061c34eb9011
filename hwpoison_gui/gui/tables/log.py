"""The kernel log panel: lines as dmesg prints them; those of the present step are marked."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QObject,
    QStringListModel,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from hwpoison_gui.gui.control.slices import Slices, Work
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.look.viewport import know_viewport
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.gui.widgets.model_index import Index
from hwpoison_gui.gui.widgets.table_keys import to_an_end
from hwpoison_gui.kernel.records import LogLine
from hwpoison_gui.view.base.palette import DARK, Theme, mixed
from hwpoison_gui.view.base.slicing import slices_of
from hwpoison_gui.view.rows.log import wrapped

Role = Qt.ItemDataRole
_TEXT_OF: Final = attrgetter("text")
_MOST_CHOSEN: Final = 100  # lines selected for a frame
_INSERTED: Final = 256  # lines per insertion: for each row, Qt moves all rows of the insertion
_SLICE: Final = 0.008  # seconds of wrapping lines, at once and in each turn of the event loop after that
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

    def keep(self, lines: list[LogLine]) -> None:
        """Remove the lines that differ from these, and all after the first of them."""
        same = min(len(self.lines), len(lines))
        if self.lines[:same] != lines[:same]:
            same = next(number for number, (a, b) in enumerate(zip(self.lines, lines, strict=False)) if a != b)
        if same < len(self.lines):
            first = self._starts[same]
            self.removeRows(first, len(self._pieces) - first)
            del self._pieces[first:], self._starts[same:], self.lines[same:]

    def add(self, lines: list[LogLine]) -> None:
        """Append lines."""
        first = len(self._pieces)
        for number, line in enumerate(lines, len(self.lines)):
            self._starts.append(len(self._pieces))
            self._pieces += [(number, piece) for piece in wrapped(line.text, self._columns)]
        self.lines += lines
        self.insertRows(first, len(self._pieces) - first)

    def set_newest(self, newest: frozenset[int]) -> None:
        """Mark the lines of the present step, by their numbers."""
        if newest != self.newest:
            self.newest = newest
            self.refresh_look()

    def set_columns(self, columns: int) -> bool:
        """Set the characters per row; return whether the lines must be added again, and have been removed for that."""
        fewest, self._columns = min(columns, self._columns), columns
        longest = max(map(len, map(_TEXT_OF, self.lines)), default=0)
        if longest <= fewest:
            return False
        self.keep([])
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
        self.whole: Callable[[], list[LogLine]] = lambda: self._lines  # also what is not listed
        self._about: int | None = None  # frame whose lines are to be selected
        self._chosen_for: int | None = None  # frame whose lines were selected last
        self._lines: list[LogLine] = []  # all that are to be listed, also those that are not yet
        self._unseen = False  # there are lines that came while the log was hidden
        self._slices = Slices(self, _SLICE, at_once=_SLICE)
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

    @property
    def is_complete(self) -> bool:
        """Whether all lines are listed."""
        return not self._slices.busy

    def set_lines(self, lines: list[LogLine], newest: frozenset[int]) -> None:
        """Show the log and scroll to the newest line. Thousands of lines are listed between events."""
        grew = not self.is_complete or len(lines) != len(self._lines)
        self._lines = lines
        self.log.keep(lines)
        self.log.set_newest(newest)
        self._list(self._follow if grew and lines else lambda: None)

    def _follow(self) -> None:
        """Scroll to the newest line, again when the log comes into sight: a hidden one has no room to scroll in."""
        self._unseen = not self.isVisible()
        self.scrollToBottom()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._unseen:
            QTimer.singleShot(0, self, self._follow)

    def _list(self, then: Callable[[], None]) -> None:
        """Append the lines that are not listed yet; `then` scrolls."""

        def listing() -> Work:
            for part in slices_of(self._lines[len(self.log.lines) :], _INSERTED):
                yield
                self.log.add(part)

        def ended(complete: bool) -> None:
            if complete:
                then()
                self._choose()

        self._slices.run(listing, ended)

    def show_frame(self, pfn: int) -> None:
        """Select the newest lines about another frame, unless all lines are about it; emit nothing."""
        self._about = pfn
        self._choose()

    def _choose(self) -> None:
        """Select the lines about the frame, once all are listed."""
        if not self.is_complete or self._about == self._chosen_for:
            return
        self._chosen_for = self._about
        lines = [number for number, line in enumerate(self.log.lines) if line.pfn == self._about][-_MOST_CHOSEN:]
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
        is_seen = last.isValid() and self.is_complete
        seen = self.log.line_at(last.row()) if is_seen else len(self._lines) - 1
        if self.log.set_columns(int(room / QFontMetricsF(self.font()).horizontalAdvance("0"))):
            self._list(lambda: self.scrollTo(self.log.index(self.log.rows_of(seen)[1])))

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
        if not self._lines:
            painter = QPainter(self.viewport())
            painter.setFont(look.font())
            painter.setPen(QColor(self.log.theme.muted))
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, EMPTY)
