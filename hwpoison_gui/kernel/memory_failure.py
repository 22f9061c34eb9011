"""memory_failure(): what the kernel does when a frame turns out to be broken.

After mm/memory-failure.c. A profile lists the phases in order; a phase returns None to go on or what
the handler returns. Everything that a profile decides is asked of it, never guessed from its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from . import page_flags as pf
from .actions import ACTIONS
from .collect import ToKill, collect_procs
from .filemap import can
from .machine import Machine
from .mark import Act, Mark, Steps
from .page_alloc import get_page, is_free_head, put_page
from .profile import IGNORED, StateRow
from .records import BUS_MCEERR_AO, PAGE_SHIFT, ActionResult, SigInfo
from .rmap import page_mkclean, try_to_unmap
from .signal import force_sig, send_sig

Verdict = int | str | None

N_UNMAP_TRIES: Final = 5


@dataclass(slots=True)
class Handler:
    """The handler's local variables: `extra` references are the injector's, `lru_flag` what it was."""

    m: Machine
    pfn: int
    trapno: int
    extra: int
    lru_flag: int = 0
    to_kill: list[ToKill] = field(default_factory=list)
    unmapped: bool = True

    def log(self, text: str) -> None:
        self.m.printk(self.m.profile.prefix.format(pfn=self.pfn) + text)


def memory_failure(m: Machine, pfn: int, trapno: int = 18, extra: int = 0) -> Steps[int | str]:
    """Handle broken frame `pfn`; returns 0 or an errno name, as the kernel's function does."""
    h = Handler(m, pfn, trapno, extra)
    yield Mark("memory_failure", f"Frame {pfn:#x} is reported broken.", frames=_frames(m, pfn))
    for phase in m.profile.phases:
        verdict = yield from PHASES[phase](h)
        if verdict is not None:
            return verdict
    raise AssertionError("the last phase of a profile decides")


def _frames(m: Machine, pfn: int) -> tuple[int, ...]:
    return (pfn,) if 0 <= pfn < m.frames else ()


def action_result(h: Handler, kind: str, result: str) -> Mark:
    """action_result(): the one place that reports what became of a page."""
    m, pfn = h.m, h.pfn
    dirty = 0 <= pfn < m.frames and bool(m.page(pfn) & pf.DIRTY)
    h.log(m.profile.result_line.format(dirty="dirty " if dirty else "", kind=kind, result=result))
    m.put(m.results, len(m.results.view), ActionResult(pfn, kind, result, dirty))
    m.add_to(m.counters, f"result:{result}", 1)
    return Mark("action_result", f"{kind}: {result}.", Act.RESULT, result, frames=_frames(m, pfn))


def check_recovery(h: Handler) -> Steps[Verdict]:
    """Recovery switched off: the machine stops rather than run on with broken memory."""
    value = h.m.sysctl.view["memory_failure_recovery"]
    if value:
        yield Mark(
            "memory_failure",
            f"memory_failure_recovery is {value}: try to recover.",
            Act.DECIDE,
            "recover",
            frames=_frames(h.m, h.pfn),
        )
        return None
    line = h.m.profile.panic_line.format(trapno=h.trapno, pfn=h.pfn)
    h.m.printk(line)
    h.m.put(h.m.counters, "panic", 1)
    yield Mark(
        "panic", "memory_failure_recovery is 0: the machine stops.", Act.PANIC, "panic", line, _frames(h.m, h.pfn)
    )
    return "EPANIC"


def check_pfn_valid(h: Handler) -> Steps[Verdict]:
    """pfn_valid(): a number behind which there is no memory cannot be handled."""
    if 0 <= h.pfn < h.m.frames and not h.m.page(h.pfn) & pf.NOPAGE:
        yield Mark("pfn_valid", f"{h.pfn:#x} is memory of this machine.", Act.DECIDE, "valid", frames=(h.pfn,))
        return None
    yield action_result(h, "memory outside kernel control", IGNORED)
    return "EIO"


def test_set_page_hwpoison(h: Handler) -> Steps[Verdict]:
    """TestSetPageHWPoison(): from here on the frame is poisoned, whatever becomes of it."""
    m, pfn = h.m, h.pfn
    if m.page(pfn) & pf.HWPOISON:
        yield action_result(h, "already hardware poisoned", IGNORED)
        return 0
    m.set_flags(pfn, pf.HWPOISON)
    m.add_to(m.counters, "num_poisoned_pages", 1)
    yield Mark(
        "TestSetPageHWPoison",
        f"HWPOISON is set; HardwareCorrupted is {m.hardware_corrupted_kb} kB now.",
        Act.FLAG,
        "first time",
        frames=(pfn,),
    )
    return None


def get_page_unless_zero(h: Handler) -> Steps[Verdict]:
    """Take a reference; a page without any is free, or inside a kernel allocation."""
    m, pfn = h.m, h.pfn
    head = m.compound_head(pfn)
    count = int(m.refcount.view[head])
    if count:
        get_page(m, pfn)
        yield Mark(
            "get_page_unless_zero",
            f"It has {count} references; the handler takes one more.",
            Act.FLAG,
            "in use",
            frames=(pfn,),
        )
        return None
    free = is_free_head(m, head)
    yield Mark(
        "get_page_unless_zero",
        "Nobody refers to it: it is free or inside a kernel allocation.",
        Act.DECIDE,
        "count is 0",
        "PageBuddy" if free else "not PageBuddy",
        (pfn,),
    )
    yield action_result(h, "free or high order kernel", IGNORED)
    return 0 if free else "EBUSY"


def isolate_lru_page(h: Handler) -> Steps[Verdict]:
    """Take the page off its LRU list, so that reclaim keeps away; what is not on one cannot be handled."""
    m, pfn = h.m, h.pfn
    h.lru_flag = m.page(pfn) & pf.LRU
    if not h.lru_flag:
        yield Mark(
            "lru_add_drain_all",
            "It is on no LRU list; the per-CPU caches are drained in case it is on its way.",
            Act.DECIDE,
            "not PageLRU",
            frames=(pfn,),
        )
        put_page(m, pfn)
        yield action_result(h, "non LRU", IGNORED)
        return "EBUSY"
    m.clear_flags(pfn, pf.LRU)
    yield Mark(
        "isolate_lru_page", "Taken off its LRU list: reclaim will not meet it.", Act.FLAG, "isolated", frames=(pfn,)
    )
    return None


def lock_page(h: Handler) -> Steps[Verdict]:
    """Lock the page; whoever held the lock is waited for."""
    held = h.m.page(h.pfn) & pf.LOCKED
    h.m.set_flags(h.pfn, pf.LOCKED)
    yield Mark(
        "lock_page_nosync",
        "Locked" + (" after waiting for the holder." if held else "."),
        Act.FLAG,
        "waited" if held else "free",
        frames=(h.pfn,),
    )
    return None


def wait_on_page_writeback(h: Handler) -> Steps[Verdict]:
    """Let I/O on the page end before anything is taken from it."""
    under_io = h.m.page(h.pfn) & pf.WRITEBACK
    if under_io:
        h.m.clear_flags(h.pfn, pf.WRITEBACK)
    text = "It was being written out; the handler waited for the I/O to end." if under_io else "No I/O is under way."
    yield Mark(
        "wait_on_page_writeback",
        text,
        Act.FLAG if under_io else Act.DECIDE,
        "waited" if under_io else "no I/O",
        frames=(h.pfn,),
    )
    return None


def hwpoison_user_mappings(h: Handler) -> Steps[Verdict]:
    """Find the users, unmap the page, kill who must be killed."""
    m, pfn = h.m, h.pfn
    mapped = int(m.mapcount.view[pfn])
    if not mapped or m.page(pfn) & (pf.RESERVED | pf.COMPOUND_HEAD | pf.COMPOUND_TAIL | pf.SLAB):
        yield Mark("hwpoison_user_mappings", "No PTE maps it: nobody is told.", Act.DECIDE, "not mapped", frames=(pfn,))
        return None
    yield Mark("hwpoison_user_mappings", f"{mapped} PTEs map it.", Act.DECIDE, "mapped", frames=(pfn,))
    entry_for = "hwpoison"
    if m.page(pfn) & pf.SWAPCACHE:
        entry_for = "swap"
        h.log("keeping poisoned page in swap cache")
        yield Mark(
            "hwpoison_user_mappings",
            "It is in the swap cache and stays there: PTEs become swap entries.",
            Act.DECIDE,
            "PageSwapCache",
            frames=(pfn,),
        )
    if (yield from _is_clean(h)):
        entry_for = "none"
    else:
        h.to_kill = yield from collect_procs(m, pfn)
    yield from _unmap(h, entry_for)
    yield from kill_procs(h)
    return None


def _is_clean(h: Handler) -> Steps[bool]:
    """Whether the page can be read again from its file: then nobody needs to be killed."""
    m, pfn = h.m, h.pfn
    inode = m.inode_of(pfn)
    if inode is None or m.page(pfn) & (pf.DIRTY | pf.SWAPCACHE) or not can(inode, "writeback"):
        why = "PG_dirty is set" if m.page(pfn) & pf.DIRTY else "no file on disk has a copy of it"
        yield Mark("hwpoison_user_mappings", f"It cannot simply be dropped: {why}.", Act.DECIDE, "kill", why, (pfn,))
        return False
    dirty = page_mkclean(m, pfn)
    if dirty:
        m.set_flags(pfn, pf.DIRTY)
        yield Mark(
            "page_mkclean",
            f"PG_dirty was clear, but {dirty} PTEs were dirty: the page is DIRTY now.",
            Act.FLAG,
            "dirty",
            frames=(pfn,),
        )
        return False
    h.log("corrupted page was clean: dropped without side effects")
    yield Mark(
        "page_mkclean",
        f"PG_dirty is clear, {inode.path} can be read again, 0 PTEs are dirty: nobody is killed.",
        Act.DECIDE,
        "clean",
        frames=(pfn,),
    )
    return True


def _unmap(h: Handler, entry_for: str) -> Steps[None]:
    for _ in range(N_UNMAP_TRIES):
        h.unmapped = yield from try_to_unmap(h.m, h.pfn, entry_for)
        if h.unmapped:
            return
    left = int(h.m.mapcount.view[h.pfn])
    h.log(f"failed to unmap page (mapcount={left})!")
    yield Mark(
        "hwpoison_user_mappings",
        f"After {N_UNMAP_TRIES} tries {left} PTEs still map it.",
        Act.DECIDE,
        "failed",
        frames=(h.pfn,),
    )


def kill_procs(h: Handler) -> Steps[None]:
    """kill_procs_ao(): signal the to_kill list, but only when the page is dirty."""
    m, pfn = h.m, h.pfn
    if not h.to_kill:
        return
    if not m.page(pfn) & pf.DIRTY:
        yield Mark(
            "kill_procs_ao",
            "The page turned out clean: the list is dropped, nobody is signalled.",
            Act.DECIDE,
            "not PageDirty",
            frames=(pfn,),
        )
        return
    for entry in h.to_kill:
        yield kill_proc_ao(h, entry)


def kill_proc_ao(h: Handler, entry: ToKill) -> Mark:
    """Signal one entry: SIGBUS with the address, or SIGKILL when the page is still mapped or was not found."""
    m = h.m
    process = m.processes.view[m.tasks.view[entry.tid].tgid]
    names = {"comm": process.comm, "pid": entry.tid}
    if not h.unmapped or entry.address < 0:
        h.log(m.profile.force_kill_line.format(**names))
        force_sig(m, entry.tid, SigInfo("SIGKILL", "SI_KERNEL", cause=f"frame {h.pfn:#x}"))
        effect, signal = "queued", "SIGKILL"
    else:
        h.log(m.profile.kill_line.format(**names))
        info = SigInfo("SIGBUS", BUS_MCEERR_AO, entry.address, PAGE_SHIFT, f"frame {h.pfn:#x}")
        effect, signal = send_sig(m, entry.tid, info), "SIGBUS BUS_MCEERR_AO"
    fate = {
        "queued": "it is told at once",
        "pending": "it blocks the signal, which stays pending",
        "ignored": "it ignores the signal, which is gone",
        "dropped": "one is pending already, this one is dropped",
    }[effect]
    return Mark(
        "kill_proc_ao",
        f"{process.comm}:{entry.tid} is sent {signal} at {max(entry.address, 0):#x}: {fate}.",
        Act.SIGNAL,
        effect,
        frames=(h.pfn,),
        vmas=(entry.vma,),
        tasks=(entry.tid,),
    )


def check_truncated(h: Handler) -> Steps[Verdict]:
    """A page that was on the LRU and has lost its mapping was cut off its file meanwhile."""
    m, pfn = h.m, h.pfn
    if not h.lru_flag or m.page(pfn) & pf.SWAPCACHE or m.mapping.view[pfn]:
        where = "the swap cache" if m.page(pfn) & pf.SWAPCACHE else "its mapping"
        yield Mark(
            "memory_failure",
            f"It still has {where}: it was not truncated meanwhile.",
            Act.DECIDE,
            "not truncated",
            frames=(pfn,),
        )
        return None
    yield action_result(h, "already truncated LRU", IGNORED)
    yield unlock_page(h)
    return 0


def matching_row(states: tuple[StateRow, ...], flags: int) -> StateRow:
    """The first row of a state table that fits a page's flags."""
    return next(row for row in states if flags & row.mask == row.res)


def identify_page_state(h: Handler) -> Steps[Verdict]:
    """Find the page's row of the state table and take the row's action."""
    m, pfn = h.m, h.pfn
    row = matching_row(m.profile.states, m.page(pfn) | h.lru_flag)
    yield Mark(
        "page_action", f"Its flags fit the row '{row.kind}': {row.action}().", Act.DECIDE, row.kind, frames=(pfn,)
    )
    result = yield from ACTIONS[row.action](h)
    yield action_result(h, row.kind, result)
    users = int(m.refcount.view[pfn]) - 1 - h.extra
    if users:
        h.log(m.profile.still_referenced_line.format(kind=row.kind, users=users))
        yield Mark(
            "page_action",
            f"{users} references are left beside the handler's own.",
            Act.DECIDE,
            "still referenced",
            frames=(pfn,),
        )
    yield unlock_page(h)
    return m.profile.errno_of[result]


def unlock_page(h: Handler) -> Mark:
    """The last thing the handler does; its reference stays, so that the frame is never free again."""
    h.m.clear_flags(h.pfn, pf.LOCKED)
    return Mark(
        "unlock_page",
        "Unlocked. The handler keeps its reference: the frame is never handed out again.",
        Act.FLAG,
        frames=(h.pfn,),
    )


PHASES: Final[dict[str, Callable[[Handler], Steps[Verdict]]]] = {
    phase.__name__: phase
    for phase in (
        check_recovery,
        check_pfn_valid,
        test_set_page_hwpoison,
        get_page_unless_zero,
        isolate_lru_page,
        lock_page,
        wait_on_page_writeback,
        hwpoison_user_mappings,
        check_truncated,
        identify_page_state,
    )
}
