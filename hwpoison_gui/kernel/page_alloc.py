"""The page allocator: buddy free lists, per-CPU lists, refcounts, and how poisoned pages are kept out.

After mm/page_alloc.c. BUDDY is set on every frame of a free block, as in /proc/kpageflags; `free_area` lists
the heads of the blocks. The lowest frame of a free list is allocated first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from . import page_flags as pf
from .gate import ABSENT
from .machine import Machine
from .memcontrol import uncharge
from .records import MAX_ORDER

PCP_BATCH: Final = 16
PCP_HIGH: Final = 64

# page->private of a poisoned frame that take_page_off_buddy() removed.
MAGIC_HWPOISON: Final = 0x48575053_4F49534E

# Cleared when a page is freed (PAGE_FLAGS_CHECK_AT_PREP less HWPOISON).
_FREED: Final = ((1 << 42) - 1) & ~pf.HWPOISON


def alloc_page(m: Machine) -> int | None:
    """rmqueue() of order 0. Returns a frame with refcount 1, or None if no memory is free.

    A HWPOISON frame on a free list is dropped and the next one tried (check_new_page()).
    """
    while True:
        if not m.pcp.of(0):
            _refill_pcp(m)
        if not m.pcp.of(0):
            return None
        pfn = m.pcp.of(0)[0]
        m.delete(m.pcp, (0, pfn))
        if not m.page(pfn) & pf.HWPOISON:
            m.put(m.refcount, pfn, 1)
            return pfn


def alloc_pages(m: Machine, order: int) -> int | None:
    """rmqueue() of a higher order. Returns the head of an aligned block, with refcount 1, or None.

    A block that contains a HWPOISON frame is dropped as a whole (check_new_pages()).
    """
    while (pfn := _rmqueue(m, order)) is not None:
        if not (m.flags.view[pfn : pfn + (1 << order)] & np.uint64(pf.HWPOISON)).any():
            m.put(m.refcount, pfn, 1)
            return pfn
    return None


def _refill_pcp(m: Machine) -> None:
    for _ in range(PCP_BATCH):
        pfn = _rmqueue(m, 0)
        if pfn is None:
            return
        m.put(m.pcp, (0, pfn), True)


def _rmqueue(m: Machine, order: int) -> int | None:
    for current in range(order, MAX_ORDER + 1):
        if m.free_area.of(current):
            pfn = m.free_area.of(current)[0]
            m.delete(m.free_area, (current, pfn))
            _expand(m, pfn, order, current)
            if order:
                m.put_flags(np.arange(pfn, pfn + (1 << order)), off=pf.BUDDY)
            else:
                m.clear_flags(pfn, pf.BUDDY)
            return pfn
    return None


def _expand(m: Machine, pfn: int, low: int, high: int) -> None:
    while high > low:
        high -= 1
        m.put(m.free_area, (high, pfn + (1 << high)), True)


def free_block_of(m: Machine, pfn: int) -> tuple[int, int] | None:
    """(head, order) of the free block that contains `pfn`, or None if no block does."""
    if not m.page(pfn) & pf.BUDDY:
        return None
    for order in range(MAX_ORDER + 1):
        head = pfn & ~((1 << order) - 1)
        if m.free_area.get((order, head)) is True:
            return head, order
    return None


def is_free_head(m: Machine, pfn: int) -> bool:
    """PageBuddy(): whether `pfn` is the head of a free block."""
    block = free_block_of(m, pfn)
    return block is not None and block[0] == pfn


def free_page(m: Machine, pfn: int) -> None:
    """free_unref_page(): free a frame with refcount 0 to the per-CPU list."""
    if _clear_page(m, pfn) & pf.HWPOISON and m.profile.has("poison_is_never_freed"):
        return
    m.put(m.pcp, (0, pfn), True)
    if len(m.pcp.of(0)) > PCP_HIGH:
        drain_pcp(m, PCP_HIGH // 2)


def drain_pcp(m: Machine, keep: int = 0) -> None:
    """drain_pages_zone(): move frames from the per-CPU list to the buddy lists until `keep` are left."""
    pfns = m.pcp.of(0)[keep:]
    if not pfns:
        return
    m.gate.put_each(m.pcp, [(0, pfn) for pfn in pfns], [ABSENT] * len(pfns))
    m.gate.put_each(m.flags, pfns, [m.page(pfn) | pf.BUDDY for pfn in pfns])
    _merge(m, pfns, 0)


def free_pages(m: Machine, pfn: int, order: int) -> None:
    """__free_pages(): free a block of 2^order frames."""
    for frame in range(pfn, pfn + (1 << order)):
        _clear_page(m, frame)
    free_one_page(m, pfn, order)


def free_one_page(m: Machine, pfn: int, order: int) -> None:
    """__free_one_page(): merge a block with its free buddies and put it on the free list."""
    if order:
        m.put_flags(np.arange(pfn, pfn + (1 << order)), on=pf.BUDDY)
    else:
        m.set_flags(pfn, pf.BUDDY)
    _merge(m, (pfn,), order)


def free_many(m: Machine, pfns: npt.NDArray[np.int64]) -> None:
    """free_unref_page_list(): free order-0 frames with refcount 0, in ascending order, to the buddy lists."""
    m.put_cells(m.flags, pfns, m.flags.view[pfns] & np.uint64(~_FREED & (1 << 64) - 1) | np.uint64(pf.BUDDY))
    for column in (m.refcount, m.mapcount, m.mapping, m.index):
        m.put_cells(column, pfns, np.zeros(len(pfns), column.view.dtype))
    freed = pfns.tolist()
    for pfn in freed:
        if m.content.get(pfn) is not ABSENT:
            m.delete(m.content, pfn)
        uncharge(m, pfn)
    _merge(m, freed, 0)


def _merge(m: Machine, heads: Iterable[int], order: int) -> None:
    """Merge blocks with each other and with their free buddies; put on the free lists what comes of all of them."""
    free, blocks = m.free_area, set(heads)
    while blocks:
        larger = set()
        for head in sorted(blocks):
            buddy = head ^ 1 << order
            if order == MAX_ORDER or not (buddy in blocks or free.has(order, buddy)):
                m.put(free, (order, head), True)
                continue
            larger.add(head & buddy)
            if buddy not in blocks:
                m.delete(free, (order, buddy))
        blocks, order = larger, order + 1


def take_page_off_buddy(m: Machine, pfn: int) -> bool:
    """take_page_off_buddy(): split the free block that contains `pfn` and remove `pfn`. False if it is not free."""
    block = free_block_of(m, pfn)
    if block is None:
        return False
    head, order = block
    m.delete(m.free_area, (order, head))
    while order:
        order -= 1
        other = head if pfn >= head + (1 << order) else head + (1 << order)
        m.put(m.free_area, (order, other), True)
        head = head + (1 << order) if other == head else head
    m.clear_flags(pfn, pf.BUDDY)
    m.put(m.refcount, pfn, 1)
    m.put(m.page_private, pfn, MAGIC_HWPOISON)
    return True


def put_page_back_buddy(m: Machine, pfn: int) -> None:
    """put_page_back_buddy(): clear HWPOISON and return the frame to the buddy lists."""
    m.clear_flags(pfn, pf.HWPOISON)
    _clear_page(m, pfn)
    free_one_page(m, pfn, 0)


def _clear_page(m: Machine, pfn: int) -> int:
    """Clear what a frame in use has; returns the flag word that is left."""
    before = m.page(pfn)
    if before & _FREED:
        m.put(m.flags, pfn, before & ~_FREED)
    for column in (m.refcount, m.mapcount, m.mapping, m.index):
        if column.cells[pfn]:
            m.put(column, pfn, 0)
    if m.content.get(pfn) is not ABSENT:
        m.delete(m.content, pfn)
    if pfn in m.page_private.view:
        m.delete(m.page_private, pfn)
    uncharge(m, pfn)
    return before & ~_FREED


def get_page(m: Machine, pfn: int) -> None:
    """get_page(): increment refcount, that of the head for a compound page."""
    m.add_to(m.refcount, m.compound_head(pfn), 1)


def put_page(m: Machine, pfn: int) -> None:
    """put_page(): decrement refcount, that of the head for a compound page; free the page at 0."""
    pfn = m.compound_head(pfn)
    if m.gate.increase(m.refcount, pfn, -1):
        return
    order = m.compound_order.view.get(pfn)
    if order is None:
        free_page(m, pfn)
        return
    if m.page(pfn) & pf.HUGE:
        free_huge_page(m, pfn)
        return
    m.delete(m.compound_order, pfn)
    free_pages(m, pfn, order)


def free_huge_page(m: Machine, head: int) -> None:
    """free_huge_page(): return a huge page to the hugetlb pool, or, while the pool has surplus pages, to the allocator.

    The pool never hands out a poisoned one.
    """
    m.clear_flags(head, _FREED & ~(pf.COMPOUND_HEAD | pf.HUGE))
    m.put(m.mapping, head, 0)
    m.put(m.index, head, 0)
    for frame in range(head, head + (1 << m.compound_order.view[head])):
        m.delete(m.content, frame)
        if m.page(frame) & pf.ANON:
            m.clear_flags(frame, pf.ANON)
    if m.counter("surplus_huge_pages"):
        from .hugetlb_pool import update_and_free_page  # built on this module

        m.add_to(m.counters, "surplus_huge_pages", -1)
        update_and_free_page(m, head)
        return
    m.put(m.huge_free, (0, head), True)
