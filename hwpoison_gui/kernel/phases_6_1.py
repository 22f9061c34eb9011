"""Phases of memory_failure() that are new or different in 6.1.

After mm/memory-failure.c. Steps name only functions that a compiled kernel enters: code that the compiler inlines into
memory_failure() is a step of memory_failure().
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from .get_hwpoison_page import FREE, TAKEN, get_hwpoison_page, is_handlable
from .handler import (
    MF_COUNT_INCREASED,
    MF_SW_SIMULATED,
    UNLOCKED,
    Handler,
    Verdict,
    action_result,
    frames_of,
    leave,
    matching_row,
    take_action,
)
from .hwpoison_filter import FILTERED, hwpoison_filter, note_filtered
from .kill_accessing_process import poisoned_before
from .mark import Act, Mark, Site, Steps, site
from .page_alloc import put_page, take_page_off_buddy
from .profile.type import FAILED, RECOVERED
from .profile.variants import phase
from .split_folio import split_huge_page

ONLINE: Final = site("pfn_to_online_page", Act.DECIDE, "online")
OFFLINE: Final = site("pfn_to_online_page", Act.DECIDE, "not online", "pfn")
POISONED: Final = site("memory_failure", Act.FLAG, "first time")
POISONED_BEFORE: Final = site("memory_failure", Act.DECIDE, "already poisoned")
COUNT_INCREASED: Final = site("memory_failure", Act.DECIDE, "MF_COUNT_INCREASED")
OFF_BUDDY: Final = site("take_page_off_buddy", Act.FLAG)
FREE_RESULT: Final = site("action_result", Act.RESULT, args="kind result", name="free buddy")
SHAKEN: Final = site("shake_page", args="handlable")
LOCKED: Final = site("hwpoison_filter", Act.FLAG, "free")
LOCK_WAITED: Final = site("hwpoison_filter", Act.FLAG, "waited")


@phase("6.1")
def check_pfn(h: Handler) -> Steps[Verdict]:
    """pfn_to_online_page(): refuse a pfn without a page. An error that is not simulated disables unpoison for good."""
    m, pfn = h.m, h.pfn
    if not h.flags & MF_SW_SIMULATED:
        m.put(m.counters, "hw_memory_failure", 1)
    if 0 <= pfn < m.frames and not m.page(pfn) & pf.NOPAGE:
        yield Mark(ONLINE, (), (pfn,))
        return None
    h.log(h.m.profile.log.no_page)
    yield Mark(OFFLINE, (pfn,))
    return "ENXIO"


@phase("6.1")
def set_page_hwpoison(h: Handler) -> Steps[Verdict]:
    """TestSetPageHWPoison(): mark the page, which the result line will count. Stop if it is marked already."""
    m, pfn = h.m, h.pfn
    if not m.page(pfn) & pf.HWPOISON:
        m.set_flags(pfn, pf.HWPOISON)
        yield Mark(POISONED, (), (pfn,))
        return None
    return (yield from poisoned_before(h, pfn, Mark(POISONED_BEFORE, (), (pfn,))))


@phase("6.1")
def take_reference(h: Handler) -> Steps[Verdict]:
    """get_hwpoison_page(): take a free page off the buddy lists; stop if the page is neither free nor on the LRU."""
    if h.flags & MF_COUNT_INCREASED:
        yield Mark(COUNT_INCREASED, (), (h.pfn,))
        return None
    got = yield from get_hwpoison_page(h.m, h.pfn, h.flags)
    if got == TAKEN:
        return None
    if got != FREE:
        return (yield from leave(h, "unhandlable"))
    return (yield from free_buddy_page(h))


def free_buddy_page(h: Handler) -> Steps[Verdict]:
    """Take a free page off the buddy lists for good."""
    taken = take_page_off_buddy(h.m, h.pfn)
    yield Mark(OFF_BUDDY, (), (h.pfn,))
    result = RECOVERED if taken else FAILED
    yield action_result(h, "free buddy page", result, FREE_RESULT)
    return h.m.profile.results.errno_of[result]


@phase("6.1")
def split_transparent_huge_page(h: Handler) -> Steps[Verdict]:
    """try_to_split_thp_page(): split a transparent huge page, so that only one page of 4 KiB is lost."""
    if (yield from is_small_now(h)):
        return None
    put_page(h.m, h.pfn)
    return (yield from leave(h, "unsplit thp"))


def is_small_now(h: Handler) -> Steps[bool]:
    """try_to_split_thp_page(), for a page of a large folio; whether the page is one of 4 KiB by now."""
    word = h.m.page(h.pfn)
    if not word & pf.THP or not word & (pf.COMPOUND_HEAD | pf.COMPOUND_TAIL):
        return True
    return (yield from split_huge_page(h.m, h.pfn))


@phase("6.1")
def shake_page(h: Handler) -> Steps[Verdict]:
    """Drain the per-CPU LRU caches, to put the page on its LRU list."""
    yield Mark(SHAKEN, (is_handlable(h.m, h.pfn),), frames_of(h.m, h.pfn))
    return None


@phase("6.1")
def lock_page(h: Handler) -> Steps[Verdict]:
    """Lock the page, save its flags, ask hwpoison_filter(). Pages off the LRU skip to the state table.

    The flags are saved because unmapping clears MLOCKED.
    """
    yield lock_and_save_flags(h, LOCK_WAITED if h.m.page(h.pfn) & pf.LOCKED else LOCKED)
    by = hwpoison_filter(h.m, h.pfn)
    if by:
        h.m.clear_flags(h.pfn, pf.LOCKED)
        return (yield from leave_filtered(h, by))
    return (yield from skip_off_lru(h))


def lock_and_save_flags(h: Handler, where: Site) -> Mark:
    """Lock the page and save its flags; `where` tells whether the lock was free."""
    h.page_flags = h.m.page(h.pfn)
    h.m.set_flags(h.pfn, pf.LOCKED)
    return Mark(where, (), (h.pfn,))


def skip_off_lru(h: Handler) -> Steps[Verdict]:
    """A page off the LRU has no users to look for: on to the state table."""
    if not h.m.page(h.pfn) & (pf.LRU | pf.WRITEBACK):
        return (yield from h.m.profile.phase("identify_page_state")(h))
    return None


def leave_filtered(h: Handler, by: str) -> Steps[Verdict]:
    """The filter `by` spares the page: clear PG_hwpoison and drop the reference. Nothing is logged or counted."""
    h.m.clear_flags(h.pfn, pf.HWPOISON)
    put_page(h.m, h.pfn)
    note_filtered(h.m)
    yield Mark(FILTERED, (by, False), (h.pfn,))
    return "EOPNOTSUPP"


@phase("6.1")
def check_truncated(h: Handler) -> Steps[Verdict]:
    """Stop if the page is on the LRU without a mapping: it was truncated meanwhile."""
    m, pfn = h.m, h.pfn
    if not m.page(pfn) & pf.LRU or m.page(pfn) & pf.SWAPCACHE or m.mapping.view[pfn]:
        return None
    errno = yield from leave(h, "truncated")
    m.clear_flags(pfn, pf.LOCKED)
    yield Mark(UNLOCKED, (), (pfn,))
    return errno


@phase("6.1")
def identify_page_state(h: Handler) -> Steps[Verdict]:
    """Match the current flags, or else the saved ones, with the state table, and run the action of the row."""
    m, pfn = h.m, h.pfn
    rows = m.profile.results.states
    flags = m.page(pfn)
    row = matching_row(rows, flags)
    saved = not row.mask
    if saved:
        flags = h.page_flags | m.page(pfn) & pf.DIRTY
        row = matching_row(rows, flags)
    h.kind = row.kind
    result = yield from take_action(h, row, flags, saved)
    yield action_result(h, row.kind, result)
    return m.profile.results.errno_of[result]
