"""Profile v7: the first handler, 6a46079cf57a ("HWPOISON: The high level memory error handler in the VM v7").

After Linux 2.6.32, mm/memory-failure.c, which is the source of whatever names no other. Early kill is on by default,
as the commit message has it.
"""

from __future__ import annotations

from typing import Final

from .. import actions, phases, user_mappings
from .. import page_flags as pf
from .. import pte as ptes
from ..machine import Machine
from ..records import Inode, Process, Vma
from ..swap import reuse_swap_page, swap_free, try_to_free_swap
from ..vm_fault import VM_FAULT_OOM
from .type import (
    CUTS,
    DELAYED,
    FAILED,
    IGNORED,
    RECOVERED,
    SYSCTL_EARLY_KILL,
    SYSCTL_RECOVERY,
    Exit,
    Files,
    LogLines,
    Mm,
    Profile,
    Results,
    StateRow,
    Sysctl,
    Users,
)
from .variants import by_name

# error_states[]. Only pages on an LRU list pass isolate_lru_page(), so some rows are unreachable:
# view/outline/reachable.py finds them.
ERROR_STATES: Final = (
    StateRow(pf.RESERVED, pf.RESERVED, "reserved kernel", "me_kernel_ignore"),
    StateRow(pf.BUDDY, pf.BUDDY, "free kernel", "me_free"),
    StateRow(pf.SLAB, pf.SLAB, "kernel slab", "me_kernel"),
    StateRow(pf.COMPOUND_HEAD, pf.COMPOUND_HEAD, "huge", "me_huge_page"),
    StateRow(pf.COMPOUND_TAIL, pf.COMPOUND_TAIL, "huge", "me_huge_page"),
    StateRow(pf.SWAPCACHE | pf.DIRTY, pf.SWAPCACHE | pf.DIRTY, "swapcache", "me_swapcache_dirty"),
    StateRow(pf.SWAPCACHE | pf.DIRTY, pf.SWAPCACHE, "swapcache", "me_swapcache_clean"),
    StateRow(pf.UNEVICTABLE | pf.DIRTY, pf.UNEVICTABLE | pf.DIRTY, "unevictable LRU", "me_pagecache_dirty"),
    StateRow(pf.UNEVICTABLE, pf.UNEVICTABLE, "unevictable LRU", "me_pagecache_clean"),
    StateRow(pf.MLOCKED | pf.DIRTY, pf.MLOCKED | pf.DIRTY, "mlocked LRU", "me_pagecache_dirty"),
    StateRow(pf.MLOCKED, pf.MLOCKED, "mlocked LRU", "me_pagecache_clean"),
    StateRow(pf.LRU | pf.DIRTY, pf.LRU | pf.DIRTY, "LRU", "me_pagecache_dirty"),
    StateRow(pf.LRU | pf.DIRTY, pf.LRU, "clean LRU", "me_pagecache_clean"),
    StateRow(pf.SWAPBACKED, pf.SWAPBACKED, "anonymous", "me_pagecache_clean"),
    StateRow(0, 0, "unknown page state", "me_unknown"),
)


def has_users(word: int) -> bool:
    """Return whether the page is neither reserved nor a slab or compound page."""
    return not word & (pf.RESERVED | pf.COMPOUND_HEAD | pf.COMPOUND_TAIL | pf.SLAB)


def must_kill(word: int, unmapped: bool) -> bool:
    """Return whether the page is dirty."""
    return bool(word & pf.DIRTY)


def early_kill_thread(m: Machine, process: Process) -> int | None:
    """Return the main thread, if its PR_MCE_KILL policy is early, or default while early kill is on."""
    policy = m.tasks.view[process.tgid].mce_kill
    early = policy == "early" or (policy == "default" and m.sysctl.view[SYSCTL_EARLY_KILL] == 1)
    return process.tgid if early else None


def populate_writes(vma: Vma) -> bool:
    """Return whether the VMA is writable."""
    return vma.prot == "rw"


def report_error(m: Machine, inode: Inode, description: int | None) -> int | str:
    """Return EIO once per mapping (AS_EIO), and only while the mapping has pages."""
    if inode.wb_seen or not m.page_cache.of(inode.id):
        return 0
    m.put(m.inodes, inode.id, inode._replace(wb_seen=True))
    return "EIO"


def io_refuses(m: Machine, pfn: int) -> bool:
    """Return False: file I/O does not check PG_hwpoison (mm/filemap.c, 2.6.32)."""
    return False


def reuses(m: Machine, vma: Vma, address: int, pfn: int) -> bool:
    """Return whether there is no other reference to the page, swap included."""
    return reuse_swap_page(m, pfn)


def reuses_huge(m: Machine, head: int) -> bool:
    """Return whether there is no other reference to the page."""
    return bool(m.refcount.view[head] == 1)


def swap_in(m: Machine, vma: Vma, pfn: int, entry: int, write: bool) -> int:
    """Return a writable PTE's bits for a write fault on a page without other references."""
    return ptes.RW | ptes.DIRTY if write and reuse_swap_page(m, pfn) else 0


def swapped_in(m: Machine, vma: Vma, pfn: int, entry: int) -> None:
    """Drop a reference to the swap entry; a locked VMA frees the slot at once."""
    swap_free(m, ptes.value_of(entry))
    if vma.locked:
        try_to_free_swap(m, pfn)


EARLY_KILL: Final = Sysctl(SYSCTL_EARLY_KILL, default=1)
RECOVERY: Final = Sysctl(SYSCTL_RECOVERY, default=1)

V7: Final = Profile(
    name="v7",
    title="HWPOISON v7, as it entered Linux 2.6.32 (2009)",
    news="the first handler; early kill",
    from_version=(0, 0),
    modelled=(2, 6, 32),
    release="",
    sysctls=(EARLY_KILL, RECOVERY),
    features=frozenset(
        {
            "madvise_keeps_reference",
            "invalidate_counts_last",
            "block_device_buffers",
            "msync_whole_file",
            "sync_clears_error",
            "fork_copies_hugetlb",
            "page_error_flag",
            "result_says_dirty",
            "sigkill_if_still_mapped",
        }
    ),
    phases=(
        phases.check_recovery,
        phases.check_pfn,
        phases.set_page_hwpoison,
        phases.take_reference,
        phases.isolate_lru_page,
        phases.lock_page,
        phases.wait_on_page_writeback,
        user_mappings.hwpoison_user_mappings,
        phases.check_truncated,
        phases.identify_page_state,
    ),
    # The loop over error_states[] is a function of its own since 524fca1e7356 (see linux_6_1.py).
    names={"identify_page_state": "page_action"},
    log=LogLines(
        panic="Kernel panic - not syncing: Memory failure from trap {trapno} on page {pfn:x}",
        # find_new_reaper(), kernel/exit.c
        init_died="Kernel panic - not syncing: Attempted to kill init!",
        prefix="MCE {pfn:#x}: ",
        result="{dirty}{kind} page recovery: {result}",
        kill="Killing {comm}:{pid} early due to hardware memory corruption",
        force_kill="forcibly killing {comm}:{pid} because of failure to unmap corrupted page",
        still_referenced="{kind} page still referenced by {users} users",
        unmap_failed="failed to unmap page (mapcount={left})!",
        unknown_state="Unknown page state",
        not_invalidated="Failed to invalidate",
        not_punched="Failed to punch page: {err}",
        in_swap_cache="keeping poisoned page in swap cache",
        clean="corrupted page was clean: dropped without side effects",
        # do_sigbus(), arch/x86/mm/fault.c
        fault_kill="MCE: Killing {comm}:{pid} due to hardware memory corruption fault at {address:x}",
        inadequate_pool="PID {pid} killed due to inadequate hugepage pool",  # hugetlb_no_page(), mm/hugetlb.c
        soft_offline={},
        unpoison={},
    ),
    results=Results(
        states=ERROR_STATES,
        actions=by_name(
            actions.me_kernel_ignore,
            actions.me_kernel,
            actions.me_free,
            actions.me_huge_page,
            actions.me_unknown,
            actions.me_pagecache_clean,
            actions.me_pagecache_dirty,
            actions.me_swapcache_dirty,
            actions.me_swapcache_clean,
        ),
        errno_of={RECOVERED: 0, DELAYED: "EBUSY", FAILED: "EBUSY", IGNORED: "EBUSY"},
        exits={
            "no page": Exit("memory outside kernel control", IGNORED, "EIO"),
            "already poisoned": Exit("already hardware poisoned", IGNORED, 0),
            "free": Exit("free or high order kernel", IGNORED, 0),
            "high-order kernel": Exit("free or high order kernel", IGNORED, "EBUSY"),
            "not on LRU": Exit("non LRU", IGNORED, "EBUSY"),
            "truncated": Exit("already truncated LRU", IGNORED, 0),
        },
    ),
    users=Users(
        has_users=has_users,
        early_kill_thread=early_kill_thread,
        unmap_tries=5,
        must_kill=must_kill,
    ),
    mm=Mm(
        populate_writes=populate_writes,
        reuses=reuses,
        swap_in=swap_in,
        swapped_in=swapped_in,
        exclusive=0,
        reuses_huge=reuses_huge,
        no_huge_page=VM_FAULT_OOM,  # alloc_huge_page(), mm/hugetlb.c
        fault_around=1,
    ),
    files=Files(
        io_refuses=io_refuses,
        report_error=report_error,
        error_remove_page=dict.fromkeys(("ext4", "tmpfs", "directory"), CUTS),
    ),
)
