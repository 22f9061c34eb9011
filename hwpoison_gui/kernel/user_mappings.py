"""hwpoison_user_mappings(): find the processes that map the page, unmap it, and signal them.

After mm/memory-failure.c.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Final

from hwpoison_gui.record import as_columns

from . import page_flags as pf
from .block_list import Alike, BlockList, Later
from .changes_alike import Each
from .collect import ToKill, ToKillAlike, collect_procs
from .collect_ksm import collect_procs_ksm
from .filemap import can
from .handler import MF_ACTION_REQUIRED, Handler, Verdict, leave
from .mark import Act, Mark, MarksAlike, Run, Steps, in_runs, site, stretches
from .profile.variants import phase
from .records import BUS_MCEERR_AO, BUS_MCEERR_AR, LogLine, SigInfo
from .rmap import page_mkclean, try_to_unmap
from .signal import force_sig, send_sig, would_queue

NOT_MAPPED: Final = site("hwpoison_user_mappings", Act.DECIDE, "not mapped", "mapped word")
MAPPED: Final = site("hwpoison_user_mappings", Act.DECIDE, "mapped", "mapped")
KSM: Final = site("hwpoison_user_mappings", Act.DECIDE, "PageKsm")
SWAPCACHE: Final = site("hwpoison_user_mappings", Act.DECIDE, "PageSwapCache")
MUST_KILL: Final = site("hwpoison_user_mappings", Act.DECIDE, "kill", "dirty filesystem")
MKCLEAN_DIRTY: Final = site("page_mkclean", Act.FLAG, "dirty", "dirty mapped")
MKCLEAN_CLEAN: Final = site("page_mkclean", Act.DECIDE, "clean", "mapped path")
SHAKEN: Final = site("shake_page", name="mlocked")
UNMAP_FAILED: Final = site("hwpoison_user_mappings", Act.DECIDE, "failed", "left")
UNLOCKED_MAPPED: Final = site("unlock_page", Act.FLAG, name="still mapped")
NOT_RESTARTABLE: Final = site("hwpoison_user_mappings", Act.DECIDE, "MF_MUST_KILL")
NOT_DIRTY: Final = site("kill_procs_ao", Act.DECIDE, "not PageDirty")
SENT: Final = site("kill_proc_ao", Act.SIGNAL, args="comm signal code address sent")


@phase("2.6.32")
def hwpoison_user_mappings(h: Handler) -> Steps[Verdict]:
    """Collect processes, unmap the page, signal. Returns an errno if the kernel stops at a page that stays mapped."""
    m, page = h.m, h.page
    if not (yield from has_users(h, page)):
        return None
    if m.page(page) & pf.KSM:
        return (yield from _ksm(h))
    mlocked = m.page(page) & pf.MLOCKED
    entry_for = yield from _what_takes_their_place(h, page)
    if entry_for != "none" or m.profile.has("collect_procs_of_clean"):
        yield from collect_users(h)
    yield from _unmap(h, page, entry_for)
    if mlocked and m.profile.has("shake_mlocked"):
        yield Mark(SHAKEN, (), (page,))
    yield from kill_if_lost(h, page)
    if h.unmapped or not m.profile.has("abort_on_failed_unmap"):
        return None
    return (yield from unmap_failed(h))


def has_users(h: Handler, page: int) -> Steps[bool]:
    """Return whether the page can be a page of processes, and is mapped."""
    m = h.m
    mapped = int(m.mapcount.view[page])
    if not mapped or not m.profile.users.has_users(m.page(page)):
        yield Mark(NOT_MAPPED, (mapped, m.page(page)), (page,))
        return False
    yield Mark(MAPPED, (mapped,), (page,))
    return True


def collect_users(h: Handler) -> Steps[None]:
    """Put the processes of the page, KSM or not, on to_kill; the thread that consumed the error whatever its policy.

    Of a hugetlb page the kernel looks for the bad 4 KiB, or for the head.
    """
    pfn = h.pfn if h.m.profile.has("hugetlb_signal_address") else h.page
    collect = collect_procs_ksm if h.m.page(pfn) & pf.KSM else collect_procs
    h.to_kill = yield from collect(h.m, pfn, h.current if h.flags & MF_ACTION_REQUIRED else 0)


def unmap_failed(h: Handler) -> Steps[Verdict]:
    """Stop the handler: a page that is still mapped cannot be handled."""
    m, head = h.m, h.m.compound_head(h.pfn)
    errno = yield from leave(h, "unmap failed")
    m.clear_flags(head, pf.LOCKED)
    yield Mark(UNLOCKED_MAPPED, (), (head,))
    return errno


def _ksm(h: Handler) -> Steps[Verdict]:
    """A KSM page: its mappings cannot be found by index. 2.6.32 continues, later kernels stop."""
    if not h.m.profile.has("abort_on_failed_unmap"):
        yield _unmapping_failed(h, h.pfn)
        return None
    h.log(h.m.profile.log.ksm)
    yield Mark(KSM, (), (h.pfn,))
    return (yield from unmap_failed(h))


def unmap_poisoned_folio(h: Handler, page: int, must_kill: bool) -> Steps[None]:
    """Unmap the page; `must_kill`: leave hwpoison entries even if it is clean."""
    yield from _unmap(h, page, (yield from _what_takes_their_place(h, page, must_kill)))


def _what_takes_their_place(h: Handler, page: int, must_kill: bool = False) -> Steps[str]:
    """Return what replaces the PTEs of the page: a hwpoison entry, a swap entry, or nothing if the page is clean."""
    if h.m.page(page) & pf.SWAPCACHE:
        h.log(h.m.profile.log.in_swap_cache)
        yield Mark(SWAPCACHE, (), (page,))
        return "swap"
    if must_kill:
        yield Mark(NOT_RESTARTABLE, (), (page,))
        return "hwpoison"
    return "none" if (yield from _is_clean(h, page)) else "hwpoison"


def _is_clean(h: Handler, pfn: int) -> Steps[bool]:
    """Return whether the page can be read again from its file, so that nobody has to be killed."""
    m = h.m
    inode = m.inode_of(pfn)
    if inode is None or m.page(pfn) & (pf.DIRTY | pf.SWAPCACHE) or not can(inode, "writeback"):
        dirty = bool(m.page(pfn) & pf.DIRTY)
        yield Mark(MUST_KILL, (dirty, inode.filesystem if inode is not None else ""), (pfn,))
        return False
    mapped, cleaned = int(m.mapcount.view[pfn]), page_mkclean(m, pfn)
    if cleaned:
        m.set_flags(pfn, pf.DIRTY)
        yield Mark(MKCLEAN_DIRTY, (cleaned, mapped), (pfn,))
        return False
    h.log(h.m.profile.log.clean)
    yield Mark(MKCLEAN_CLEAN, (mapped, inode.path), (pfn,))
    return True


def _unmap(h: Handler, page: int, entry_for: str) -> Steps[None]:
    m = h.m
    for _ in range(m.profile.users.unmap_tries):
        h.unmapped = yield from try_to_unmap(m, page, entry_for)
        if h.unmapped:
            return
    yield _unmapping_failed(h, page)


def _unmapping_failed(h: Handler, page: int) -> Mark:
    h.unmapped = False
    left = int(h.m.mapcount.view[page])
    h.log(h.m.profile.log.unmap_failed.format(left=left))
    return Mark(UNMAP_FAILED, (left,), (page,))


def kill_if_lost(h: Handler, page: int, must_kill: bool = False) -> Steps[None]:
    """Signal the threads in to_kill if contents were lost, or `must_kill` is set."""
    if h.to_kill and not must_kill and not h.m.profile.users.must_kill(h.m.page(page), h.unmapped):
        yield Mark(NOT_DIRTY, (), (page,))
    else:
        yield from kill_procs(h)


def kill_procs(h: Handler) -> Steps[None]:
    """Signal the threads in to_kill."""
    if h.to_kill:
        yield from in_runs(h.m.gate, _kill_all(h))


def _kill_all(h: Handler) -> Iterator[Mark | Run]:
    for part in h.to_kill.parts() if isinstance(h.to_kill, BlockList) else (h.to_kill,):
        if isinstance(part, ToKillAlike):
            yield from _kill(h, part)
        elif isinstance(part, Sequence):
            for entries in stretches(part):
                yield from _kill(h, as_columns(ToKillAlike, entries))


def _kill(h: Handler, entries: ToKillAlike) -> Iterator[Mark | Run]:
    run = _kill_alike(h, entries)
    if run is not None:
        yield run
    else:
        yield from (kill_proc(h, entry) for entry in entries.made())


def _kill_alike(h: Handler, entries: ToKillAlike) -> Run | None:
    """kill_proc() for many threads that get SIGBUS (BUS_MCEERR_AO) and queue it; None where any does not."""
    m, count = h.m, entries.size
    tids, addresses, vmas, sizes = entries
    if count < 2 or _is_fatal(h) or h.current in tids:
        return None
    if len(set(tids)) < count or min(addresses) < 0 or not all(vmas):
        return None
    threads = m.threads_of(tids)
    comms, kinds = threads.process.comm, threads.kinds
    if not all(would_queue(m, threads.tasks[n], threads.processes[n]) for n in kinds):
        return None
    if not m.pending.view.keys().isdisjoint(tids):
        return None
    line = h.prefix.replace("%", "%%") + m.profile.log.kill.format(comm="%s", pid="%d")
    texts = Later(count, lambda: map(line.__mod__, zip(comms, tids, strict=True)))
    # Most of them get the same: a forked process has the page where its parent has it.
    where = list(zip(addresses, sizes, strict=True))
    infos = {at: (SigInfo("SIGBUS", BUS_MCEERR_AO, *at),) for at in set(where)}
    first = len(m.log.view)
    ends = m.gate.put_run(
        count,
        (
            Each(m.log, range(first, first + count), Alike(LogLine, count, texts, repeat(h.pfn), repeat(True))),
            Each(m.pending, tids, [infos[at] for at in where]),
        ),
    )
    args = comms, repeat("SIGBUS"), repeat(BUS_MCEERR_AO), addresses, repeat("queued")
    return Run(BlockList.of(MarksAlike(SENT, args, (h.pfn,), tids, vmas)), ends)


def _is_fatal(h: Handler) -> bool:
    """Return whether processes get SIGKILL, because a handler of SIGBUS could touch the page, which is still mapped."""
    return not h.unmapped and h.m.profile.has("sigkill_if_still_mapped")


def kill_proc(h: Handler, entry: ToKill) -> Mark:
    """Send one signal: SIGBUS with the address, or SIGKILL if the address is unknown, or the page still mapped.

    For the thread that consumed the error it is BUS_MCEERR_AR, which is forced; for others BUS_MCEERR_AO.
    """
    m = h.m
    process = m.processes.view[m.tasks.view[entry.tid].tgid]
    names = {"comm": process.comm, "pid": entry.tid}
    if _is_fatal(h) or entry.address < 0:
        h.log(m.profile.log.force_kill.format(**names), fatal=True)
        info = SigInfo("SIGKILL", "SI_KERNEL")
        effect = (
            send_sig(m, entry.tid, info, force=True)
            if m.profile.has("sigkill_is_sent")
            else force_sig(m, entry.tid, info)
        )
    else:
        h.log(m.profile.log.kill.format(**names), fatal=True)
        required = h.flags & MF_ACTION_REQUIRED and entry.tid == h.current
        code = BUS_MCEERR_AR if required else BUS_MCEERR_AO
        info = SigInfo("SIGBUS", code, entry.address, entry.lsb)
        effect = (force_sig if required else send_sig)(m, entry.tid, info)
    args = (process.comm, info.signal, info.code, entry.address, effect)
    return Mark(SENT, args, (h.pfn,), (entry.vma,) if entry.vma else (), (), (entry.tid,))
