"""All page tables looked through for entries that no reverse map leads to: of swap, and of merged pages."""

from __future__ import annotations

from collections.abc import Iterator

from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import PAGE_SHIFT

_SORT = ptes.PRESENT | ptes.SWAP


def entries_naming(m: Machine, sort: int, value: int) -> Iterator[list[tuple[int, int]]]:
    """(mm, virtual page) of the entries that are PRESENT or SWAP (`sort`) and name a frame or swap offset `value`.

    One list for each address space, so that very many can be looked through in slices.
    """
    for mm in sorted(m.ptes.view):
        vpns, words = m.ptes.arrays(mm)
        found = ((words & _SORT) == sort) & (words >> PAGE_SHIFT == value)
        yield [(mm, vpn) for vpn in vpns[found].tolist()]
