"""The hugetlb pool: its size, allocating, reserving, and dissolving a free huge page into 4 KiB pages.

After mm/hugetlb.c. A free huge page has refcount 0 and is listed in `huge_free`. Pages that a mapping has
reserved and not used are in `huge_resv`, by inode for shared and by address space for private mappings. The lowest one
is taken first; a kernel takes the one that was freed last.

Counters: `nr_huge_pages`, of which `surplus_huge_pages` go back to the page allocator as soon as they are free, and
`nr_overcommit_huge_pages`, the most that may be surplus.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from . import page_flags as pf
from .folio import destroy_compound_page, prep_compound_page
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .page_alloc import alloc_pages, drain_pcp, free_one_page, take_page_off_buddy
from .records import HPAGE_PMD_ORDER

GROWN: Final = site("set_max_huge_pages", Act.FLAG, "alloc_fresh_huge_page", "pages missing")
SHRUNK: Final = site("set_max_huge_pages", Act.FLAG, "update_and_free_page", "pages kept")
ABSORBED: Final = site("set_max_huge_pages", Act.DECIDE, "adjust_pool_surplus", "pages")
RESIZED: Final = site("set_max_huge_pages", Act.DECIDE, "nr_hugepages", "asked old new")
DISSOLVED: Final = site("dissolve_free_huge_page", Act.FLAG, "dissolved")
NOT_DISSOLVED: Final = site("dissolve_free_huge_page", Act.FLAG, "busy")
OFF_BUDDY: Final = site("take_page_off_buddy", Act.FLAG, args="taken", name="one of 512")


def hugetlb_init(m: Machine, pages: int) -> int:
    """nr_hugepages: add up to `pages` huge pages to the pool. Returns how many could be allocated."""
    found = 0
    while found < pages and (head := alloc_fresh_huge_page(m)) is not None:
        enqueue_huge_page(m, head)
        found += 1
    return found


def enqueue_huge_page(m: Machine, head: int) -> None:
    """Put a fresh huge page on the list of free ones."""
    m.put(m.refcount, head, 0)
    m.put(m.huge_free, (0, head), True)


def set_max_huge_pages(m: Machine, count: int) -> Steps[int]:
    """Write `count` to /proc/sys/vm/nr_hugepages. Returns 0 even if the pool then has more or fewer huge pages.

    A pool that grows takes surplus pages into it first. One that shrinks gives back free pages, poisoned ones as well,
    which remove_pool_huge_page() does not tell from others: the bad frames keep PG_hwpoison on the free lists, where
    the allocator drops them. What is in use becomes surplus.

    The allocator of a kernel reclaims memory (2.6.32) or compacts it (6.1 on) to make a block of 2 MiB; this model has
    neither here, and a pool grows by the free blocks that there are.
    """
    old = persistent_huge_pages(m)
    if count > old:
        absorbed = min(count - old, m.counter("surplus_huge_pages"))
        if absorbed:
            m.add_to(m.counters, "surplus_huge_pages", -absorbed)
            yield Mark(ABSORBED, (absorbed,))
        wanted = count - persistent_huge_pages(m)
        added = hugetlb_init(m, wanted)
        yield Mark(GROWN, (added, wanted - added))
    elif count < old:
        leaving = m.huge_free.of(0)[: min(old - count, max(0, available_huge_pages(m)))]
        for head in leaving:
            update_and_free_page(m, head)
        surplus = persistent_huge_pages(m) - count
        m.add_to(m.counters, "surplus_huge_pages", surplus)
        yield Mark(SHRUNK, (len(leaving), surplus))
    yield Mark(RESIZED, (count, old, persistent_huge_pages(m)))
    return 0


def persistent_huge_pages(m: Machine) -> int:
    """Return the value of /proc/sys/vm/nr_hugepages: the huge pages of the pool that are not surplus."""
    return m.counter("nr_huge_pages") - m.counter("surplus_huge_pages")


def alloc_surplus_huge_page(m: Machine) -> int | None:
    """Grow the pool by a surplus page, with refcount 1, as far as nr_overcommit_hugepages allows. None if it does not.

    The caller uses the page or puts it on the list of free ones.
    """
    if m.counter("surplus_huge_pages") >= m.counter("nr_overcommit_huge_pages"):
        return None
    head = alloc_fresh_huge_page(m)
    if head is not None:
        m.add_to(m.counters, "surplus_huge_pages", 1)
    return head


def gather_surplus_pages(m: Machine, delta: int) -> bool:
    """Make sure that `delta` more pages can be reserved, by surplus pages if need be. False, and no change, if not."""
    gathered: list[int] = []
    for _ in range(delta - available_huge_pages(m)):
        head = alloc_surplus_huge_page(m)
        if head is None:
            _return_surplus(m, gathered)
            return False
        enqueue_huge_page(m, head)
        gathered.append(head)
    return True


def return_unused_surplus_pages(m: Machine, unused: int) -> None:
    """Free at most `unused` surplus huge pages that are free, after `unused` reservations were given up."""
    _return_surplus(m, m.huge_free.of(0)[: min(unused, m.counter("surplus_huge_pages"))])


def _return_surplus(m: Machine, heads: Sequence[int]) -> None:
    for head in tuple(heads):
        update_and_free_page(m, head)
        m.add_to(m.counters, "surplus_huge_pages", -1)


def alloc_fresh_huge_page(m: Machine) -> int | None:
    """Allocate a huge page with refcount 1 and grow the pool by it. None if there is no free block of that size."""
    head = alloc_pages(m, HPAGE_PMD_ORDER)
    if head is None:
        return None
    prep_compound_page(m, head, pf.HUGE)
    m.add_to(m.counters, "nr_huge_pages", 1)
    return head


def available_huge_pages(m: Machine) -> int:
    """Number of free huge pages that are not reserved."""
    return len(m.huge_free.of(0)) - m.counter("resv_huge_pages")


def reserve(m: Machine, owner: int, indices: list[int]) -> bool:
    """hugetlb_reserve_pages(): reserve huge pages for `owner`. False if too few are available."""
    new = [index for index in indices if index not in m.huge_resv.of(owner)]
    if not gather_surplus_pages(m, len(new)):
        return False
    for index in new:
        m.put(m.huge_resv, (owner, index), True)
    m.add_to(m.counters, "resv_huge_pages", len(new))
    return True


def unreserve(m: Machine, owner: int, first: int, last: int | None) -> None:
    """hugetlb_unreserve_pages(): return reserved pages that were not used."""
    unused = [index for index in sorted(m.huge_resv.of(owner)) if index >= first and (last is None or index < last)]
    for index in unused:
        m.delete(m.huge_resv, (owner, index))
        m.add_to(m.counters, "resv_huge_pages", -1)
    return_unused_surplus_pages(m, len(unused))


def alloc_huge_page(m: Machine, owner: int, index: int, avoid_reserve: bool = False) -> int | None:
    """dequeue_huge_page_vma(): take a huge page for `owner`, from its reservation or from what is available.

    With `avoid_reserve` only from what is available. Skips poisoned ones; without another one the pool may grow by a
    surplus page. Returns the head, with refcount 1, or None.
    """
    promised = not avoid_reserve and index in m.huge_resv.of(owner)
    head = None
    if promised or available_huge_pages(m) > 0:
        head = next((head for head in m.huge_free.of(0) if not m.page(head) & pf.HWPOISON), None)
    if head is not None:
        m.delete(m.huge_free, (0, head))
    else:
        head = alloc_surplus_huge_page(m)
    if head is None:
        return None
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
    """Remove a free huge page from the pool and shrink the pool.

    Where hugetlb pages are handled as a whole, PG_hwpoison moves from the head to the bad frames; 2.6.32 has set it
    there.
    """
    bad = tuple(sorted(m.raw_hwp.of(head)))
    if m.huge_free.get((0, head)) is True:
        m.delete(m.huge_free, (0, head))
    m.add_to(m.counters, "nr_huge_pages", -1)
    destroy_compound_page(m, head)
    if m.profile.runs("try_memory_failure_hugetlb"):
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
