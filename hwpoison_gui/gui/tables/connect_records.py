"""Connects the panel of real errors, and their marks on the map."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.recorded import Recorded
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.widgets.local_keys import MOVES, PAGES, LocalKeys
from hwpoison_gui.view.map.roles import RECORDED, RECORDED_HERE, RECORDED_LATER

if TYPE_CHECKING:  # imported when the panel is first seen
    from hwpoison_gui.gui.tables.records import RecordsView
    from hwpoison_gui.view.facts.row_faults import RowFault


def connect_records(
    view: RecordsView,
    dock: Dock,
    recorded: Recorded,
    controller: Controller,
    present: Present,
    frame_map: FrameMapWidget,
) -> None:
    """Shows the records; a choice selects the frame, and is compared with what the model says.

    Errors in one row of the map's geometry are said to be one fault.
    """
    from hwpoison_gui.view.facts.row_faults import fault_of, fault_words, row_faults
    from hwpoison_gui.view.facts.said import Comparison, compared
    from hwpoison_gui.view.rows.error_records import playhead_words, record_rows, summary_words

    faults: list[RowFault] = []

    def find_faults() -> None:
        history = recorded.history
        try:
            faults[:] = row_faults(history, frame_map.dram_geometry()) if history is not None else []
        except DramError:  # a frame beyond what the geometry covers
            faults.clear()

    def show() -> None:
        history = recorded.history
        find_faults()
        view.show_rows(record_rows(history, short=True) if history is not None else [])
        dock.set_subject(summary_words(history) if history is not None else "")
        show_record()

    def show_record() -> None:
        history, at = recorded.history, recorded.at
        view.show_record(at)
        if history is not None:
            view.playhead.show_at(at, len(history.records), playhead_words(history, at),
                                  (recorded.missing(-1), recorded.missing(1)))  # fmt: skip
        compare()

    def compare() -> None:
        """Not while an operation runs: the machine must be at rest."""
        record, history = recorded.record, recorded.history
        if record is None or history is None:
            view.said.show_comparison(None)
        elif not controller.busy and controller.session.at_rest:
            fault = fault_of(faults, recorded.at)
            words = fault_words(fault, frame_map.dram_geometry()) if fault is not None else ""
            if controller.machine.history is not None:  # no memory with which anything could be compared
                view.said.show_comparison(Comparison((), words) if words else None)
                return
            view.said.show_comparison(compared(controller.session.machine, record, history), words)

    def geometry_changed() -> None:
        find_faults()
        compare()

    LocalKeys(view.table, *MOVES, *PAGES)
    view.chosen.connect(recorded.choose)
    view.stepWanted.connect(recorded.step)
    recorded.changed.connect(show)
    recorded.moved.connect(show_record)
    frame_map.dramGeometryChanged.connect(geometry_changed)
    present.feed(view).moved.connect(lambda _: compare())
    show()


def connect_recorded_marks(
    frame_map: FrameMapWidget, recorded: Recorded, present: Present, refresh: Callable[[], None]
) -> None:
    """Marks the frames of the records on the map: those up to the chosen one, later ones, and its own.

    `refresh` enables the commands that are possible now.
    """

    def show() -> None:
        plane, history = frame_map.plane, recorded.history
        if plane is None or history is None:
            frame_map.set_recorded([])
            return
        at = recorded.at if recorded.at >= 0 else len(history.records)
        pfns = np.array([-1 if one.pfn is None else one.pfn for one in history.records], np.int64)
        inside = (pfns >= 0) & (pfns < plane.frames)
        numbers = np.arange(len(pfns))
        marks = [(np.unique(pfns[inside & (numbers > at)]), RECORDED_LATER),
                 (np.unique(pfns[inside & (numbers <= at)]), RECORDED),
                 (pfns[inside & (numbers == at)], RECORDED_HERE)]  # fmt: skip
        frame_map.set_recorded([mark for mark in marks if len(mark[0])])

    for changed in (recorded.changed, recorded.moved):
        changed.connect(show)
        changed.connect(refresh)
    present.opened.connect(show)
