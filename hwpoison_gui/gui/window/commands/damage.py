"""Commands that show what errors would do: the most dangerous frames, and a fault of DRAM."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.window.command import Command
from hwpoison_gui.gui.window.commands.commands import without_frame
from hwpoison_gui.gui.window.menus import ContextMenus
from hwpoison_gui.gui.window.panels import Panels


def damage_commands(
    show_panel: Callable[[str], None], panels: Callable[[], Panels], present: Present, menus: ContextMenus
) -> list[Command]:
    """Also lets the context menu of a frame show the fault of one of its parts."""

    def dangerous() -> None:
        show_panel("assess")
        panels().show_dangers()

    def show_fault(mode: str, pfn: int) -> None:
        show_panel("fault")
        if pfn != NONE:
            panels().show_fault(mode, pfn)

    menus.show_fault = show_fault
    return [
        Command("dangerous-frames", "&Frame", "Most &dangerous frames", "The frames whose error would do most, whom it "
                "hits and how: before anything breaks", dangerous),
        Command("fault", "&Frame", "If its row of DRAM fai&ls…", "What the failure of the row, bank or DIMM of this "
                "frame would do, early and late, and what soft offline beforehand would save",
                lambda: show_fault("row", present.frame), missing=partial(without_frame, present)),
    ]  # fmt: skip
