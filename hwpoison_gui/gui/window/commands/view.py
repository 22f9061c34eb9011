"""Commands of the menu View: what the map shows, theme, size of text, motion, and panels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.look.settings import Settings
from hwpoison_gui.gui.map.history import MapHistory
from hwpoison_gui.gui.map.overview import Overview
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.window.command import Command, view_only
from hwpoison_gui.gui.window.room import Room

_TEXT_SIZE: Final = "&View > Te&xt size"
_PANELS: Final = (
    ("rmap", "&Reverse map", "Who uses the frame"),
    ("why", "&Why", "What the handler decided, and why"),
    ("states", "&State table", "The kernel’s table of page states"),
    ("frame", "&Frame", "Everything known about the selected frame"),
    ("tasks", "&Tasks", "Processes, and what they do with SIGBUS"),
    ("pages", "&Pages", "Every page frame as a table row"),
    ("vmas", "&VMAs", "VMAs of all processes as table rows"),
    ("files", "F&iles", "Files with cached pages as table rows"),
    ("log", "Kernel &log", "What the kernel has printed"),
    ("notebook", "&Notebook", "Your notes on timeline positions"),
    ("kernels", "&Kernels", "Frames that another kernel gives another outcome"),
    ("records", "&Error records", "Errors that really happened"),
    ("assess", "&Assess", "What an error in each frame would do, early and late"),
    ("fault", "&DRAM fault", "What the failure of a row, bank or DIMM would do"),
    ("charts", "C&harts", "Damage, mappings and references as charts; what happened along the timeline"),
)


def look_commands(
    frame_map: FrameMapWidget,
    history: MapHistory,
    overview: Overview,
    settings: Settings,
) -> list[Command]:
    def toggle_overview() -> None:
        overview.set_on(not overview.on)
        settings.keep(keys.OVERVIEW, overview.on)

    return view_only([
        Command("fit", "&View", "&Whole map", "Shows all frames", frame_map.fit, "fit", ("0",)),
        Command("zoom-in", "&View", "Zoom &in", "Larger cells (also the wheel)", lambda: frame_map.view.zoom(1),
                "zoom-in", ("+", "=")),
        Command("zoom-out", "&View", "Zoom &out", "Smaller cells (also the wheel)", lambda: frame_map.view.zoom(-1),
                "zoom-out", ("-",)),
        Command("look-back", "&View", "&Back to the last view", "The place, layout, lens and filter that the map had "
                "before (also the mouse’s back button)", lambda: history.go(-1), keys=("Alt+Left",),
                missing=lambda: "" if history.looks.can_go(-1) else "There is no earlier view."),
        Command("look-forward", "&View", "F&orward to the next view", "What the map showed before you went back",
                lambda: history.go(1), keys=("Alt+Right",),
                missing=lambda: "" if history.looks.can_go(1) else "You have not gone back."),
        Command("overview", "&View", "O&verview", "Shows all frames in a corner while the map is zoomed in",
                toggle_overview, keys=("O",), checked=lambda: overview.on),
    ])  # fmt: skip


def theme_commands(appearance: Appearance) -> list[Command]:
    return [
        Command(f"theme-{name}", "&View > &Theme", text, tip, partial(appearance.choose_theme, name), group="theme",
                meanwhile=True, at_start=True)
        for name, text, tip in (
            (look.SYSTEM, "Follow the &system", "Dark, light or high contrast, as the desktop"),
            ("dark", "&Dark", "Light text on a dark background"),
            ("light", "&Light", "Dark text on a light background"),
            ("high-contrast", "&High contrast", "Strongest contrast"),
        )
    ]  # fmt: skip


def text_and_motion_commands(appearance: Appearance) -> list[Command]:
    a = appearance
    sizes = [
        Command(f"text-{size}", _TEXT_SIZE, f"{size} %", f"Text at {size} per cent of the desktop’s size",
                partial(a.choose_text_size, size), group="text", at_start=True)
        for size in look.TEXT_SIZES
    ]  # fmt: skip
    return view_only([
        Command("text-larger", _TEXT_SIZE, "&Larger text", "Enlarges all text, icons and controls",
                lambda: a.step_text_size(1), keys=("Ctrl++", "Ctrl+="), missing=lambda: a.missing_step(1),
                at_start=True, in_every_window=True),
        Command("text-smaller", _TEXT_SIZE, "&Smaller text", "Leaves more room for the map and the tables",
                lambda: a.step_text_size(-1), keys=("Ctrl+-",), missing=lambda: a.missing_step(-1),
                at_start=True, in_every_window=True),
        Command("text-usual", _TEXT_SIZE, "&Normal text", "Text of the desktop’s size",
                lambda: a.choose_text_size(look.USUAL_TEXT), keys=("Ctrl+0",), at_start=True, in_every_window=True),
        *sizes,
        Command("still", "&View", "Reduced &motion", "Turns off animations; playback still goes step by "
                "step", lambda: a.choose_motion(not a.still), checked=lambda: a.still, at_start=True),
    ])  # fmt: skip


def panel_commands(
    show_panel: Callable[[str], None],
    next_panel: Callable[[bool], None],
    room: Callable[[], Room],
) -> list[Command]:
    panels = [
        Command(f"panel-{name}", "&View > &Go to a panel", title, f"{tip}. Brings the panel in front and focuses it",
                partial(show_panel, name), keys=(f"Alt+{number % 10}",) if number <= 10 else ())
        for number, (name, title, tip) in enumerate(_PANELS, start=1)
    ]  # fmt: skip
    return view_only([
        *panels,
        Command("next-panel", "&View > &Go to a panel", "&Next panel", "Moves the focus to the next part of the window",
                partial(next_panel, True), keys=("F6",), separated=True),
        Command("previous-panel", "&View > &Go to a panel", "&Previous panel", "Moves the focus to the previous part",
                partial(next_panel, False), keys=("Shift+F6",)),
        Command("map-only", "&View", "Only the &map", "Hides everything around the map, and brings it back",
                lambda: room().toggle_map_only(), keys=("M", "F11"), separated=True,
                checked=lambda: room().is_map_only),
        Command("side-panels", "&View", "&Side panels", "Shows or hides the panels beside the map",
                lambda: room().toggle_side(), keys=("Ctrl+B",), checked=lambda: room().has_side),
        Command("bottom-panels", "&View", "Bottom panels in fu&ll", "Collapses the panels below the map to their "
                "titles, or shows them in full", lambda: room().toggle_bottom(), keys=("Ctrl+J",),
                checked=lambda: room().has_bottom),
        Command("reset-docks", "&View > &Panels", "&Reset the panels", "Puts all panels back in their default places",
                lambda: room().reset(), separated=True),
    ])  # fmt: skip
