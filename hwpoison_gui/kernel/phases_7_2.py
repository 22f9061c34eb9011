"""Phases of memory_failure() that are different in 7.2.

After mm/memory-failure.c.
"""

from __future__ import annotations

from .get_hwpoison_page import FREE, TAKEN, get_hwpoison_page
from .handler import MF_SW_SIMULATED, Handler, Verdict, leave
from .hwpoison_inject import pfn_valid
from .mark import Mark, Steps
from .phases_6_1 import ONLINE, free_buddy_page
from .profile.variants import phase


@phase("7.2")
def check_pfn(h: Handler) -> Steps[Verdict]:
    """pfn_to_online_page(), else memory_failure_pfn(): a pfn without a page has a result line, and EBUSY for ENXIO.

    Drivers may register such memory (register_pfn_address_space()); here none does. corrupt-pfn and madvise() refuse
    the pfn before, so only a machine check and hard_offline_page get here.
    """
    if not h.flags & MF_SW_SIMULATED:
        h.m.put(h.m.counters, "hw_memory_failure", 1)
    if pfn_valid(h.m, h.pfn):
        yield Mark(ONLINE, (), (h.pfn,))
        return None
    return (yield from leave(h, "no page"))


@phase("7.2")
def take_reference(h: Handler) -> Steps[Verdict]:
    """get_hwpoison_page(), also for an injector that has a reference, which is given back with an unhandlable page."""
    got = yield from get_hwpoison_page(h.m, h.pfn, h.flags)
    if got == TAKEN:
        return None
    if got != FREE:
        return (yield from leave(h, "unhandlable"))
    return (yield from free_buddy_page(h))
