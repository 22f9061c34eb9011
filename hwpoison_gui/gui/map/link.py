"""Keeps the map up to date; a click on it breaks a frame."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.hover import HoverText
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.widgets.local_keys import MOVES, LocalKeys
from hwpoison_gui.view.map.highlights import highlights_of
from hwpoison_gui.view.map.layouts import DRAM
from hwpoison_gui.view.map.zones import starts_of


class MapLink(QObject):
    """Shows the frames of the present machine, what is selected and marked, and what the operation touches."""

    def __init__(
        self,
        frame_map: FrameMapWidget,
        controller: Controller,
        present: Present,
        appearance: Appearance,
        show_menu: Callable[[int, QPoint], None],
    ) -> None:
        super().__init__(frame_map)
        self._map, self._controller, self._present = frame_map, controller, present
        self._hover = HoverText(
            lambda: frame_map.view.describe(frame_map.view.item.described),
            lambda: not (controller.busy or controller.changes.grouping or present.late),
            frame_map,
        )
        LocalKeys(frame_map.view, *MOVES)
        frame_map.set_motion(not appearance.still)
        appearance.motionChanged.connect(frame_map.set_motion)
        frame_map.fired.connect(controller.fire)
        frame_map.selected.connect(controller.selection.select)
        frame_map.markWanted.connect(controller.selection.mark)
        frame_map.contextMenuRequested.connect(show_menu)
        controller.selection.changed.connect(self._show_selected)
        controller.playback.phaseChanged.connect(frame_map.set_pulse_phase)
        present.opened.connect(self._opened)
        present.moved.connect(self._moved)
        present.looked.connect(self._looked)

    def _opened(self) -> None:
        m, plane = self._controller.session.machine, self._controller.machine.plane
        self._hover.set_session(self._controller.session)
        self._map.set_source(m.flags.view, m.refcount.view, m.mapcount.view, starts_of(m.zones), plane)
        self._map.set_summary(self._summary)
        self._looked()

    def _moved(self, moved: Moved) -> None:
        self._map.view.leave_arrows()
        self._map.frames_changed(moved.pfns)
        self._show_highlights()

    def _looked(self) -> None:
        self._show_selected()
        self._show_highlights()

    def _show_selected(self) -> None:
        selection = self._controller.selection
        self._map.select(selection.frame, reveal=False)
        self._map.mark(selection.marked)

    def _show_highlights(self) -> None:
        c = self._controller
        self._map.set_highlights(highlights_of(c.session, c.selection.task, self._present.numbers))

    def _summary(self, pfn: int) -> str:
        """The label of a frame; where it lies in DRAM as well, while the frames are arranged by that."""
        text = self._hover.text(pfn)
        if not text or self._map.layout_name != DRAM:
            return text
        from hwpoison_gui.view.facts.place_in_dram import place_in_dram

        return f"{text}\n{place_in_dram(self._map.dram_geometry(), pfn).value}"
