"""The states of a PTE that would map a frame, and their names: for a pill, and where there is room."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.record import Record
from hwpoison_gui.view.rmap.groups import Mapper

MIXED: Final = "mixed"  # of PTEs in different states


class _Words(Record):
    brief: str
    full: str


ENTRY_WORDS: Final = {
    "dirty": _Words("dirty", "maps it, dirty"),
    "clean": _Words("clean", "maps it, clean"),
    "swap": _Words("swap", "swap entry"),
    "hwpoison": _Words("hwpoison", "hwpoison entry"),
    "other": _Words("other", "maps another frame"),
    "none": _Words("no PTE", "no PTE"),
    MIXED: _Words("mixed", "in different states"),
}


def entry_state(m: Machine, pfn: int, mapper: Mapper) -> str:
    """State of the PTE that would map the frame: a key of ENTRY_WORDS."""
    entry = m.pte(mapper.mm, mapper.vpn)
    state = ptes.state_of(entry)
    if state != "present":
        return state
    if not ptes.maps_frame(entry, pfn):
        return "other"
    return "dirty" if entry & ptes.DIRTY else "clean"
