"""The phases of memory_failure() as they were in 2009; later kernels kept some of them.

After mm/memory-failure.c (2.6.32). A phase returns None to go on, or what the handler returns.
"""

from __future__ import annotations

from . import page_flags as pf
from .handler import Handler, Verdict, action_result, flags_of_row, frames_of, leave, matching_row, unlock_page
from .machine import Machine
from .mark import Act, Steps, counted, prose
from .page_alloc import get_page, is_free_head, put_page
from .profile.variants import phase


@phase("2.6.32")
def check_recovery(h: Handler) -> Steps[Verdict]:
    """Recovery switched off: the machine stops rather than run on with broken memory."""
    value = h.m.sysctl.view["memory_failure_recovery"]
    if value:
        yield prose(
            "memory_failure",
            f"memory_failure_recovery is {value}: try to recover.",
            Act.DECIDE,
            "recover",
            frames=frames_of(h.m, h.pfn),
        )
        return None
    line = h.m.profile.log.panic.format(trapno=h.trapno, pfn=h.pfn)
    h.m.printk(line)
    h.m.put(h.m.counters, "panic", 1)
    yield prose(
        "panic", "memory_failure_recovery is 0: the machine stops.", Act.PANIC, "panic", line, frames_of(h.m, h.pfn)
    )
    return "EPANIC"


@phase("2.6.32")
def check_pfn(h: Handler) -> Steps[Verdict]:
    """pfn_valid(): a number behind which there is no memory cannot be handled."""
    if 0 <= h.pfn < h.m.frames and not h.m.page(h.pfn) & pf.NOPAGE:
        yield prose("pfn_valid", f"{h.pfn:#x} is memory of this machine.", Act.DECIDE, "valid", frames=(h.pfn,))
        return None
    return (yield from leave(h, "no page"))


@phase("2.6.32")
def set_page_hwpoison(h: Handler) -> Steps[Verdict]:
    """TestSetPageHWPoison(): from here on the frame is poisoned, whatever becomes of it."""
    m, pfn = h.m, h.pfn
    if m.page(pfn) & pf.HWPOISON:
        return (yield from leave(h, "already poisoned"))
    m.set_flags(pfn, pf.HWPOISON)
    m.add_to(m.counters, "num_poisoned_pages", 1)
    yield prose(
        "TestSetPageHWPoison",
        f"PG_hwpoison was clear, HWPOISON is set now; HardwareCorrupted is {m.hardware_corrupted_kb} kB now.",
        Act.FLAG,
        "first time",
        frames=(pfn,),
    )
    return None


@phase("2.6.32")
def take_reference(h: Handler) -> Steps[Verdict]:
    """Take a reference; a page without any is free, or inside a kernel allocation."""
    m, pfn = h.m, h.pfn
    head = m.compound_head(pfn)
    count = int(m.refcount.view[head])
    if count:
        get_page(m, pfn)
        yield prose(
            "get_page_unless_zero",
            f"It has {counted(count, 'reference')}; the handler takes one more.",
            Act.FLAG,
            "in use",
            frames=(pfn,),
        )
        return None
    free = is_free_head(m, head)
    yield prose(
        "get_page_unless_zero",
        f"Its count is 0, nobody refers to it: {_whose(m, pfn, free)}.",
        Act.DECIDE,
        "count is 0",
        frames=(pfn,),
    )
    return (yield from leave(h, "free" if free else "high-order kernel"))


def _whose(m: Machine, pfn: int, free_head: bool) -> str:
    """Why nobody refers to a page. The flag of a free block stands on its head alone (2.6.32, mm/page_alloc.c)."""
    if free_head:
        return "the head of a free block, PageBuddy(), hence 0"
    if m.page(pfn) & pf.BUDDY:
        return "inside a free block, where only the head has PG_buddy, hence −EBUSY and not 0"
    return "not in a free block, but on a per-CPU list or inside a kernel allocation, hence −EBUSY"


@phase("2.6.32")
def isolate_lru_page(h: Handler) -> Steps[Verdict]:
    """Take the page off its LRU list, so that reclaim keeps away; what is not on one cannot be handled."""
    m, pfn = h.m, h.pfn
    h.lru_flag = m.page(pfn) & pf.LRU
    if not h.lru_flag:
        yield prose(
            "lru_add_drain_all",
            "PG_lru is clear, it is on no LRU list; the per-CPU caches are drained in case it is on its way.",
            Act.DECIDE,
            "not PageLRU",
            frames=(pfn,),
        )
        put_page(m, pfn)
        return (yield from leave(h, "not on LRU"))
    m.clear_flags(pfn, pf.LRU)
    text = "PG_lru is set: taken off its LRU list, reclaim will not meet it."
    yield prose("isolate_lru_page", text, Act.FLAG, "isolated", frames=(pfn,))
    return None


@phase("2.6.32")
def lock_page(h: Handler) -> Steps[Verdict]:
    """Lock the page; whoever held the lock is waited for."""
    held = h.m.page(h.pfn) & pf.LOCKED
    h.m.set_flags(h.pfn, pf.LOCKED)
    yield prose(
        "lock_page_nosync",
        f"{who_held(bool(held))}.",
        Act.FLAG,
        "waited" if held else "free",
        frames=(h.pfn,),
    )
    return None


def who_held(held: bool) -> str:
    """How the page lock was got."""
    return "PG_locked was set: locked once its holder was done" if held else "PG_locked was clear: locked"


@phase("2.6.32")
def wait_on_page_writeback(h: Handler) -> Steps[Verdict]:
    """Let I/O on the page end before anything is taken from it."""
    under_io = h.m.page(h.pfn) & pf.WRITEBACK
    if under_io:
        h.m.clear_flags(h.pfn, pf.WRITEBACK)
    text = (
        "PG_writeback was set: the handler waited for the I/O to end." if under_io else "PG_writeback is clear: no I/O."
    )
    yield prose(
        "wait_on_page_writeback",
        text,
        Act.FLAG if under_io else Act.DECIDE,
        "waited" if under_io else "no I/O",
        frames=(h.pfn,),
    )
    return None


@phase("2.6.32")
def check_truncated(h: Handler) -> Steps[Verdict]:
    """A page that was on the LRU and has lost its mapping was cut off its file meanwhile."""
    m, pfn = h.m, h.pfn
    if not h.lru_flag or m.page(pfn) & pf.SWAPCACHE or m.mapping.view[pfn]:
        yield prose(
            "memory_failure",
            f"It was not truncated meanwhile: {_still_has(m, pfn)}.",
            Act.DECIDE,
            "not truncated",
            frames=(pfn,),
        )
        return None
    errno = yield from leave(h, "truncated")
    yield unlock_page(h)
    return errno


def _still_has(m: Machine, pfn: int) -> str:
    """What tells that a page was not cut off."""
    inode, anon_vma = m.inode_of(pfn), m.anon_vma_of(pfn)
    if m.page(pfn) & pf.SWAPCACHE:
        return "it is in the swap cache"
    if anon_vma:
        return f"page->mapping still leads to anon_vma {anon_vma}"
    if inode is not None:
        return f"page->mapping still leads to {inode.path}"
    return "page->mapping is set" if m.mapping.view[pfn] else "it was on no LRU list before"


@phase("2.6.32")
def identify_page_state(h: Handler) -> Steps[Verdict]:
    """Find the page's row of the state table and take the row's action."""
    m, pfn = h.m, h.pfn
    row = matching_row(m.profile.results.states, m.page(pfn) | h.lru_flag)
    text = f"{flags_of_row(row)}: row '{row.kind}', {row.action}()."
    yield prose("page_action", text, Act.DECIDE, row.kind, frames=(pfn,))
    result = yield from m.profile.results.actions[row.action](h)
    yield action_result(h, row.kind, result)
    users = int(m.refcount.view[pfn]) - 1 - h.extra
    if users:
        h.log(m.profile.log.still_referenced.format(kind=row.kind, users=users))
        yield prose(
            "page_action",
            f"{counted(users, 'reference')} left beside the handler's own.",
            Act.DECIDE,
            "still referenced",
            frames=(pfn,),
        )
    yield unlock_page(h)
    return m.profile.results.errno_of[result]
