"""Room for soft offline of a part of DRAM: free frames outside the part, of which each migrated page takes one.

A page may be migrated to a free frame of the part as well, but that one is soft offlined in turn, and its content moves
on. So what is left in the end is what fits outside. A hugetlb page needs a free huge page of the pool, or a free block
of 512 frames.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, HPAGE_PMD_ORDER, MAX_ORDER
from hwpoison_gui.record import Record

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Room(Record):
    """Free memory outside a part: `frames`; the blocks of 512 frames among them; and huge pages of the pool that no
    mapping has reserved."""

    frames: int
    blocks: int
    pool: int


def room_outside(m: Machine, pfns: I64) -> Room:
    """The room outside a part of memory; `pfns` ascending."""
    frames = blocks = 0
    for order in range(MAX_ORDER + 1):
        starts = np.array(list(m.free_area.of(order)), np.int64)
        frames += int((_outside(starts, 1 << order, pfns)).sum())
        if order >= HPAGE_PMD_ORDER:
            huge = (starts[:, None] + np.arange(0, 1 << order, HPAGE_PMD_NR)).ravel()
            blocks += int((_outside(huge, HPAGE_PMD_NR, pfns) == HPAGE_PMD_NR).sum())
    frames += int(_outside(np.array(list(m.pcp.of(0)), np.int64), 1, pfns).sum())
    pool = np.array(list(m.huge_free.of(0)), np.int64)
    unused = int((_outside(pool, HPAGE_PMD_NR, pfns) == HPAGE_PMD_NR).sum())
    return Room(frames, blocks, max(0, unused - m.counter("resv_huge_pages")))


def _outside(starts: I64, size: int, pfns: I64) -> I64:
    """Return the number of frames of each block that are not among `pfns`."""
    found: I64 = size - (np.searchsorted(pfns, starts + size) - np.searchsorted(pfns, starts))
    return found


def with_room(m: Machine, pfns: I64, room: Room) -> Bools:
    """Return whether the page in each frame finds room, if pages are migrated in the order of `pfns`."""
    huge = (m.flags.view[pfns] & np.uint64(pf.HUGE)) != 0
    heads, first, page, frames = np.unique(
        pfns[huge] // HPAGE_PMD_NR, return_index=True, return_inverse=True, return_counts=True
    )
    turn = np.argsort(np.argsort(first))  # for each hugetlb page
    at = np.flatnonzero(huge)[first]
    cost = np.where(huge, 0, 1)
    cost[at] = np.where(turn < room.pool, 0, frames)
    possible = ~huge
    possible[at] = turn < room.pool + room.blocks
    used = np.cumsum(np.where(possible, cost, 0))
    found: Bools = possible & (used <= room.frames)
    left = room.frames - int(cost[found].sum())
    found[np.flatnonzero(possible & ~huge & ~found)[:left]] = True  # what a huge page was too large for
    found[huge] = found[at][page] if len(heads) else False
    return found
