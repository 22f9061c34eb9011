"""Keeps the panel of real errors up to date, and compares the chosen record with the model's prediction."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer

from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.recorded import Recorded
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.tables.records import RecordsView
from hwpoison_gui.gui.widgets.local_keys import MOVES, PAGES, LocalKeys
from hwpoison_gui.view.facts.logged import compared
from hwpoison_gui.view.facts.row_faults import RowFault, fault_of, fault_words, row_faults
from hwpoison_gui.view.rows.error_records import playhead_words, record_rows, summary_words

_READABLE: Final = 250  # height of the panel, at 100 % text, with some rows and a comparison


class RecordsLink(QObject):
    """A choice in the panel selects the frame. Errors in one row of the map's geometry count as one fault."""

    def __init__(
        self,
        view: RecordsView,
        dock: Dock,
        recorded: Recorded,
        controller: Controller,
        present: Present,
        frame_map: FrameMapWidget,
    ) -> None:
        super().__init__(view)
        self._view, self._dock, self._recorded = view, dock, recorded
        self._controller, self._map = controller, frame_map
        self._faults: list[RowFault] = []
        LocalKeys(view.table, *MOVES, *PAGES)
        dock.readable = _READABLE
        dock.visibilityChanged.connect(self._seen)
        view.chosen.connect(recorded.choose)
        view.stepWanted.connect(recorded.step)
        recorded.changed.connect(self._show)
        recorded.moved.connect(self._show_record)
        frame_map.dramGeometryChanged.connect(self._geometry_changed)
        present.feed(view).moved.connect(lambda _: self._compare())
        self._show()

    def _seen(self, seen: bool) -> None:
        if seen and self._recorded.history is not None:
            QTimer.singleShot(0, self, self._dock.ask_for_room)  # later, for Qt is placing panels now

    def _show(self) -> None:
        """Show the records of another history."""
        history = self._recorded.history
        self._find_faults()
        summary = summary_words(history) if history is not None else ""
        if history is None:
            self._view.show_rows([])
        else:
            self._view.show_rows(record_rows(history, short=True), summary, "")
        self._dock.set_subject(summary)
        self._show_record()
        self._seen(self._dock.in_front)

    def _show_record(self) -> None:
        history, at = self._recorded.history, self._recorded.at
        self._view.show_record(at)
        if history is not None:
            missing = self._recorded.missing(-1), self._recorded.missing(1)
            self._view.playhead.show_at(at, len(history.records), playhead_words(history, at), missing)
        self._compare()

    def _geometry_changed(self) -> None:
        self._find_faults()
        self._compare()

    def _find_faults(self) -> None:
        history = self._recorded.history
        try:
            self._faults = row_faults(history, self._map.dram_geometry()) if history is not None else []
        except DramError:  # the geometry does not cover the frame
            self._faults = []

    def _compare(self) -> None:
        """Compare the chosen record. Not while an operation runs: the machine must be at rest."""
        record, history = self._recorded.record, self._recorded.history
        session = self._controller.session
        if record is None or history is None:
            self._view.show_comparison(None)
        elif not self._controller.busy and session.at_rest:
            fault = self._words_of_fault()
            self._view.show_comparison(compared(session, record, history), fault)

    def _words_of_fault(self) -> str:
        """The fault that the chosen record is part of; empty if it is alone."""
        fault = fault_of(self._faults, self._recorded.at)
        return fault_words(fault, self._map.dram_geometry()) if fault is not None else ""
