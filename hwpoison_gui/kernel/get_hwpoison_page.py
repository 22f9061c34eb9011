"""get_hwpoison_page(): take a reference to a poisoned page if it can be handled.

After mm/memory-failure.c (6.1): get_any_page(), __get_hwpoison_page() and HWPoisonHandlable(). The per-CPU free lists
are drained first, so that a free page is on the buddy lists.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from .handler import MF_COUNT_INCREASED
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .page_alloc import drain_pcp, get_page, put_page

DRAINED: Final = site("get_hwpoison_page", Act.FLAG)
FREE_PAGE: Final = site("is_free_buddy_page", Act.DECIDE, "free")
LRU_PAGE: Final = site("get_hwpoison_page", Act.FLAG, "PageLRU", "count held")
HUGE_PAGE: Final = site("get_hwpoison_page", Act.FLAG, "huge page", "count")
SHAKEN: Final = site("shake_page", Act.DECIDE, "not HWPoisonHandlable", "attempt")
UNHANDLABLE: Final = site("get_hwpoison_page", Act.DECIDE, "unhandlable", "word")

TRIES: Final = 3
FREE: Final = 0
TAKEN: Final = 1


def is_handlable(m: Machine, pfn: int) -> bool:
    """HWPoisonHandlable(): only LRU pages and free pages can be handled."""
    return bool(m.page(m.compound_head(pfn)) & pf.LRU or m.page(pfn) & pf.BUDDY)


def get_hwpoison_page(m: Machine, pfn: int, flags: int) -> Steps[int | str]:
    """Return TAKEN with a reference, FREE without one, or "EIO" for a page that cannot be handled.

    With MF_COUNT_INCREASED the caller holds a reference, which is kept or dropped here.
    """
    drain_pcp(m)
    head = m.compound_head(pfn)
    yield Mark(DRAINED, (), (pfn,))
    held = bool(flags & MF_COUNT_INCREASED)
    if m.page(head) & pf.HUGE:
        return (yield from _get_hwpoison_huge_page(m, head, held))
    if not is_handlable(m, pfn):
        return (yield from _unhandlable(m, pfn, held))
    count = int(m.refcount.view[head])
    if not count:
        yield Mark(FREE_PAGE, (), (pfn,))
        return FREE
    if not held:
        get_page(m, pfn)
    yield Mark(LRU_PAGE, (count, held), (pfn,))
    return TAKEN


def _get_hwpoison_huge_page(m: Machine, head: int, held: bool) -> Steps[int | str]:
    """get_hwpoison_huge_page(), mm/hugetlb.c: a free huge page has no references."""
    count = int(m.refcount.view[head])
    yield Mark(HUGE_PAGE, (count,), (head,))
    if not held and count:
        get_page(m, head)
    return TAKEN if held or count else FREE


def _unhandlable(m: Machine, pfn: int, held: bool) -> Steps[str]:
    """Shake a page that is neither LRU nor free in case it becomes so; in this model it never does. Returns EIO."""
    if held:
        put_page(m, pfn)
    for attempt in range(1, TRIES + 1):
        yield Mark(SHAKEN, (attempt,), (pfn,))
    m.printk(m.profile.log.prefix.format(pfn=pfn) + m.profile.log.unhandlable, pfn)
    yield Mark(UNHANDLABLE, (m.page(pfn),), (pfn,))
    return "EIO"
