"""Phases of memory_failure() in 2.6.32, some of which later kernels still run.

After mm/memory-failure.c. A phase returns None to continue, or the return value of the handler.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from .handler import (
    Handler,
    Verdict,
    action_result,
    found_poisoned,
    frames_of,
    leave,
    matching_row,
    take_action,
    unlock_page,
)
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .page_alloc import get_page, is_free_head, put_page
from .profile.type import SYSCTL_RECOVERY
from .profile.variants import phase

RECOVER: Final = site("memory_failure", Act.DECIDE, "recover", "sysctl")
PANIC: Final = site("panic", Act.PANIC)
PFN_VALID: Final = site("pfn_valid", Act.DECIDE, "valid")
POISONED: Final = site("TestSetPageHWPoison", Act.FLAG, "first time", "corrupted_kb")
REFERENCED: Final = site("get_page_unless_zero", Act.FLAG, "in use", "count")
UNREFERENCED: Final = site("get_page_unless_zero", Act.DECIDE, "count is 0", "whose")
NOT_LRU: Final = site("lru_add_drain_all", Act.DECIDE, "not PageLRU")
ISOLATED: Final = site("isolate_lru_page", Act.FLAG, "isolated")
LOCKED: Final = site("lock_page_nosync", Act.FLAG, "free")
LOCK_WAITED: Final = site("lock_page_nosync", Act.FLAG, "waited")
NO_WRITEBACK: Final = site("wait_on_page_writeback", Act.DECIDE, "no I/O")
WRITEBACK_WAITED: Final = site("wait_on_page_writeback", Act.FLAG, "waited")
NOT_TRUNCATED: Final = site("memory_failure", Act.DECIDE, "not truncated", "what anon_vma path")
STILL_REFERENCED: Final = site("page_action", Act.DECIDE, "still referenced", "users")


@phase("2.6.32")
def check_recovery(h: Handler) -> Steps[Verdict]:
    """Panic if recovery is switched off (vm.memory_failure_recovery)."""
    value = h.m.sysctl.view[SYSCTL_RECOVERY]
    if value:
        yield Mark(RECOVER, (value,), frames_of(h.m, h.pfn))
        return None
    h.m.printk(h.m.profile.log.panic.format(trapno=h.trapno, pfn=h.pfn), h.pfn, fatal=True)
    h.m.put(h.m.counters, "panic", 1)
    yield Mark(PANIC, (), frames_of(h.m, h.pfn))
    return "EPANIC"


@phase("2.6.32")
def check_pfn(h: Handler) -> Steps[Verdict]:
    """pfn_valid(): ignore a pfn without a page."""
    if 0 <= h.pfn < h.m.frames and not h.m.page(h.pfn) & pf.NOPAGE:
        yield Mark(PFN_VALID, (), (h.pfn,))
        return None
    return (yield from leave(h, "no page"))


@phase("2.6.32")
def set_page_hwpoison(h: Handler) -> Steps[Verdict]:
    """TestSetPageHWPoison(): mark and count the page, whatever the outcome; stop if it is marked already."""
    m, pfn = h.m, h.pfn
    if m.page(pfn) & pf.HWPOISON:
        found_poisoned(m)
        return (yield from leave(h, "already poisoned"))
    m.set_flags(pfn, pf.HWPOISON)
    m.add_to(m.counters, "num_poisoned_pages", 1)
    yield Mark(POISONED, (m.hardware_corrupted_kb,), (pfn,))
    return None


@phase("2.6.32")
def take_reference(h: Handler) -> Steps[Verdict]:
    """get_page_unless_zero(): the handler stops at a page with refcount 0: free, or part of a kernel allocation."""
    m, pfn = h.m, h.pfn
    head = m.compound_head(pfn)
    count = int(m.refcount.view[head])
    if count:
        get_page(m, pfn)
        yield Mark(REFERENCED, (count,), (pfn,))
        return None
    free = is_free_head(m, head)
    yield Mark(UNREFERENCED, (_whose(m, pfn, free),), (pfn,))
    return (yield from leave(h, "free" if free else "high-order kernel"))


def _whose(m: Machine, pfn: int, free_head: bool) -> str:
    """Owner of a page without references; in a free block only the head has PG_buddy (mm/page_alloc.c, 2.6.32)."""
    if free_head:
        return "free head"
    return "free inside" if m.page(pfn) & pf.BUDDY else "kernel or per-CPU"


@phase("2.6.32")
def isolate_lru_page(h: Handler) -> Steps[Verdict]:
    """Take the page off its LRU list, away from reclaim. A page on no list cannot be handled."""
    m, pfn = h.m, h.pfn
    h.lru_flag = m.page(pfn) & pf.LRU
    if not h.lru_flag:
        yield Mark(NOT_LRU, (), (pfn,))
        put_page(m, pfn)
        return (yield from leave(h, "not on LRU"))
    m.clear_flags(pfn, pf.LRU)
    yield Mark(ISOLATED, (), (pfn,))
    return None


@phase("2.6.32")
def lock_page(h: Handler) -> Steps[Verdict]:
    """Lock the page, after waiting for another holder."""
    held = h.m.page(h.pfn) & pf.LOCKED
    h.m.set_flags(h.pfn, pf.LOCKED)
    yield Mark(LOCK_WAITED if held else LOCKED, (), (h.pfn,))
    return None


@phase("2.6.32")
def wait_on_page_writeback(h: Handler) -> Steps[Verdict]:
    """Wait until I/O on the page has ended."""
    under_io = h.m.page(h.pfn) & pf.WRITEBACK
    if under_io:
        h.m.clear_flags(h.pfn, pf.WRITEBACK)
    yield Mark(WRITEBACK_WAITED if under_io else NO_WRITEBACK, (), (h.pfn,))
    return None


@phase("2.6.32")
def check_truncated(h: Handler) -> Steps[Verdict]:
    """Stop if the page was on an LRU list and has lost its mapping: it was truncated meanwhile."""
    m, pfn = h.m, h.pfn
    if not h.lru_flag or m.page(pfn) & pf.SWAPCACHE or m.mapping.view[pfn]:
        yield Mark(NOT_TRUNCATED, _still_has(m, pfn), (pfn,))
        return None
    errno = yield from leave(h, "truncated")
    yield unlock_page(h)
    return errno


def _still_has(m: Machine, pfn: int) -> tuple[str, int, str]:
    """Evidence that the page was not truncated: (what, anon_vma or 0, path or "")."""
    inode, anon_vma = m.inode_of(pfn), m.anon_vma_of(pfn)
    if m.page(pfn) & pf.SWAPCACHE:
        return "swap cache", 0, ""
    if anon_vma:
        return "anon_vma", anon_vma, ""
    if inode is not None:
        return "file", 0, inode.path
    return "mapping" if m.mapping.view[pfn] else "never on LRU", 0, ""


@phase("2.6.32")
def identify_page_state(h: Handler) -> Steps[Verdict]:
    """page_action(): find the row of the state table that matches the page and run its action."""
    m, pfn = h.m, h.pfn
    flags = m.page(pfn) | h.lru_flag
    row = matching_row(m.profile.results.states, flags)
    result = yield from take_action(h, row, flags)
    yield action_result(h, row.kind, result)
    users = int(m.refcount.view[pfn]) - 1 - h.extra
    if users:
        h.log(m.profile.log.still_referenced.format(kind=row.kind, users=users))
        yield Mark(STILL_REFERENCED, (users,), (pfn,))
    yield unlock_page(h)
    return m.profile.results.errno_of[result]
