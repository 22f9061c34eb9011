"""Phases of memory_failure() that are new or different in 6.12.

After mm/memory-failure.c. A page that was poisoned before has a result line, a huge page that cannot be split has its
processes signalled, KSM pages are unmapped and their processes found, and a machine check can insist on killing.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from .get_hwpoison_page import is_handlable
from .handler import (
    MF_ACTION_REQUIRED,
    MF_COUNT_INCREASED,
    MF_MUST_KILL,
    Handler,
    Verdict,
    found_poisoned,
    frames_of,
    leave,
)
from .hwpoison_filter import hwpoison_filter
from .kill_accessing_process import kill_accessing_process
from .mark import Act, Mark, Steps, site
from .memory_failure_hugetlb import handle_huge_page
from .page_alloc import put_page
from .phases_6_1 import is_small_now, leave_filtered, lock_and_save_flags, skip_off_lru
from .profile.variants import phase
from .user_mappings import collect_users, has_users, kill_if_lost, kill_procs, unmap_failed, unmap_poisoned_folio

POISONED: Final = site("memory_failure", Act.FLAG, "first time", name="marked, not counted yet")
HUGE_PAGE_POISONED_BEFORE: Final = site(
    "memory_failure", Act.DECIDE, "already poisoned", "known errno", name="huge page reported again"
)
PASSES: Final = site("hwpoison_filter", Act.DECIDE, "passes")
DRAINED: Final = site("lru_add_drain_all", args="handlable", name="shake_folio")
DRAINED_AFTER_MLOCK: Final = site("lru_add_drain_all", name="mlocked")
LOCKED: Final = site("memory_failure", Act.FLAG, "free")
LOCK_WAITED: Final = site("memory_failure", Act.FLAG, "waited")
POISONED_BEFORE: Final = site(
    "memory_failure", Act.DECIDE, "already poisoned", args="errno counted", name="reported again"
)


@phase("6.12")
def set_page_hwpoison(h: Handler) -> Steps[Verdict]:
    """TestSetPageHWPoison(): mark the page. One that is marked already has a result line, which counts nothing."""
    m, pfn = h.m, h.pfn
    if not m.page(pfn) & pf.HWPOISON:
        m.set_flags(pfn, pf.HWPOISON)
        yield Mark(POISONED, (), (pfn,))
        return None
    again = m.profile.results.exits["already poisoned"]
    found = Mark(POISONED_BEFORE, (again.errno, again.counted), (pfn,))
    return (yield from already_poisoned(h, pfn, "already poisoned", found))


@phase("6.12")
def try_memory_failure_hugetlb(h: Handler) -> Steps[Verdict]:
    """Handle an error in a hugetlb page to the end, with a result line for a further frame; else return None."""
    m, pfn = h.m, h.pfn
    if not m.page(pfn) & pf.HUGE:
        return None
    head = m.compound_head(pfn)
    known, first = pfn in m.raw_hwp.of(head), not m.page(head) & pf.HWPOISON
    if not known:
        m.put(m.raw_hwp, (head, pfn), True)
    if first:
        m.set_flags(head, pf.HWPOISON)
        return (yield from handle_huge_page(h, head))
    by = "already poisoned" if known else "poisoned huge page"
    errno = m.profile.results.exits[by].errno
    return (yield from already_poisoned(h, head, by, Mark(HUGE_PAGE_POISONED_BEFORE, (known, errno), (head, pfn))))


def already_poisoned(h: Handler, page: int, by: str, found: Mark) -> Steps[Verdict]:
    """Stop at a page that was poisoned before: signal the thread that accessed it, then report the exit `by`.

    `page` has the reference of the injector; `found` is the mark of the step that found PG_hwpoison set.
    """
    found_poisoned(h.m)
    yield found
    accessed: Verdict = None
    if h.flags & MF_ACTION_REQUIRED:
        accessed = yield from kill_accessing_process(h, page)
    if h.flags & MF_COUNT_INCREASED:
        put_page(h.m, page)
    errno = yield from leave(h, by)
    return errno if accessed is None else accessed


@phase("6.12")
def check_filter(h: Handler) -> Steps[Verdict]:
    """hwpoison_filter(), asked before the split: a test with injected errors may spare pages."""
    by = hwpoison_filter(h.m, h.pfn)
    if by:
        return (yield from leave_filtered(h, by))
    yield Mark(PASSES, (), (h.pfn,))
    return None


@phase("6.12")
def split_transparent_huge_page(h: Handler) -> Steps[Verdict]:
    """try_to_split_thp_page(): split a large folio; if it cannot be split, signal its processes and stop."""
    if (yield from is_small_now(h)):
        return None
    yield from kill_procs_now(h)
    put_page(h.m, h.pfn)
    return (yield from leave(h, "unsplit thp"))


@phase("6.12")
def shake_page(h: Handler) -> Steps[Verdict]:
    """shake_folio(): drain the per-CPU LRU caches, to put the page on its LRU list."""
    yield Mark(DRAINED, (is_handlable(h.m, h.pfn),), frames_of(h.m, h.pfn))
    return None


@phase("6.12")
def lock_page(h: Handler) -> Steps[Verdict]:
    """Lock the page and save its flags; the filter was asked before. Pages off the LRU skip to the state table."""
    yield lock_and_save_flags(h, LOCK_WAITED if h.m.page(h.pfn) & pf.LOCKED else LOCKED)
    return (yield from skip_off_lru(h))


def kill_procs_now(h: Handler) -> Steps[None]:
    """kill_procs_now(): signal the processes of a page that stays mapped, also of a clean one."""
    yield from collect_users(h)
    yield from kill_procs(h)


@phase("6.12")
def hwpoison_user_mappings(h: Handler) -> Steps[Verdict]:
    """Collect the processes of the page, KSM or not, unmap it, and signal them. Stops if it stays mapped.

    MF_MUST_KILL: the thread cannot go on, so it is signalled even if the page is clean.
    """
    m, page = h.m, h.page
    if not (yield from has_users(h, page)):
        return None
    mlocked, must_kill = m.page(page) & pf.MLOCKED, bool(h.flags & MF_MUST_KILL)
    yield from collect_users(h)
    yield from unmap_poisoned_folio(h, page, must_kill)
    if mlocked:
        yield Mark(DRAINED_AFTER_MLOCK, (), (page,))
    yield from kill_if_lost(h, page, must_kill)
    return None if h.unmapped else (yield from unmap_failed(h))
