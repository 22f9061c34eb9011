"""Profile 6.1: today's long-term kernel, told as the difference from 2009.

After Linux 6.1, mm/memory-failure.c and what of mm/ it meets. Read beside profile/v7.py: what is not
named here is as it was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .. import actions_6_1, memory_failure_hugetlb, phases, phases_6_1, user_mappings
from .. import page_flags as pf
from .. import pte as ptes
from ..machine import Machine
from ..records import Inode, Process, Vma
from ..rmap import set_anon
from ..swap import try_to_free_swap
from .type import CUTS, DELAYED, IGNORED, Exit, Files, Mm, Results, StateRow, Users
from .v7 import EARLY_KILL, RECOVERY, V7
from .variants import by_name

_SWAP: Final = pf.SWAPCACHE | pf.SWAPBACKED

# error_states[], mm/memory-failure.c (6.1). Against 2009: no `free kernel` and no `anonymous` row, a
# swap-cache page must be SWAPBACKED, mlocked stands before unevictable, and kinds tell dirty from clean.
ERROR_STATES: Final = (
    StateRow(pf.RESERVED, pf.RESERVED, "reserved kernel page", "me_kernel"),
    StateRow(pf.SLAB, pf.SLAB, "kernel slab page", "me_kernel"),
    StateRow(pf.COMPOUND_HEAD, pf.COMPOUND_HEAD, "huge page", "me_huge_page"),
    StateRow(_SWAP | pf.DIRTY, _SWAP | pf.DIRTY, "dirty swapcache page", "me_swapcache_dirty"),
    StateRow(_SWAP | pf.DIRTY, _SWAP, "clean swapcache page", "me_swapcache_clean"),
    StateRow(pf.MLOCKED | pf.DIRTY, pf.MLOCKED | pf.DIRTY, "dirty mlocked LRU page", "me_pagecache_dirty"),
    StateRow(pf.MLOCKED | pf.DIRTY, pf.MLOCKED, "clean mlocked LRU page", "me_pagecache_clean"),
    StateRow(pf.UNEVICTABLE | pf.DIRTY, pf.UNEVICTABLE | pf.DIRTY, "dirty unevictable LRU page", "me_pagecache_dirty"),
    StateRow(pf.UNEVICTABLE | pf.DIRTY, pf.UNEVICTABLE, "clean unevictable LRU page", "me_pagecache_clean"),
    StateRow(pf.LRU | pf.DIRTY, pf.LRU | pf.DIRTY, "dirty LRU page", "me_pagecache_dirty"),
    StateRow(pf.LRU | pf.DIRTY, pf.LRU, "clean LRU page", "me_pagecache_clean"),
    StateRow(0, 0, "unknown page", "me_unknown"),
)


DROPPED: Final = frozenset(
    {
        "madvise_keeps_reference",
        "invalidate_counts_last",
        "block_device_buffers",
        "msync_whole_file",
        "sync_clears_error",
        "fork_copies_hugetlb",
    }
)
ADDED: Final = frozenset(
    {
        "ksm",
        "soft_offline",
        "hard_offline",
        "unpoison",
        "machine_check_recovery",
        "inject_checks_pfn",
        "anon_vma_chain",
        "transparent_hugepages",
        "errseq",
        "madvise_returns_errno",
        "abort_on_failed_unmap",
        "count_at_action_result",
        "collect_procs_of_clean",
        "shake_mlocked",
        "poison_is_never_freed",
        "unmap_clears_mlocked",
        "pageout_spares_shared",
        "hugetlb_files_are_dirty",
        "hugetlb_dontneed",
    }
)


def has_users(word: int) -> bool:
    """Pages that a process can have mapped as its own: on the LRU, or of hugetlb."""
    return bool(word & (pf.LRU | pf.HUGE)) and not word & (pf.RESERVED | pf.SLAB | pf.PGTABLE)


def must_kill(word: int, unmapped: bool) -> bool:
    """If the page is dirty or stays mapped (hwpoison_user_mappings(), mm/memory-failure.c, 6.1)."""
    return bool(word & pf.DIRTY) or not unmapped


def find_early_kill_thread(m: Machine, process: Process) -> int | None:
    """The first thread whose own policy is early, or that has none while the sysctl says early."""
    for tid in process.threads:
        policy = m.tasks.view[tid].mce_kill
        if policy == "early" or (policy == "default" and m.sysctl.view["memory_failure_early_kill"]):
            return tid
    return None


def populate_writes(vma: Vma) -> bool:
    """populate_vma_page_range(), mm/gup.c: a shared mapping is populated by reading, so as not to dirty it."""
    return vma.prot == "rw" and not vma.shared


def io_refuses(m: Machine, pfn: int) -> bool:
    """shmem_file_read_iter(), shmem_write_begin() and hugetlbfs_read_iter(): EIO from a poisoned page."""
    head = m.compound_head(pfn)
    inode = m.inode_of(head)
    kept = inode is not None and inode.filesystem in ("tmpfs", "hugetlbfs")
    return kept and bool((m.page(pfn) | m.page(head)) & pf.HWPOISON)


def check_and_advance_wb_err(m: Machine, inode: Inode, description: int | None) -> int | str:
    """file_check_and_advance_wb_err(), mm/filemap.c: each description is told of an error once.

    fsync of shared memory and hugetlbfs is noop_fsync(), which never looks.
    """
    if inode.filesystem in ("tmpfs", "hugetlbfs") or description is None:
        return 0
    opened = m.open_files.view[description]
    if opened.wb_err == inode.wb_err:
        return 0
    m.put(m.open_files, description, replace(opened, wb_err=inode.wb_err))
    m.put(m.inodes, inode.id, replace(inode, wb_seen=True))
    return "EIO"


def reuses(m: Machine, vma: Vma, address: int, pfn: int) -> bool:
    """do_wp_page(), mm/memory.c: a page that is exclusive, or to which nobody else refers, not even swap."""
    if m.page(pfn) & pf.MAPPEDTODISK:
        return True
    cached = 1 if m.page(pfn) & pf.SWAPCACHE else 0
    if m.page(pfn) & pf.KSM or int(m.refcount.view[pfn]) > 1 + cached:
        return False
    try_to_free_swap(m, pfn)
    if int(m.refcount.view[pfn]) != 1:
        return False
    set_anon(m, pfn, vma, address)
    m.set_flags(pfn, pf.MAPPEDTODISK)
    return True


def swap_in(m: Machine, vma: Vma, pfn: int, entry: int, write: bool) -> int:
    """do_swap_page(), mm/memory.c: who had the page alone has it alone again, and may write to it at once."""
    m.add_to(m.swap_map, ptes.value_of(entry), -1)
    alone = write and not m.page(pfn) & pf.KSM and int(m.refcount.view[pfn]) == 2
    if vma.locked or m.page(pfn) & pf.MLOCKED or alone:
        try_to_free_swap(m, pfn)
    if not entry & ptes.SWP_EXCLUSIVE and int(m.refcount.view[pfn]) != 1:
        return 0
    m.set_flags(pfn, pf.MAPPEDTODISK)
    return ptes.RW | ptes.DIRTY if write else 0


def swapped_in(m: Machine, vma: Vma, pfn: int, entry: int) -> None:
    """Nothing: do_swap_page() has dropped the entry before (mm/memory.c, 6.1)."""


# soft_offline_page() and below, mm/memory-failure.c, 6.1. `size`: "page" or "hugepage"; `count`: references;
# `flags`: the flag word as %pGp prints it; `left`: what migrate_pages() returned.
SOFT_OFFLINE: Final = {
    "already poisoned": "soft_offline_page: {pfn:#x} page already poisoned",
    "thp split failed": "soft offline: {pfn:#x}: thp split failed",
    "invalidated": "soft_offline: {pfn:#x}: invalidated",
    "isolation failed": "soft offline: {pfn:#x}: {size} isolation failed, page count {count}, type {flags}",
    "migration failed": "soft offline: {pfn:#x}: {size} migration failed {left}, type {flags}",
}
# unpoison_memory(), mm/memory-failure.c, 6.1
UNPOISON: Final = {
    "done": "Unpoison: Software-unpoisoned page {pfn:#x}",
    "hardware failure": "Unpoison: Disabled after HW memory failure {pfn:#x}",
    "huge zero page": "Unpoison: huge zero page is not supported {pfn:#x}",
    "not poisoned": "Unpoison: Page was already unpoisoned {pfn:#x}",
    "referenced": "Unpoison: Someone grabs the hwpoison page {pfn:#x}",
    "mapped": "Unpoison: Someone maps the hwpoison page {pfn:#x}",
    "has a mapping": "Unpoison: the hwpoison page has non-NULL mapping {pfn:#x}",
}

V6_1: Final = replace(
    V7,
    name="6.1",
    title="Linux 6.1 (long-term)",
    from_version=(3, 0),
    sysctls=(EARLY_KILL._replace(default=0), RECOVERY),
    features=V7.features - DROPPED | ADDED,
    phases=(
        phases.check_recovery,
        # 96c804a6ae8c ("mm/memory-failure.c: don't access uninitialized memmaps in memory_failure()")
        phases_6_1.check_pfn,
        # 405ce051236c ("mm/hwpoison: fix race between hugetlb free/demotion and memory_failure_hugetlb()")
        memory_failure_hugetlb.try_memory_failure_hugetlb,
        # 47af12bae17f ("mm,hwpoison: return -EHWPOISON to denote that the page has already been poisoned")
        phases_6_1.set_page_hwpoison,
        # 0ed950d1f281 ("mm,hwpoison: make get_hwpoison_page() call get_any_page()"),
        # a8b2c2ce89d4 ("mm,hwpoison: take free pages off the buddy freelists")
        phases_6_1.take_reference,
        # 415c64c1453a ("mm/memory-failure: split thp earlier in memory error handling")
        phases_6_1.split_transparent_huge_page,
        phases_6_1.shake_page,  # mm/memory-failure.c, memory_failure(), 6.1
        # 524fca1e7356 ("HWPOISON: fix misjudgement of page_action() for errors on mlocked pages"),
        # 0bc1f8b0682c ("hwpoison: fix the handling path of the victimized page frame that belong to non-LRU")
        phases_6_1.lock_page,
        phases.wait_on_page_writeback,
        user_mappings.hwpoison_user_mappings,
        phases_6_1.check_truncated,  # mm/memory-failure.c, memory_failure(), 6.1
        phases_6_1.identify_page_state,  # 524fca1e7356 again
    ),
    names={
        "collect_procs_anon": "collect_procs",
        "collect_procs_file": "collect_procs",
        "page_mkclean": "folio_mkclean",
        "kill_procs_ao": "kill_procs",
        "kill_proc_ao": "kill_proc",
    },
    # mm/memory-failure.c, 6.1; the prefix by 96f96763de26 ("mm: memory-failure: convert to pr_fmt()").
    log=replace(
        V7.log,
        panic="Kernel panic - not syncing: Memory failure on page {pfn:x}",
        prefix="Memory failure: {pfn:#x}: ",
        result="recovery action for {kind}: {result}",
        kill="Sending SIGBUS to {comm}:{pid} due to hardware memory corruption",
        still_referenced="{kind} still referenced by {users} users",
        unmap_failed="failed to unmap page (mapcount={left})",
        soft_offline=SOFT_OFFLINE,
        unpoison=UNPOISON,
    ),
    results=Results(
        states=ERROR_STATES,
        actions=by_name(
            actions_6_1.me_kernel,
            actions_6_1.me_unknown,
            actions_6_1.me_pagecache_clean,
            actions_6_1.me_pagecache_dirty,
            actions_6_1.me_swapcache_dirty,
            actions_6_1.me_swapcache_clean,
            actions_6_1.me_huge_page,
        ),
        # page_action(), mm/memory-failure.c, 6.1
        errno_of={**V7.results.errno_of, DELAYED: 0},
        # memory_failure(), mm/memory-failure.c, 6.1
        exits={
            "unhandlable": Exit("unknown page", IGNORED, "EBUSY"),
            "unsplit thp": Exit("unsplit thp", IGNORED, "EBUSY"),
            "unmap failed": Exit("unmapping failed page", IGNORED, "EBUSY"),
            "truncated": Exit("already truncated LRU page", IGNORED, "EBUSY"),
        },
    ),
    users=Users(
        has_users=has_users,
        early_kill_thread=find_early_kill_thread,
        unmap_tries=1,  # hwpoison_user_mappings(), mm/memory-failure.c, 6.1
        must_kill=must_kill,
    ),
    mm=Mm(
        populate_writes=populate_writes,
        reuses=reuses,
        swap_in=swap_in,
        swapped_in=swapped_in,
        # PG_anon_exclusive: 6c287605fd56 ("mm: remember exclusively mapped anonymous pages with PG_anon_exclusive")
        exclusive=pf.MAPPEDTODISK,
        fault_around=16,  # 8c6e50b0290c ("mm: introduce vm_ops->map_pages()")
    ),
    files=Files(
        io_refuses=io_refuses,
        report_error=check_and_advance_wb_err,
        error_remove_page={
            "ext4": CUTS,
            "directory": CUTS,
            # a76054266661 ("mm: shmem: don't truncate page if memory failure happens")
            "tmpfs": "shmem_error_remove_page",
            # 8625147cafaa ("hugetlbfs: don't delete error page from pagecache")
            "hugetlbfs": "hugetlbfs_error_remove_page",
        },
    ),
)
