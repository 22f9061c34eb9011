"""Parts of the map's place that are created when they are first needed: search bar, panic screen, caption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.map.centre import MapStage
from hwpoison_gui.gui.map.filter_control import FilterControl
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.window.actions import Actions

if TYPE_CHECKING:
    from hwpoison_gui.gui.map.find_bar import FindBar
    from hwpoison_gui.gui.map.panic_screen import PanicScreen
    from hwpoison_gui.gui.widgets.caption_bar import CaptionBar


class OnDemand:
    """Creates them; `made` lists those that exist."""

    def __init__(
        self,
        window: QWidget,
        controller: Controller,
        appearance: Appearance,
        frame_map: FrameMapWidget,
        stage: MapStage,
        filters: FilterControl,
        actions: Actions,
    ) -> None:
        self._window, self._controller, self._appearance = window, controller, appearance
        self._map, self._stage, self._filter, self._actions = frame_map, stage, filters, actions
        self._finder: FindBar | None = None
        self._panic: PanicScreen | None = None
        self._caption: CaptionBar | None = None

    @property
    def made(self) -> list[FindBar | PanicScreen | CaptionBar]:
        return [part for part in (self._finder, self._panic, self._caption) if part is not None]

    def finder(self) -> FindBar:
        """The search bar of the map."""
        if self._finder is None:
            from hwpoison_gui.gui.map.connect import connect_finder
            from hwpoison_gui.gui.map.find_bar import FindBar

            self._finder = FindBar(self._window, self._appearance.theme)
            self._stage.add_finder(self._finder)
            connect_finder(self._finder, self._filter, self._map, self._controller)
        return self._finder

    def panic(self, wanted: bool = True) -> PanicScreen | None:
        """The screen that covers the map after a panic, created if it is `wanted`."""
        if wanted and self._panic is None:
            from hwpoison_gui.gui.map.panic_screen import PanicScreen

            self._panic = self._map.cover = PanicScreen(self._map, self._appearance.theme)
            for name in ("back", "first", "new"):
                self._panic.add_action(self._actions[name])
        return self._panic

    def caption(self, wanted: bool) -> CaptionBar | None:
        """The caption of a scenario, created if it is `wanted`: when a scenario with captions is opened."""
        if wanted and self._caption is None:
            from hwpoison_gui.gui.widgets.caption_bar import CaptionBar

            self._caption = CaptionBar(self._stage, self._map.least_height, self._appearance.theme)
            self._stage.add_caption(self._caption)
        return self._caption
