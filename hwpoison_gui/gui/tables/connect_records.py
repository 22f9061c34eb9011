"""Marks the frames of real errors on the map."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.recorded import Recorded
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.view.map.roles import RECORDED, RECORDED_HERE, RECORDED_LATER


def connect_recorded_marks(
    frame_map: FrameMapWidget, recorded: Recorded, present: Present, refresh: Callable[[], None]
) -> None:
    """Mark the frames of the records on the map: those up to the chosen record, later ones, and its own.

    `refresh` enables the commands that are now possible.
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
