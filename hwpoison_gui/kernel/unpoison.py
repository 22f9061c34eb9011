"""unpoison_memory(): take an injected error back, if nobody has the page any more.

After mm/memory-failure.c (6.1). After a real machine check it is off for good.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from .huge_memory import huge_zero_page
from .machine import MAPPING_ANON, Machine
from .mark import Act, Mark, Steps, site
from .page_alloc import MAGIC_HWPOISON, put_page, put_page_back_buddy

NO_PAGE: Final = site("unpoison_memory", Act.DECIDE, "EIO", "pfn")
REFUSED: Final = {errno: site("unpoison_memory", Act.DECIDE, errno, "why") for errno in ("EBUSY", "EOPNOTSUPP")}
NOTHING_CLEARED: Final = site("unpoison_memory", Act.DECIDE, "EBUSY", name="nothing cleared")
CLEARED: Final = site("unpoison_memory", Act.FLAG)

_KERNELS_OWN: Final = pf.SLAB | pf.PGTABLE | pf.RESERVED


def unpoison_memory(m: Machine, pfn: int) -> Steps[int | str]:
    """Returns 0 or an errno name; a page that goes free is counted out of HardwareCorrupted."""
    if not 0 <= pfn < m.frames or m.page(pfn) & pf.NOPAGE:
        yield Mark(NO_PAGE, (pfn,))
        return "EIO"
    refused = _refusal(m, pfn)
    if refused is not None:
        why, errno = refused
        if why in m.profile.log.unpoison:
            m.printk(m.profile.log.unpoison[why].format(pfn=pfn))
        yield Mark(REFUSED[errno], (why,), (pfn,))
        return errno
    count = _clear_hwpoison(m, pfn)
    if not count:
        yield Mark(NOTHING_CLEARED, (), (pfn,))
        return "EBUSY"
    m.add_to(m.counters, "num_poisoned_pages", -count)
    m.printk(m.profile.log.unpoison["done"].format(pfn=pfn))
    yield Mark(CLEARED, (), (pfn,))
    return 0


def _refusal(m: Machine, pfn: int) -> tuple[str, str] | None:
    """Why the page stays poisoned, as LogLines.unpoison has it or without a line of its own, and the errno."""
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
    if m.mapping.view[head] and not int(m.mapping.view[head]) & MAPPING_ANON:
        return "has a mapping", "EBUSY"
    if m.page(head) & _KERNELS_OWN:
        return "kernel's own", "EBUSY"
    return None


def _clear_hwpoison(m: Machine, pfn: int) -> int:
    """Clear the flag and drop the handler's reference; returns how many bad pages are forgotten."""
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
