"""All page tables looked through for entries that no reverse map leads to: of swap, and of merged pages."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import PAGE_SHIFT

_SORT = ptes.PRESENT | ptes.SWAP


def entries_naming(m: Machine, sort: int, value: int) -> Iterator[list[tuple[int, int]]]:
    """(mm, virtual page) of the entries that are PRESENT or SWAP (`sort`) and name a frame or swap offset `value`.

    One list for each address space, so that very many can be looked through in slices.
    """
    for mm in sorted(m.ptes.view):
        table = m.ptes.of(mm)
        words = np.fromiter(table.values(), np.int64, len(table))
        found = np.flatnonzero(((words & _SORT) == sort) & (words >> PAGE_SHIFT == value))
        if len(found):
            vpns = np.fromiter(table.keys(), np.int64, len(table))[found]
            yield [(mm, vpn) for vpn in sorted(vpns.tolist())]
        else:
            yield []
