"""try_memory_failure_hugetlb(): errors in hugetlb pages, which are handled as a whole.

After mm/memory-failure.c (6.1). Only the head has PG_hwpoison. The poisoned frames are listed in `raw_hwp` until the
huge page is dissolved.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from .handler import (
    MF_COUNT_INCREASED,
    Handler,
    Verdict,
    action_result,
)
from .hugetlb_pool import page_handle_poison
from .hwpoison_filter import FILTERED, hwpoison_filter, note_filtered
from .kill_accessing_process import poisoned_before
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .page_alloc import get_page, put_page
from .profile.type import FAILED, RECOVERED
from .profile.variants import phase

HUGE_PAGE: Final = site("memory_failure", Act.FLAG, "huge page")
FREE_HUGE_PAGE: Final = site("memory_failure", Act.FLAG, "free huge page")
LOCKED: Final = site("hwpoison_filter", name="huge page")
POISONED_BEFORE: Final = site("memory_failure", Act.DECIDE, "already poisoned", name="huge page already poisoned")
FREE_RESULT: Final = site("action_result", Act.RESULT, args="kind result", name="free huge page")


@phase("6.1")
def try_memory_failure_hugetlb(h: Handler) -> Steps[Verdict]:
    """Handle an error in a hugetlb page to the end; for other pages return None."""
    m, pfn = h.m, h.pfn
    if not m.page(pfn) & pf.HUGE:
        return None
    head = m.compound_head(pfn)
    if not hugetlb_update_hwpoison(m, head, pfn):
        return (yield from poisoned_before(h, head, Mark(POISONED_BEFORE, (), (head, pfn))))
    return (yield from handle_huge_page(h, head))


def handle_huge_page(h: Handler, head: int) -> Steps[Verdict]:
    """Dissolve a free huge page and withhold the bad frame; take any other away from its processes."""
    m, pfn = h.m, h.pfn
    free = not m.refcount.view[head]
    if not free and not h.flags & MF_COUNT_INCREASED:
        get_page(m, head)
    m.set_flags(head, pf.LOCKED)
    yield Mark(FREE_HUGE_PAGE if free else HUGE_PAGE, (), (head, pfn))
    h.page_flags = m.page(head)
    yield Mark(LOCKED, (), (head,))
    by = hwpoison_filter(m, pfn)
    if by:
        return (yield from leave_filtered(h, head, by, put=not free))
    if free:
        m.clear_flags(head, pf.LOCKED)
        result = RECOVERED if (yield from page_handle_poison(m, pfn)) else FAILED
        yield action_result(h, "free huge page", result, FREE_RESULT)
        return m.profile.results.errno_of[result]
    h.page = head
    verdict = yield from m.profile.phase("hwpoison_user_mappings")(h)
    if verdict is not None:
        return verdict
    return (yield from m.profile.phase("identify_page_state")(h))


def leave_filtered(h: Handler, head: int, by: str, put: bool) -> Steps[Verdict]:
    """The filter `by` spares the huge page. `put`: the handler, or its injector, holds a reference."""
    m = h.m
    hugetlb_clear_page_hwpoison(m, head)
    m.clear_flags(head, pf.LOCKED)
    if put:
        put_page(m, head)
    note_filtered(m)
    yield Mark(FILTERED, (by, True), (head, h.pfn))
    return "EOPNOTSUPP"


def hugetlb_clear_page_hwpoison(m: Machine, head: int) -> None:
    """Move PG_hwpoison from the head to the frames that are listed, and clear the list.

    Made for a huge page that is about to be freed. After the filter has refused a page, its frame keeps PG_hwpoison
    all the same, be it the head or a tail, though nothing was counted (free_raw_hwp_pages(), 6.1 to 7.2).
    """
    m.clear_flags(head, pf.HWPOISON)
    for frame in tuple(m.raw_hwp.of(head)):
        m.delete(m.raw_hwp, (head, frame))
        m.set_flags(frame, pf.HWPOISON)


def hugetlb_update_hwpoison(m: Machine, head: int, pfn: int) -> bool:
    """Set PG_hwpoison on the head and list the frame. Returns False if the huge page was poisoned before.

    A further frame of a poisoned huge page is listed and counted as well.
    """
    first = not m.page(head) & pf.HWPOISON
    m.set_flags(head, pf.HWPOISON)
    if pfn in m.raw_hwp.of(head):
        return False
    m.put(m.raw_hwp, (head, pfn), True)
    if not first:
        m.add_to(m.counters, "num_poisoned_pages", 1)
    return first
