"""Keeps commands and window title in sync with the machine and the map."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from hwpoison_gui.dram.names import MADE_UP, NAMES
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.map.layout_control import LayoutControl
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.window.actions import Actions
from hwpoison_gui.gui.window.files.unsaved import UnsavedWork


class StateLink(QObject):
    """Shows which commands can be used and which are chosen, and what the window shows in its title."""

    def __init__(
        self,
        window: QWidget,
        actions: Actions,
        controller: Controller,
        present: Present,
        work: UnsavedWork,
        lenses: LensControl,
        layouts: LayoutControl,
        frame_map: FrameMapWidget,
    ) -> None:
        super().__init__(window)
        self._window, self._actions, self._controller, self._work = window, actions, controller, work
        self._lenses, self._layouts, self._map = lenses, layouts, frame_map
        present.opened.connect(self._opened)
        present.changed.connect(self._show)
        lenses.wantedChanged.connect(self._show_lens)
        frame_map.layoutChanged.connect(self._show_layout)
        frame_map.dramGeometryChanged.connect(self._show_geometry)
        controller.work.busyChanged.connect(actions.refresh)
        controller.playback.speedChanged.connect(self._show_speed)
        controller.playback.playingChanged.connect(actions.show_playing)
        work.changed.connect(self._show)
        self._show_layout()
        self._show_geometry()
        self._opened()

    def _opened(self) -> None:
        self._actions.check(f"profile-{self._controller.session.machine.profile.name}")
        self._show_lens()
        self._show_speed(self._controller.playback.speed)
        self._show()

    def _show(self) -> None:
        self._actions.refresh()
        machine = self._controller.machine
        file = machine.file.rpartition("/")[2]
        name = f"{file + ': ' if file else ''}{machine.title}".replace("[*]", "[*][*]")
        self._window.setWindowTitle(f"{name}[*] — hwpoison-gui")
        self._window.setWindowModified(self._work.any)

    def _show_lens(self) -> None:
        self._actions.check(f"lens-{self._lenses.wanted}")

    def _show_layout(self) -> None:
        width, own = self._map.row_width, self._layouts.is_own
        self._actions.check(f"layout-{self._map.layout_name}")
        self._actions.check("width-own" if own else f"width-{width or 'fit'}")
        self._actions["width-own"].setText(f"&Other… ({width:,})" if own else "&Other…")

    def _show_geometry(self) -> None:
        name = self._map.dram_geometry_name or MADE_UP
        self._actions.check(f"geometry-{name if name in NAMES else 'file'}")

    def _show_speed(self, speed: float) -> None:
        self._actions.check(f"speed-{speed:g}")
