"""Selects a frame by number, physical address or log line, or by the name of a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.view.base.palette import Theme

if TYPE_CHECKING:
    from hwpoison_gui.view.base.frame_number import TakenFrame


class GoTo:
    """Selects frames and moves the map to them."""

    def __init__(
        self, above: QWidget, frame_map: FrameMapWidget, controller: Controller, theme: Callable[[], Theme]
    ) -> None:
        self._above, self._map, self._controller, self._theme = above, frame_map, controller, theme

    def ask(self) -> None:
        """Open the dialog."""
        from hwpoison_gui.gui.window.dialogs.go_to_dialog import GoToDialog

        GoToDialog(self._above, self.taken, self.show, self._theme()).open()

    def taken(self, text: str) -> TakenFrame:
        """The frame of a text, and what the text was taken for. Raises ScenarioError if there is none."""
        from hwpoison_gui.view.facts.frame_named import frame_named

        return frame_named(self._controller.session, text)

    def show(self, pfn: int) -> None:
        """Select a frame and move the map to it."""
        self._controller.selection.select(pfn)
        self._map.select(pfn, reveal=True)
        self._map.setFocus()
