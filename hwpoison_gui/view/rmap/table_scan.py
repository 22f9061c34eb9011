"""Search of all page tables for PTEs that no reverse map leads to: swap entries and KSM pages."""

from __future__ import annotations

from collections.abc import Iterator

from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import PAGE_SHIFT

_SORT = ptes.PRESENT | ptes.SWAP


def entries_naming(m: Machine, sort: int, value: int) -> Iterator[list[tuple[int, int]]]:
    """Yield (mm, virtual page) of all PTEs of one sort (PRESENT or SWAP) for the frame or swap offset `value`.

    One list per address space, so that the search can be done in slices.
    """
    for mm in sorted(m.ptes.view):
        vpns, words = m.ptes.arrays(mm)
        found = ((words & _SORT) == sort) & (words >> PAGE_SHIFT == value)
        yield [(mm, vpn) for vpn in vpns[found].tolist()]
