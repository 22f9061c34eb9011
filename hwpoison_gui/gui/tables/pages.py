"""The table of all pages: visible rows, a scroll bar over tens of millions, keys, copying.

Qt's views keep data for each row and count pixels in 32 bits; here only visible rows exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHBoxLayout, QScrollBar, QWidget

from hwpoison_gui.gui.tables.page_model import PageModel
from hwpoison_gui.gui.widgets.table_keys import wants_menu
from hwpoison_gui.gui.widgets.table_view import FactView
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.view.base.columns import as_tsv
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.rows.page_order import Pfns
from hwpoison_gui.view.rows.pages import PAGE_COLUMNS
from hwpoison_gui.view.words.words import counted

NOWHERE: Final = -1
MOST_COPIED: Final = 100_000
_COPIED_AT_ONCE: Final = 256
_NOTCH: Final = 120  # Qt's unit of a wheel's step
_LINES: Final = 3  # rows per wheel step

Key = Qt.Key


class _Rows(FactView):
    """The view; the table around it handles keys and the mouse."""

    def __init__(self, table: PageTable) -> None:
        super().__init__(PAGE_COLUMNS, table)
        self._table = table
        # Rows scroll out of the model: the table keeps the selection, by position in the order.
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def copy(self, heads: bool = False) -> None:
        if not self._table.copy_many(heads):
            super().copy(heads)

    def selected_cells(self) -> list[tuple[str, ...]]:
        return self._table.selected_cells()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._table.suit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().x() and not event.angleDelta().y():
            super().wheelEvent(event)
        else:
            self._table.scroll_by(-event.angleDelta().y() / _NOTCH * _LINES)
            event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._point_at(event, extend=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._point_at(event, extend=True)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._table.activated.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._table.menu_at(event.globalPos())

    def _point_at(self, event: QMouseEvent, extend: bool) -> None:
        row = self.rowAt(round(event.position().y()))
        if row >= 0:
            self._table.go_to(self._table.pages.top + row, extend)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._table.take_key(event):
            super().keyPressEvent(event)


class PageTable(QWidget):
    """Rows of pages; `chosen` is emitted when the user goes to a frame."""

    chosen = Signal(int)
    markWanted = Signal(object)  # pfns of several selected rows, or none
    activated = Signal()
    menuRequested = Signal(int, QPoint)
    copyWanted = Signal(object)  # work that copies many rows to the clipboard

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pages = PageModel(self)
        self.place = self._anchor = NOWHERE
        self.view = _Rows(self)
        self.view.setModel(self.pages)
        self.view.setAccessibleName("Pages")
        self.bar = QScrollBar(Qt.Orientation.Vertical, self)
        self.bar.setAccessibleName("Scroll the pages")
        self.bar.valueChanged.connect(self._scrolled)
        self.setFocusProxy(self.view)
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.view, 1)
        box.addWidget(self.bar)

    def set_theme(self, theme: Theme) -> None:
        self.pages.theme = theme
        self.view.set_look()
        self.suit()
        self.pages.refresh()

    def set_machine(
        self, m: Machine, shown: Callable[[int], str], ahead: Callable[[int], tuple[int, int]] = lambda pfn: (0, 0)
    ) -> None:
        """Replace the machine; `shown` and `ahead` are those of PageRows."""
        self.place = self._anchor = NOWHERE
        self.pages.set_machine(m, shown, ahead)
        self.suit()

    def show_damage(self, on: bool) -> None:
        """Show or hide the columns of what an error in the frame would do."""
        if (len(self.pages.columns) > len(PAGE_COLUMNS)) != on:
            self.pages.show_damage(on)
            self.view.columns = self.pages.columns
            self.view.set_look()
            self.suit()

    def set_order(self, pfns: Pfns | None) -> None:
        """Show frames in another order; the selected frame stays selected if it is listed."""
        pfn = self.pfn
        self.pages.set_order(pfns)
        self.suit()
        self.place = self._anchor = NOWHERE
        if pfn != NOWHERE:
            self.show_pfn(pfn)

    def refresh(self) -> None:
        """Reread the visible rows after a change of the machine."""
        self.pages.refresh()

    @property
    def pfn(self) -> int:
        """Frame of the current row, or NOWHERE (-1)."""
        return self.pages.pfn_of(self.place) if 0 <= self.place < self.pages.size else NOWHERE

    def show_pfn(self, pfn: int) -> None:
        """Go to a frame's row without emitting `chosen`."""
        if pfn != self.pfn:
            self.place = self._anchor = self.pages.place_of(pfn) if pfn != NOWHERE else NOWHERE
            self._reveal()
            self._show_selection()

    def go_to(self, place: int, extend: bool = False) -> None:
        """Move to a row as the user; `extend` selects from where the selection began."""
        if not self.pages.size:
            return
        before = self.pfn
        self.place = max(0, min(place, self.pages.size - 1))
        if not extend or self._anchor == NOWHERE:
            self._anchor = self.place
        self._reveal()
        self._show_selection()
        several = self._selected() if self.place != self._anchor else range(0)
        self.markWanted.emit([self.pages.pfn_of(place) for place in several])
        if self.pfn != before:
            self.chosen.emit(self.pfn)

    # -- what is in view

    @property
    def _whole(self) -> int:
        """Number of fully visible rows."""
        return max(1, self.view.viewport().height() // self.view.verticalHeader().defaultSectionSize())

    def suit(self) -> None:
        """Fit the number of rows to the height."""
        self.bar.setRange(0, max(0, self.pages.size - self._whole))
        self.bar.setPageStep(self._whole)
        self.pages.set_window(self.bar.value(), self._whole)
        self._show_selection()

    def scroll_by(self, rows: float) -> None:
        self.bar.setValue(round(self.bar.value() + rows))

    def _scrolled(self, top: int) -> None:
        self.pages.set_window(top, self._whole)
        self._show_selection()

    def _reveal(self) -> None:
        top, room = self.bar.value(), self._whole
        if self.place != NOWHERE and not top <= self.place < top + room:
            near = -1 <= self.place - top <= room
            edge = self.place if self.place < top else self.place - room + 1
            self.bar.setValue(edge if near else self.place - room // 2)

    def _show_selection(self) -> None:
        selection, flags = self.view.selectionModel(), QItemSelectionModel.SelectionFlag
        shown = self.pages.rowCount()
        low = max(min(self.place, self._anchor) - self.pages.top, 0)
        high = min(max(self.place, self._anchor) - self.pages.top, shown - 1)
        if self.place == NOWHERE or low > high:
            selection.clear()
            return
        rows = QItemSelection(self.pages.index(low, 0), self.pages.index(high, len(self.pages.columns) - 1))
        selection.select(rows, flags.ClearAndSelect)
        row = self.place - self.pages.top
        current = self.pages.index(row, 0) if 0 <= row < shown else QModelIndex()
        selection.setCurrentIndex(current, flags.NoUpdate)

    # -- keys

    def take_key(self, event: QKeyEvent) -> bool:
        """Move by a key; return whether the key was for that."""
        key, page, last = Key(event.key()), self._whole - 1, self.pages.size - 1
        steps = {Key.Key_Up: -1, Key.Key_Down: 1, Key.Key_PageUp: -page, Key.Key_PageDown: page}
        ends = {Key.Key_Home: 0, Key.Key_End: last}
        extend = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in steps:
            self.go_to(self.place + steps[key] if self.place != NOWHERE else self.bar.value(), extend)
        elif key in ends:
            self.go_to(ends[key], extend)
        elif key in (Key.Key_Return, Key.Key_Enter):
            self.activated.emit()
        elif wants_menu(event) and self.place != NOWHERE:
            rect = self.view.visualRect(self.view.currentIndex())
            self.menu_at(self.view.viewport().mapToGlobal(rect.bottomLeft()))
        else:
            return False
        return True

    def menu_at(self, where: QPoint) -> None:
        """Request the context menu of the current row's frame."""
        if self.pfn != NOWHERE:
            self.menuRequested.emit(self.pfn, where)

    # -- copying

    def _selected(self) -> range:
        """Positions of the selected rows; only the first of very many."""
        if self.place == NOWHERE:
            return range(0)
        low, high = sorted((self.place, self._anchor))
        return range(low, min(high + 1, low + MOST_COPIED))

    def selected_cells(self) -> list[tuple[str, ...]]:
        """The selected rows as text; only the first of very many."""
        return [self.pages.cells_at(place) for place in self._selected()]

    def copy_many(self, heads: bool) -> bool:
        """Request copying as long work if many rows are selected, or none; return whether it did."""
        if not self._selected():
            self.copy_all()
            return True
        many = len(self._selected()) > _COPIED_AT_ONCE
        if many:
            self.copyWanted.emit(self._copying(self._selected(), heads))
        return many

    def copy_all(self) -> None:
        """Request copying of all rows, under a line of column names; only the first of very many."""
        self.copyWanted.emit(self._copying(range(min(self.pages.size, MOST_COPIED)), True))

    def copy_all_words(self) -> str:
        """Label of the command copy_all()."""
        some = "all" if self.pages.size <= MOST_COPIED else f"the first {MOST_COPIED:,}"
        return f"Copy {some} pages as a table"

    def _copying(self, places: range, heads: bool) -> Iterator[str]:
        lines = [as_tsv([[column.head for column in self.pages.columns]])] if heads else []
        for number, place in enumerate(places):
            lines.append(as_tsv([self.pages.cells_at(place)]))
            if number % _COPIED_AT_ONCE == 0:
                yield f"{number:,} of {counted(len(places), 'row')} copied"
        QApplication.clipboard().setText("\n".join(lines))
