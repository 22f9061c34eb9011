"""The hugetlb pool: its size, allocating, reserving, and dissolving a free huge page into 4 KiB pages.

After mm/hugetlb.c. A free huge page has refcount 0 and is listed in `huge_free`. Pages that a mapping has
reserved and not used are in `huge_resv`, by inode for shared and by address space for private mappings.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from . import page_flags as pf
from .folio import destroy_compound_page, prep_compound_page
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .page_alloc import alloc_pages, drain_pcp, free_one_page, take_page_off_buddy
from .records import HPAGE_PMD_ORDER

GROWN: Final = site("set_max_huge_pages", Act.FLAG, "alloc_fresh_huge_page", "pages missing")
SHRUNK: Final = site("set_max_huge_pages", Act.FLAG, "update_and_free_page", "pages kept")
RESIZED: Final = site("set_max_huge_pages", Act.DECIDE, "nr_hugepages", "asked old new")
DISSOLVED: Final = site("dissolve_free_huge_page", Act.FLAG, "dissolved")
NOT_DISSOLVED: Final = site("dissolve_free_huge_page", Act.FLAG, "busy")
OFF_BUDDY: Final = site("take_page_off_buddy", Act.FLAG, args="taken", name="one of 512")


def hugetlb_init(m: Machine, pages: int) -> int:
    """nr_hugepages: add up to `pages` huge pages to the pool. Returns how many could be allocated."""
    found = 0
    while found < pages and (head := alloc_fresh_huge_page(m)) is not None:
        m.put(m.refcount, head, 0)
        m.clear_flags(head, pf.UPTODATE)
        m.put(m.huge_free, (0, head), True)
        found += 1
    return found


def set_max_huge_pages(m: Machine, count: int) -> Steps[int]:
    """Write `count` to /proc/sys/vm/nr_hugepages. Returns 0 even if the pool then has more or fewer huge pages.

    Surplus pages are not modelled: pages in use that a smaller pool has no room for stay in the pool when they are
    freed.
    """
    old = m.counter("nr_huge_pages")
    if count > old:
        added = hugetlb_init(m, count - old)
        yield Mark(GROWN, (added, count - old - added))
    elif count < old:
        leaving = _removable(m)[: old - count]
        for head in leaving:
            update_and_free_page(m, head)
        yield Mark(SHRUNK, (len(leaving), old - count - len(leaving)))
    yield Mark(RESIZED, (count, old, m.counter("nr_huge_pages")))
    return 0


def _removable(m: Machine) -> list[int]:
    """Heads of the free huge pages that can leave the pool, without those that reservations need.

    Doubt: the kernel does not look at HWPOISON here. It frees a poisoned huge page with the others, and the allocator
    drops the bad frame later. Here a poisoned huge page stays in the pool and counts for no reservation.
    """
    sound = [head for head in m.huge_free.of(0) if not m.refcount.view[head] and not _has_poison(m, head)]
    return sound[: max(0, len(sound) - m.counter("resv_huge_pages"))]


def _has_poison(m: Machine, head: int) -> bool:
    frames = m.flags.view[head : head + (1 << HPAGE_PMD_ORDER)]
    return bool((frames & np.uint64(pf.HWPOISON)).any())


def alloc_fresh_huge_page(m: Machine) -> int | None:
    """Allocate a huge page with refcount 1 and grow the pool by it. None if there is no free block of that size."""
    head = alloc_pages(m, HPAGE_PMD_ORDER)
    if head is None:
        return None
    prep_compound_page(m, head, pf.HUGE)
    m.set_flags(head, pf.UPTODATE)
    m.add_to(m.counters, "nr_huge_pages", 1)
    return head


def available_huge_pages(m: Machine) -> int:
    """Number of free huge pages that are not reserved."""
    return len(m.huge_free.of(0)) - m.counter("resv_huge_pages")


def reserve(m: Machine, owner: int, indices: list[int]) -> bool:
    """hugetlb_reserve_pages(): reserve huge pages for `owner`. False if too few are available."""
    new = [index for index in indices if index not in m.huge_resv.of(owner)]
    if available_huge_pages(m) < len(new):
        return False
    for index in new:
        m.put(m.huge_resv, (owner, index), True)
    m.add_to(m.counters, "resv_huge_pages", len(new))
    return True


def unreserve(m: Machine, owner: int, first: int, last: int | None) -> None:
    """hugetlb_unreserve_pages(): return reserved pages that were not used."""
    for index in sorted(m.huge_resv.of(owner)):
        if index >= first and (last is None or index < last):
            m.delete(m.huge_resv, (owner, index))
            m.add_to(m.counters, "resv_huge_pages", -1)


def alloc_huge_page(m: Machine, owner: int, index: int, avoid_reserve: bool = False) -> int | None:
    """dequeue_huge_page_vma(): take a huge page for `owner`, from its reservation or from what is available.

    With `avoid_reserve` only from what is available. Skips poisoned ones. Returns the head, with refcount 1, or None.
    """
    promised = not avoid_reserve and index in m.huge_resv.of(owner)
    if not promised and available_huge_pages(m) <= 0:
        return None
    head = next((head for head in m.huge_free.of(0) if not m.page(head) & pf.HWPOISON), None)
    if head is None:
        return None
    m.delete(m.huge_free, (0, head))
    if promised:
        m.delete(m.huge_resv, (owner, index))
        m.add_to(m.counters, "resv_huge_pages", -1)
    m.put(m.refcount, head, 1)
    m.set_flags(head, pf.UPTODATE)
    return head


def dissolve_free_huge_page(m: Machine, pfn: int) -> bool:
    """Free an unused huge page as 512 frames; HWPOISON moves to the bad frames. False if it is in use or reserved."""
    if not m.page(pfn) & pf.HUGE:
        return True
    head = m.compound_head(pfn)
    if m.refcount.view[head] or available_huge_pages(m) <= 0:
        return False
    update_and_free_page(m, head)
    return True


def update_and_free_page(m: Machine, head: int) -> None:
    """Remove a free huge page from the pool and shrink the pool."""
    bad = tuple(sorted(m.raw_hwp.of(head)))
    m.delete(m.huge_free, (0, head))
    m.add_to(m.counters, "nr_huge_pages", -1)
    destroy_compound_page(m, head)
    m.clear_flags(head, pf.HWPOISON)
    for frame in bad:
        m.delete(m.raw_hwp, (head, frame))
        m.set_flags(frame, pf.HWPOISON)
    free_one_page(m, head, HPAGE_PMD_ORDER)


def page_handle_poison(m: Machine, pfn: int) -> Steps[bool]:
    """__page_handle_poison(): dissolve a huge page, then remove the frame from the free lists."""
    if m.page(pfn) & pf.HUGE:
        done = dissolve_free_huge_page(m, pfn)
        yield Mark(DISSOLVED if done else NOT_DISSOLVED, (), (pfn,))
        if not done:
            return False
    drain_pcp(m)
    taken = take_page_off_buddy(m, pfn)
    yield Mark(OFF_BUDDY, (taken,), (pfn,))
    return taken
