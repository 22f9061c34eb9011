"""Keeps commands and window title in sync with the machine and the map."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from hwpoison_gui.dram.names import MADE_UP, NAMES
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.map.layout_control import LayoutControl
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.window.actions import Actions
from hwpoison_gui.gui.window.unsaved import UnsavedWork


def connect_state(
    window: QWidget,
    actions: Actions,
    controller: Controller,
    present: Present,
    work: UnsavedWork,
    lenses: LensControl,
    layouts: LayoutControl,
    frame_map: FrameMapWidget,
) -> None:
    """Updates which commands are enabled and checked, and the title."""

    def show() -> None:
        actions.refresh()
        show_title()

    def show_title() -> None:
        file = controller.machine.file.rpartition("/")[2]
        name = f"{file + ': ' if file else ''}{controller.machine.title}".replace("[*]", "[*][*]")
        window.setWindowTitle(f"{name}[*] – hwpoison-gui")
        window.setWindowModified(work.any)

    def opened() -> None:
        actions.check(f"profile-{controller.session.machine.profile.name}")
        lens_changed()
        speed_changed(controller.playback.speed)
        show()

    def lens_changed() -> None:
        actions.check(f"lens-{lenses.lens.key}")

    def layout_changed() -> None:
        width, own = frame_map.row_width, layouts.is_own
        actions.check(f"layout-{frame_map.layout_name}")
        actions.check("width-own" if own else f"width-{width or 'fit'}")
        actions["width-own"].setText(f"&Other… ({width:,})" if own else "&Other…")

    def geometry_changed() -> None:
        name = frame_map.dram_geometry_name or MADE_UP
        actions.check(f"geometry-{name if name in NAMES else 'file'}")

    def speed_changed(speed: float) -> None:
        actions.check(f"speed-{speed:g}")

    present.opened.connect(opened)
    present.moved.connect(show)
    present.looked.connect(show)
    lenses.lensChanged.connect(lens_changed)
    frame_map.layoutChanged.connect(layout_changed)
    frame_map.dramGeometryChanged.connect(geometry_changed)
    controller.work.busyChanged.connect(actions.refresh)
    controller.playback.speedChanged.connect(speed_changed)
    controller.playback.playingChanged.connect(actions.show_playing)
    work.changed.connect(show)
    layout_changed()
    geometry_changed()
    opened()
