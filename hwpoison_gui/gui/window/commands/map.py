"""Commands of the menu Map: lenses, layouts, geometries of DRAM, frames per row, and the search."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from hwpoison_gui.dram.names import NAMES
from hwpoison_gui.gui.map.filter_control import FilterControl
from hwpoison_gui.gui.map.layout_control import WIDTHS, LayoutControl
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.window.command import Command, view_only
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.map.lenses import LENSES, NO_SNAPSHOT, SNAPSHOT

_GEOMETRY: Final = "M&ap > DRAM &geometry"


def map_commands(
    lenses: LensControl, layouts: LayoutControl, filters: FilterControl, open_search: Callable[[], None]
) -> list[Command]:
    by_lens = [
        Command(f"lens-{lens.key}", "M&ap", f"&{number}  {lens.name}", lens.question,
                partial(lenses.choose, lens.key), keys=(str(number),), group="lens")
        for number, lens in enumerate(LENSES, start=1)
    ]  # fmt: skip
    by_lens.append(
        Command(f"lens-{SNAPSHOT.key}", "M&ap", f"≠  {SNAPSHOT.name}", SNAPSHOT.question,
                partial(lenses.choose, SNAPSHOT.key), missing=lambda: "" if lenses.other_snapshot else NO_SNAPSHOT,
                group="lens")
    )  # fmt: skip
    by_layout = [
        Command(f"layout-{name}", "M&ap > &Layout", text, tip, partial(layouts.choose, name), group="layout")
        for name, text, tip in (
            ("rows", "&Row by row", "Frames in rows that fit the window"),
            ("hilbert", "&Hilbert’s curve", "Neighbours in memory are neighbours on the map; 2 MiB are a rectangle"),
            ("morton", "&Morton’s curve", "Every aligned block is a square or two: 2 MiB are 32 by 16 frames"),
            ("zones", "By &zone and node", "Row by row, with a gap between zones and nodes"),
            ("dram", "By &DRAM geometry", "Banks side by side; a line of a bank is a row of DRAM"),
        )
    ]
    geometries = [
        Command(f"geometry-{key}", _GEOMETRY, text, f"Arranges the frames by the geometry {key}: banks side by side, "
                "rows of DRAM as lines", partial(layouts.choose_geometry, key), group="geometry")
        for key, text in NAMES.items()
    ]  # fmt: skip
    geometries += [
        Command("geometry-file", _GEOMETRY, "&Other file…", "A geometry of your own, a file as in docs/geometry.md",
                layouts.ask_geometry, group="geometry"),
    ]  # fmt: skip

    search = [
        Command("find", "M&ap", "&Find…", "Finds frames by flags, numbers, process, file or class; others fade",
                open_search, "find", ("Ctrl+F",), separated=True),
        Command("next-match", "M&ap", "&Next match", "Selects the next frame that matches", lambda: filters.step(True),
                "next-match", ("F3",), lambda: filters.missing),
        Command("previous-match", "M&ap", "&Previous match", "Selects the previous frame that matches",
                lambda: filters.step(False), "previous-match", ("Shift+F3",), lambda: filters.missing),
    ]  # fmt: skip
    return view_only([*by_lens, *by_layout, *geometries, *_row_widths(layouts), *search])


def _row_widths(layouts: LayoutControl) -> list[Command]:
    menu = "M&ap > &Layout > &Frames per row"
    named = [
        Command(f"width-{width}", menu, f"{width:,}", f"A row is {amount(width * FRAME_SIZE)}",
                partial(layouts.set_width, width), group="width")
        for width in WIDTHS
    ]  # fmt: skip
    return [
        Command("width-fit", menu, "&Fit to the window", "As many frames per row as fill the window best",
                partial(layouts.set_width, None), group="width"),
        *named,
        Command("width-own", menu, "&Other…", "Any number of frames per row: repeating patterns line up in columns",
                layouts.ask_width, group="width"),
        Command("width-less", menu, "One &less", "Rows one frame shorter", partial(layouts.change_width, 1, -1),
                keys=("Ctrl+[",), separated=True),
        Command("width-more", menu, "One &more", "Rows one frame longer", partial(layouts.change_width, 1, 1),
                keys=("Ctrl+]",)),
        Command("width-half", menu, "&Half as many", "Rows half as long", partial(layouts.change_width, 0.5, 0),
                keys=("Ctrl+Shift+[",)),
        Command("width-double", menu, "&Twice as many", "Rows twice as long", partial(layouts.change_width, 2, 0),
                keys=("Ctrl+Shift+]",)),
    ]  # fmt: skip
