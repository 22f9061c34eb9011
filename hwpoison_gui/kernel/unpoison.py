"""unpoison_memory(): withdraw an injected error from a page that is no longer in use.

After mm/memory-failure.c (6.1). A real machine check disables it for good.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from .huge_memory import huge_zero_page
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .page_alloc import MAGIC_HWPOISON, put_page, put_page_back_buddy

NO_PAGE: Final = site("unpoison_memory", Act.DECIDE, "EIO", "pfn")
REFUSED: Final = {errno: site("unpoison_memory", Act.DECIDE, errno, "why") for errno in ("EBUSY", "EOPNOTSUPP")}
NOTHING_CLEARED: Final = site("unpoison_memory", Act.DECIDE, "EBUSY", name="nothing cleared")
CLEARED: Final = site("unpoison_memory", Act.FLAG)

_KERNELS_OWN: Final = pf.SLAB | pf.PGTABLE | pf.RESERVED


def unpoison_memory(m: Machine, pfn: int) -> Steps[int | str]:
    """Clear PG_hwpoison and drop the reference of the handler. Returns 0 or the name of an errno."""
    if not 0 <= pfn < m.frames or m.page(pfn) & pf.NOPAGE:
        yield Mark(NO_PAGE, (pfn,))
        return "EIO"
    refused = _refusal(m, pfn)
    if refused is not None:
        why, errno = refused
        if why in m.profile.log.unpoison:
            m.printk(m.profile.log.unpoison[why].format(pfn=pfn), pfn)
        yield Mark(REFUSED[errno], (why,), (pfn,))
        return errno
    count = _clear_hwpoison(m, pfn)
    if not count:
        yield Mark(NOTHING_CLEARED, (), (pfn,))
        return "EBUSY"
    # A recording may have flagged more frames than it counted.
    m.add_to(m.counters, "num_poisoned_pages", -min(count, m.counter("num_poisoned_pages")))
    m.printk(m.profile.log.unpoison["done"].format(pfn=pfn), pfn)
    yield Mark(CLEARED, (), (pfn,))
    return 0


def _refusal(m: Machine, pfn: int) -> tuple[str, str] | None:
    """Reason to refuse and errno, or None. Reasons are keys of `LogLines.unpoison`, unless nothing is logged."""
    head = m.compound_head(pfn)
    if m.counter("hw_memory_failure"):
        return "hardware failure", "EOPNOTSUPP"
    if head and head == huge_zero_page(m):
        return "huge zero page", "EOPNOTSUPP"
    if not m.page(pfn) & pf.HWPOISON:
        return "not poisoned", "EBUSY"
    if m.refcount.view[head] > 1:
        return "referenced", "EBUSY"
    if m.mapcount.view[head]:
        return "mapped", "EBUSY"
    if m.inode_of(head) is not None:
        return "has a mapping", "EBUSY"
    if m.page(head) & (_KERNELS_OWN | (pf.OFFLINE if m.profile.has("unpoison_spares_offline") else 0)):
        return "kernel's own", "EBUSY"
    return None


def _clear_hwpoison(m: Machine, pfn: int) -> int:
    """Clear PG_hwpoison and drop the reference. Returns the number of frames that are no longer poisoned."""
    head = m.compound_head(pfn)
    if m.page_private.view.get(pfn) == MAGIC_HWPOISON:
        put_page_back_buddy(m, pfn)
        return 1
    count = 1
    if m.page(head) & pf.HUGE:
        bad = tuple(m.raw_hwp.of(head))
        count = len(bad)
        for frame in bad:
            m.delete(m.raw_hwp, (head, frame))
    cleared = pfn if m.refcount.view[head] else head
    if not count or not m.page(cleared) & pf.HWPOISON:
        return 0
    m.clear_flags(cleared, pf.HWPOISON)
    if m.refcount.view[head]:
        put_page(m, head)
    return count
