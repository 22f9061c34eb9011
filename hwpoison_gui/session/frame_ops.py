"""The operations on a frame: pins, I/O, injected errors of every kind, and allocation.

Generators over kernel functions, as in ops.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hwpoison_gui.kernel import madvise
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.filemap import can, writepage
from hwpoison_gui.kernel.folio import folio_test_large
from hwpoison_gui.kernel.gup import follow_page, is_pinned, pin_page, unpin_page
from hwpoison_gui.kernel.hwpoison_inject import hard_offline_page, hwpoison_inject
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Act, Mark, Steps, site
from hwpoison_gui.kernel.mce import do_machine_check, uc_decode_notifier
from hwpoison_gui.kernel.page_alloc import alloc_page
from hwpoison_gui.kernel.soft_offline import soft_offline_page
from hwpoison_gui.kernel.swap import swap_writepage
from hwpoison_gui.kernel.truncate import invalidate_inode_page
from hwpoison_gui.kernel.unpoison import unpoison_memory
from hwpoison_gui.session import grammar
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.limits import check_allocated
from hwpoison_gui.session.outcome import DONE, Args, OpResult, errno_of
from hwpoison_gui.session.world import World

WRITEBACK_STARTED: Final = site("test_set_page_writeback", Act.FLAG)
WRITEBACK_ENDED: Final = site("test_clear_page_writeback", Act.FLAG)
LET_GO: Final = site("invalidate_inode_page", Act.DROP, args="path", name="before unpoison")
REMEMBERED: Final = site("", args="name", name="remember")
ALLOCATED: Final = site("__alloc_pages_nodemask", Act.FLAG)


def op_pin(w: World, a: Args) -> Steps[OpResult]:
    """get_page(): hold an extra reference, as get_user_pages() does."""
    pfn = w.frame(a["frame"])
    if not w.in_use(pfn):
        raise ScenarioError(f"{a['frame']!r}: a frame without references cannot be pinned", key="frame")
    yield pin_page(w.machine, pfn)
    return DONE


def op_unpin(w: World, a: Args) -> Steps[OpResult]:
    """put_page(): drop the reference of `pin`."""
    pfn = w.frame(a["frame"])
    if not is_pinned(w.machine, pfn):
        raise ScenarioError(f"{a['frame']!r} is not pinned", key="frame")
    yield unpin_page(w.machine, pfn)
    return DONE


def op_writeback(w: World, a: Args) -> Steps[OpResult]:
    """Start or end writeback: test_set_page_writeback(), test_clear_page_writeback().

    Content is written, and PG_dirty cleared, only where there is a disk or a swap slot for it: reclaim moves
    other pages to the swap cache first.
    """
    m, pfn = w.machine, w.frame(a["frame"])
    if not w.in_use(pfn):
        raise ScenarioError(f"{a['frame']!r}: there is no I/O on a frame without references", key="frame")
    pfn = m.compound_head(pfn)
    if a["state"] == "end":
        m.clear_flags(pfn, pf.WRITEBACK)
    else:
        inode = m.inode_of(pfn)
        if inode is not None and can(inode, "writeback"):
            writepage(m, pfn)
        elif m.page(pfn) & pf.SWAPCACHE:
            swap_writepage(m, pfn)
        m.set_flags(pfn, pf.WRITEBACK)
    yield Mark(WRITEBACK_ENDED if a["state"] == "end" else WRITEBACK_STARTED, (), (pfn,))
    return DONE


def op_poison(w: World, a: Args) -> Steps[OpResult]:
    """Report a memory error to memory_failure(); `via` says by which path."""
    if a.get("task"):
        w.thread(a["task"], a["thread"])  # also where `via` does not need it
    if a["via"] == "madvise":
        return (yield from _poison_by_madvise(w, a))
    if a["via"] == "srar":
        task = w.thread(a["task"], a["thread"])
        return (yield from errno_of(do_machine_check(w.machine, w.frame(a["frame"]), task.tid, a["rip_valid"])))
    return (yield from errno_of(_INJECTORS[a["via"]](w.machine, w.frame(a["frame"]))))


_INJECTORS: Final[dict[str, Callable[[Machine, int], Steps[int | str]]]] = {
    "corrupt-pfn": hwpoison_inject,
    "hard_offline": hard_offline_page,
    "srao": uc_decode_notifier,
}


def _poison_by_madvise(w: World, a: Args) -> Steps[OpResult]:
    return (yield from _by_madvise(w, a, madvise.madvise_hwpoison))


def _by_madvise(w: World, a: Args, advice: Callable[[Machine, int, int, int], Steps[int | str]]) -> Steps[OpResult]:
    """madvise() with an advice that takes a page.

    `frame` as an address in a task: the page is faulted in if necessary. Else the process must map the frame.
    """
    mm, tid = w.process(a["task"]).mm, w.thread(a["task"], a.get("thread", 0)).tid
    page = grammar.parse_page(a["frame"])
    if not isinstance(page, grammar.TaskPage):
        pfn = w.frame(a["frame"])
        if not w.in_use(pfn):
            raise ScenarioError(f"{a['frame']!r}: a process cannot map a frame without references", key="frame")
        address = madvise.address_of_frame(w.machine, mm, pfn)
        return (yield from errno_of(advice(w.machine, mm, address, tid))) if address >= 0 else OpResult(errno="EFAULT")
    address = w.address(page.task, f"{page.at.area}+{page.at.page}", "frame")
    found = yield from follow_page(w.machine, mm, address)
    if isinstance(found, str):
        return OpResult(errno=(yield from advice(w.machine, mm, address, tid)))
    head = w.machine.compound_head(found)
    return OpResult(errno=(yield from advice(w.machine, mm, address, tid)), pfn=found, head=head)


def op_soft_offline(w: World, a: Args) -> Steps[OpResult]:
    """soft_offline_page(), from sysfs or by madvise(MADV_SOFT_OFFLINE)."""
    if a.get("task"):
        w.process(a["task"])
    if a["via"] == "madvise":
        return (yield from _by_madvise(w, a, madvise.madvise_soft_offline))
    return (yield from errno_of(soft_offline_page(w.machine, w.frame(a["frame"]))))


def op_unpoison(w: World, a: Args) -> Steps[OpResult]:
    """unpoison_memory(), after a large folio that only the page cache has was dropped from it.

    A poisoned folio that could not be split stays in its file; unpoison_memory() refuses it until it is dropped. In all
    recordings it had been: whoever made them removed the file before they wrote to unpoison-pfn, which is no step of
    its own. What is dirty, mapped or pinned stays, and is refused.
    """
    m, pfn = w.machine, w.frame(a["frame"])
    path = _dropped_from_cache(m, pfn)
    if path:
        yield Mark(LET_GO, (path,), (pfn,))
    return (yield from errno_of(unpoison_memory(m, pfn)))


def _dropped_from_cache(m: Machine, pfn: int) -> str:
    """Drop a poisoned large folio from the page cache if it has no other users; returns its file's path, or empty."""
    if not 0 <= pfn < m.frames or not m.page(pfn) & pf.HWPOISON or m.counter("hw_memory_failure"):
        return ""
    head = m.compound_head(pfn)
    inode = m.inode_of(head)
    if inode is None or not folio_test_large(m, pfn) or not can(inode, "writeback"):
        return ""
    return inode.path if invalidate_inode_page(m, head, extra=0) else ""


def op_remember(w: World, a: Args) -> Steps[OpResult]:
    """Name a frame, for `@NAME` in later steps; no kernel function."""
    pfn = w.frame(a["frame"])
    w.machine.put(w.remembered, a["name"], pfn)
    yield Mark(REMEMBERED, (a["name"],), (pfn,))
    return DONE


def op_alloc(w: World, a: Args) -> Steps[OpResult]:
    """alloc_page(), `frames` times or until no memory is left."""
    check_allocated(w.machine, a["frames"])
    taken: list[int] = []
    while len(taken) < a["frames"] and (pfn := alloc_page(w.machine)) is not None:
        taken.append(pfn)
    yield Mark(ALLOCATED, (), tuple(taken))
    return OpResult(handed_out=frozenset(taken))


FRAME_OPS: Final = (
    op_pin,
    op_unpin,
    op_writeback,
    op_poison,
    op_soft_offline,
    op_unpoison,
    op_remember,
    op_alloc,
)
