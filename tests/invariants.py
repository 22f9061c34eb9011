"""Invariants of any machine at any moment, as functions that raise AssertionError with the reason.

Used by property tests and by whoever suspects a machine.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, MAX_ORDER
from hwpoison_gui.kernel.rmap import rmap_entries, rmap_places

_NOT_FREE = (pf.ARCH_2 * 2 - 1) & ~(pf.BUDDY | pf.HWPOISON)  # free_pages_prepare() clears them


def mappings(m: Machine) -> npt.NDArray[np.int64]:
    """Count the page-table entries that map each frame; the zero page is not counted, as the kernel does not.

    A huge page's entry counts for each of its 512 frames.
    """
    count = np.zeros(m.frames, np.int64)
    for entries in m.ptes.view.values():
        for entry in entries.values():
            if not entry & ptes.PRESENT or entry & ptes.SPECIAL:
                continue
            pfn = ptes.value_of(entry)
            count[pfn : pfn + (HPAGE_PMD_NR if entry & ptes.PSE else 1)] += 1
    return count


def swap_users(m: Machine) -> Counter[int]:
    count: Counter[int] = Counter()
    for entries in m.ptes.view.values():
        count.update(ptes.value_of(entry) for entry in entries.values() if entry & ptes.SWAP)
    for slots in m.shmem_swap.view.values():
        count.update(slots.values())
    return count


def check(m: Machine) -> None:
    """All invariants that can be seen at rest, between two operations."""
    flags, refcount, mapcount = m.flags.view, m.refcount.view, m.mapcount.view
    tail = flags & np.uint64(pf.COMPOUND_TAIL) != 0
    _none(m, mapcount != mappings(m), "mapcount is not the number of PTEs")
    _none(m, ~tail & (refcount < mapcount), "fewer references than mappings")
    _none(m, tail & (refcount != 0), "a tail with references of its own")
    _none(m, refcount < 0, "negative refcount")
    _none(m, flags & np.uint64(pf.LOCKED) != 0, "still locked")
    _check_places(m, flags, refcount, mapcount)
    _check_swap(m)
    _check_kept(m)


def _none(m: Machine, bad: npt.NDArray[np.bool_], what: str) -> None:
    if bad.any():
        pfn = int(np.flatnonzero(bad)[0])
        word = f"{pf.letters_of(m.page(pfn))} refcount {m.refcount.view[pfn]} mapcount {m.mapcount.view[pfn]}"
        raise AssertionError(f"frame {pfn:#x} {word}: {what}")


def _check_places(m: Machine, flags: Any, refcount: Any, mapcount: Any) -> None:
    """No frame is claimed twice, free frames are unused, page cache and frames agree."""
    claims = np.zeros(m.frames, np.int64)
    free = np.zeros(m.frames, bool)
    for order in range(MAX_ORDER + 1):
        for head in m.free_area.of(order):
            assert head % (1 << order) == 0, f"free block {head:#x} of order {order} is not aligned"
            free[head : head + (1 << order)] = True
            claims[head : head + (1 << order)] += 1
    _none(m, free != (flags & np.uint64(pf.BUDDY) != 0), "BUDDY and the free lists disagree")
    for pfn in m.pcp.of(0):
        claims[pfn] += 1
        free[pfn] = True
    _none(m, free & ((refcount != 0) | (mapcount != 0)), "free, but in use")
    _none(m, free & ((flags & np.uint64(_NOT_FREE)) != 0), "free, with a flag of a page in use")
    for inode, pages in m.page_cache.view.items():
        for index, pfn in pages.items():
            claims[pfn : pfn + (1 << m.compound_order.view.get(pfn, 0))] += 1
            assert int(m.mapping.view[pfn]) == inode << 2 and int(m.index.view[pfn]) == index, (
                f"{pfn:#x} is not where it says"
            )
    for tables in m.pgtables.view.values():
        for pfn in tables.values():
            claims[pfn] += 1
    _none(m, claims > 1, "claimed twice")


def _check_swap(m: Machine) -> None:
    users = swap_users(m)
    assert dict(m.swap_map.view) == {offset: n for offset, n in users.items() if n}, "swap_map counts its users"
    for offset, pfn in m.swap_cache.view.items():
        assert m.page(pfn) & pf.SWAPCACHE, f"frame {pfn:#x} is in the swap cache without the flag"
        assert m.page_private.view[pfn] == offset


def _check_kept(m: Machine) -> None:
    """Check that the caches of tasks, of the reverse map and of page tables agree with the machine."""
    tids = tuple(m.tasks.view)
    if tids:
        kept = m.threads_of(tids)
        assert kept.tasks == [m.tasks.view[tid] for tid in tids]
        assert kept.processes == [m.processes.view[task.tgid] for task in kept.tasks]
    for pfn in np.flatnonzero(m.mapcount.view > 0)[:1].tolist():
        places = rmap_places(m, pfn)
        assert list(places.of.vmas) == [m.vmas.view[id_] for id_ in places.of.ids]
        assert list(places.of.mms) == [vma.mm for vma in places.of.vmas]
        assert rmap_entries(m, pfn).tolist() == [m.ptes.value(*key) for key in places.keys]
    assert m.living() == [process for process in m.processes.view.values() if not process.ended]
