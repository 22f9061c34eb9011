"""Links a table of groups of frames with the map: the groups are those of a lens's sheet."""

from __future__ import annotations

from typing import Generic, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.widgets.local_keys import MOVES, PAGES, LocalKeys
from hwpoison_gui.gui.widgets.row_table import NO_KEY, RowTable

S = TypeVar("S")  # the sheet


class SheetLink(QObject, Generic[S]):
    """The sheet is built while the panel or the lens is shown. `panel` holds `table`, or is it.

    The selected frame chooses the row of its group; activating a row goes to the first frame of the group.
    """

    def __init__(
        self,
        panel: QWidget,
        table: RowTable,
        sheet: tuple[str, type[S]],
        dock: Dock,
        lenses: LensControl,
        frame_map: FrameMapWidget,
        controller: Controller,
        present: Present,
    ) -> None:
        super().__init__(panel)
        self._rows, self._dock, self._lenses, self._map = table, dock, lenses, frame_map
        self._controller, (self._name, self._kind) = controller, sheet
        self._selected = NONE  # the frame whose row was made current
        LocalKeys(table, *MOVES, *PAGES)
        table.activated.connect(self._go_to_first)
        dock.visibilityChanged.connect(self._seen)
        present.feed(panel).looked.connect(self._show_selected)
        self._seen()

    @property
    def _sheet(self) -> S | None:
        known = self._lenses.current_sheet(self._name)
        return known if isinstance(known, self._kind) else None

    def _group_of(self, sheet: S, pfn: int) -> int:
        """The number of a frame's group; 0 if it is in none."""
        raise NotImplementedError

    def _first_of(self, sheet: S, group: int) -> int:
        """The first frame of a group."""
        raise NotImplementedError

    def _seen(self) -> None:
        self._lenses.need(self._name, self._dock.in_front and not self._dock.collapsed)

    def _rows_changed(self) -> None:
        """The table has other rows: that of the selected frame is chosen again."""
        self._selected = NONE
        self._show_selected()

    def _show_selected(self) -> None:
        sheet, pfn = self._sheet, self._controller.selection.frame
        if sheet is None or pfn == self._selected:
            return
        self._selected = pfn
        if pfn != NONE:
            self._rows.show_key(self._group_of(sheet, pfn) or NO_KEY)

    def _go_to_first(self) -> None:
        sheet, group = self._sheet, self._rows.current_key()
        if sheet is None or group == NO_KEY:
            return
        self._selected = pfn = self._first_of(sheet, group)
        self._controller.selection.select(pfn)
        self._map.select(pfn, reveal=True)
