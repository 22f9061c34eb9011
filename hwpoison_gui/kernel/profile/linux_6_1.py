"""Profile 6.1: a long-term kernel, as the difference from v7.

After Linux 6.1; sources.py cites each difference. What is not replaced here is as in profile/v7.py.
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
from ..vm_fault import VM_FAULT_SIGBUS
from .type import CUTS, DELAYED, IGNORED, SYSCTL_EARLY_KILL, Exit, Files, Mm, Results, StateRow, Users
from .v7 import EARLY_KILL, RECOVERY, V7
from .variants import by_name

# PG_anon_exclusive is PG_mappedtodisk of an anonymous page (include/linux/page-flags.h).
ANON_EXCLUSIVE: Final = pf.MAPPEDTODISK

_SWAP: Final = pf.SWAPCACHE | pf.SWAPBACKED

# error_states[]. Changes since v7: the rows "free kernel" and "anonymous" are gone, a swap-cache page must be
# SWAPBACKED, mlocked comes before unevictable, and the kinds distinguish dirty from clean.
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


# Of the features of v7 PG_error alone is left; features.py cites the source of each.
FEATURES: Final = frozenset(
    {
        "page_error_flag",
        "ksm",
        "soft_offline",
        "hard_offline",
        "unpoison",
        "injection_filters",
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
        "hugetlb_fault_checks_poison",
        "hugetlb_dontneed",
        "fault_drops_clean_poison",
        "sigkill_is_sent",
        "sigkill_if_still_mapped",
        "init_ignores_sigkill",
        "hugetlb_mremap",
    }
)


def has_users(word: int) -> bool:
    """Return whether it is an LRU or hugetlb page, and not reserved, slab or a page table."""
    return bool(word & (pf.LRU | pf.HUGE)) and not word & (pf.RESERVED | pf.SLAB | pf.PGTABLE)


def must_kill(word: int, unmapped: bool) -> bool:
    """Return whether the page is dirty or could not be unmapped.

    MF_MUST_KILL, the third reason there, does not occur: kill_me_maybe() (arch/x86/kernel/cpu/mce/core.c) sets it for
    a machine check that leaves the thread not restartable (RIPV clear), and injected ones are restartable; the other
    users are DAX pages, which are not modelled.
    """
    return bool(word & pf.DIRTY) or not unmapped


def find_early_kill_thread(m: Machine, process: Process) -> int | None:
    """Return the first thread whose PR_MCE_KILL policy is early, or default while early kill is on."""
    tasks = m.tasks.view
    for tid in process.threads:
        policy = tasks[tid].mce_kill
        if policy == "early" or (policy == "default" and m.sysctl.view[SYSCTL_EARLY_KILL]):
            return tid
    return None


def populate_writes(vma: Vma) -> bool:
    """Return whether the VMA is writable and private; a shared one is read, to keep it clean."""
    return vma.prot == "rw" and not vma.shared


def io_refuses(m: Machine, pfn: int) -> bool:
    """Return whether it is a poisoned page of tmpfs or hugetlbfs."""
    head = m.compound_head(pfn)
    inode = m.inode_of(head)
    kept = inode is not None and inode.filesystem in ("tmpfs", "hugetlbfs")
    return kept and bool((m.page(pfn) | m.page(head)) & pf.HWPOISON)


def check_and_advance_wb_err(m: Machine, inode: Inode, description: int | None) -> int | str:
    """Return EIO once per open file description; never on tmpfs and hugetlbfs, whose fsync is noop_fsync()."""
    if inode.filesystem in m.profile.files.noop_fsync or description is None:
        return 0
    opened = m.open_files.view[description]
    if opened.wb_err == inode.wb_err:
        return 0
    m.put(m.open_files, description, opened._replace(wb_err=inode.wb_err))
    m.put(m.inodes, inode.id, inode._replace(wb_seen=True))
    return "EIO"


def reuses(m: Machine, vma: Vma, address: int, pfn: int) -> bool:
    """Return whether the page is exclusive, or has no other reference, swap included."""
    if m.page(pfn) & ANON_EXCLUSIVE:
        return True
    cached = 1 if m.page(pfn) & pf.SWAPCACHE else 0
    if m.page(pfn) & pf.KSM or int(m.refcount.view[pfn]) > 1 + cached:
        return False
    try_to_free_swap(m, pfn)
    if int(m.refcount.view[pfn]) != 1:
        return False
    set_anon(m, pfn, vma, address)
    m.set_flags(pfn, ANON_EXCLUSIVE)
    return True


def reuses_huge(m: Machine, head: int) -> bool:
    """Return whether the page is anonymous and mapped once, whoever else holds it."""
    return bool(m.page(head) & pf.ANON and m.mapcount.view[head] == 1)


def swap_in(m: Machine, vma: Vma, pfn: int, entry: int, write: bool) -> int:
    """Drop the swap reference; a page that was, or is now, exclusive may be mapped writable."""
    m.add_to(m.swap_map, ptes.value_of(entry), -1)
    alone = write and not m.page(pfn) & pf.KSM and int(m.refcount.view[pfn]) == 2
    if vma.locked or m.page(pfn) & pf.MLOCKED or alone:
        try_to_free_swap(m, pfn)
    if not entry & ptes.SWP_EXCLUSIVE and int(m.refcount.view[pfn]) != 1:
        return 0
    m.set_flags(pfn, ANON_EXCLUSIVE)
    return ptes.RW | ptes.DIRTY if write else 0


def swapped_in(m: Machine, vma: Vma, pfn: int, entry: int) -> None:
    """Do nothing: the entry was dropped before mapping."""


# soft_offline_page() and its callees. `size`: "page" or "hugepage"; `count`: references; `flags`: the flag word as %pGp
# prints it; `left`: return value of migrate_pages().
SOFT_OFFLINE: Final = {
    "already poisoned": "soft_offline_page: {pfn:#x} page already poisoned",
    "thp split failed": "soft offline: {pfn:#x}: thp split failed",
    "invalidated": "soft_offline: {pfn:#x}: invalidated",
    "isolation failed": "soft offline: {pfn:#x}: {size} isolation failed, page count {count}, type {flags}",
    "migration failed": "soft offline: {pfn:#x}: {size} migration failed {left}, type {flags}",
}
# unpoison_memory()
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
    news="huge pages, machine checks, soft offline; late kill",
    from_version=(3, 0),
    modelled=(6, 1),
    release="6.1.192 (Debian 6.1.192-2)",
    sysctls=(EARLY_KILL._replace(default=0), RECOVERY),
    features=FEATURES,
    phases=(
        phases.check_recovery,
        phases_6_1.check_pfn,
        memory_failure_hugetlb.try_memory_failure_hugetlb,
        phases_6_1.set_page_hwpoison,
        phases_6_1.take_reference,
        phases_6_1.split_transparent_huge_page,
        phases_6_1.shake_page,
        phases_6_1.lock_page,
        phases.wait_on_page_writeback,
        user_mappings.hwpoison_user_mappings,
        phases_6_1.check_truncated,
        phases_6_1.identify_page_state,
    ),
    names={
        "__alloc_pages_nodemask": "__alloc_pages",
        "collect_procs_anon": "collect_procs",
        "collect_procs_file": "collect_procs",
        "do_fork": "kernel_clone",
        "do_page_fault": "do_user_addr_fault",
        "do_sys_open": "do_sys_openat2",
        "generic_file_aio_read": "generic_file_read_iter",
        "generic_file_aio_write": "generic_file_write_iter",
        "get_signal_to_deliver": "get_signal",
        "hugetlb_cow": "hugetlb_wp",
        "hugetlbfs_read": "hugetlbfs_read_iter",
        "madvise_dontneed": "madvise_dontneed_single_vma",
        "page_mkclean": "folio_mkclean",
        "kill_procs_ao": "kill_procs",
        "kill_proc_ao": "kill_proc",
        "sys_close": "close_fd",
        "test_clear_page_writeback": "__folio_end_writeback",
        "test_set_page_writeback": "__folio_start_writeback",
    },
    log=replace(
        V7.log,
        panic="Kernel panic - not syncing: Memory failure on page {pfn:x}",
        init_died="Kernel panic - not syncing: Attempted to kill init! exitcode={code:#010x}",
        prefix="Memory failure: {pfn:#x}: ",
        result="recovery action for {kind}: {result}",
        kill="Sending SIGBUS to {comm}:{pid} due to hardware memory corruption",
        still_referenced="{kind} still referenced by {users} users",
        unmap_failed="failed to unmap page (mapcount={left})",
        no_page="memory outside kernel control",
        already_poisoned="already hardware poisoned",
        unhandlable="unhandlable page.",
        ksm="can't handle KSM pages.",
        split_huge_zero_page="huge_memory: Called split_huge_page for huge zero page",
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
        errno_of={**V7.results.errno_of, DELAYED: 0},
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
        unmap_tries=1,
        must_kill=must_kill,
    ),
    mm=Mm(
        populate_writes=populate_writes,
        reuses=reuses,
        swap_in=swap_in,
        swapped_in=swapped_in,
        exclusive=ANON_EXCLUSIVE,
        reuses_huge=reuses_huge,
        no_huge_page=VM_FAULT_SIGBUS,
        fault_around=16,
    ),
    files=Files(
        io_refuses=io_refuses,
        report_error=check_and_advance_wb_err,
        noop_fsync=("tmpfs", "hugetlbfs"),
        error_remove_page={
            "ext4": CUTS,
            "directory": CUTS,
            "tmpfs": "shmem_error_remove_page",
            "hugetlbfs": "hugetlbfs_error_remove_page",
        },
    ),
)
