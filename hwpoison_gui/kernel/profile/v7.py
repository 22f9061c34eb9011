"""Profile v7: the handler as "HWPOISON: The high level memory error handler in the VM v7" brought it.

After Linux 2.6.32, mm/memory-failure.c; early kill is on at the start, as the text of the patch says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .. import page_flags as pf
from .. import pte as ptes
from ..actions import ACTIONS
from ..machine import Machine
from ..records import Inode, Process, Vma
from ..swap import reuse_swap_page, swap_free, try_to_free_swap
from .type import DELAYED, FAILED, IGNORED, RECOVERED, Profile, StateRow

# error_states[], mm/memory-failure.c (2.6.32). Isolation lets only LRU pages through, so some rows
# are never reached; state_table.reachable() tells which.
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


# Pages that no process has mapped as its own: hwpoison_user_mappings() leaves them alone.
NOT_FOR_USERS: Final = pf.RESERVED | pf.COMPOUND_HEAD | pf.COMPOUND_TAIL | pf.SLAB


def early_kill_thread(m: Machine, process: Process) -> int | None:
    """task_early_kill(): the main thread's own policy, else the sysctl; the main thread is told."""
    policy = m.tasks.view[process.tgid].mce_kill
    early = policy == "early" or (policy == "default" and m.sysctl.view["memory_failure_early_kill"] == 1)
    return process.tgid if early else None


def populate_writes(vma: Vma) -> bool:
    """mlock and MAP_POPULATE fault for writing wherever writing is allowed (2.6.32, make_pages_present())."""
    return vma.prot == "rw"


def report_error(m: Machine, inode: Inode, description: int | None) -> int | str:
    """AS_EIO: one mark for each mapping, told once; looked at only while the mapping has pages.

    mm/filemap.c, filemap_write_and_wait_range() and wait_on_page_writeback_range() (2.6.32).
    """
    if inode.wb_seen or not m.page_cache.of(inode.id):
        return 0
    m.put(m.inodes, inode.id, replace(inode, wb_seen=True))
    return "EIO"


def take_error(m: Machine, inode: Inode) -> None:
    """sync() takes the mark along and tells nobody (fs/sync.c, wait_sb_inodes())."""
    report_error(m, inode, None)


def swapped_in(m: Machine, vma: Vma, pfn: int, entry: int) -> None:
    """do_swap_page(): the entry has a user less; locked memory leaves the swap cache at once."""
    swap_free(m, ptes.value_of(entry))
    if vma.locked:
        try_to_free_swap(m, pfn)


V7: Final = Profile(
    name="v7",
    title="HWPOISON v7, as it entered Linux 2.6.32 (2009)",
    from_version=(0, 0),
    features=frozenset(
        {
            "madvise_keeps_reference",
            "invalidate_counts_last",
            "block_device_buffers",
            "msync_whole_file",
            "fork_copies_hugetlb",
        }
    ),
    sysctl={"memory_failure_early_kill": 1, "memory_failure_recovery": 1},
    phases=(
        "check_recovery",
        "check_pfn_valid",
        "test_set_page_hwpoison",
        "get_page_unless_zero",
        "isolate_lru_page",
        "lock_page",
        "wait_on_page_writeback",
        "hwpoison_user_mappings",
        "check_truncated",
        "identify_page_state",
    ),
    states=ERROR_STATES,
    actions=ACTIONS,
    names={},
    panic_line="Kernel panic - not syncing: Memory failure from trap {trapno} on page {pfn:x}",
    prefix="MCE {pfn:#x}: ",
    result_line="{dirty}{kind} page recovery: {result}",
    kill_line="Killing {comm}:{pid} early due to hardware memory corruption",
    force_kill_line="forcibly killing {comm}:{pid} because of failure to unmap corrupted page",
    still_referenced_line="{kind} page still referenced by {users} users",
    unmap_failed_line="failed to unmap page (mapcount={left})!",
    unmap_failed_kind="",
    errno_of={RECOVERED: 0, DELAYED: "EBUSY", FAILED: "EBUSY", IGNORED: "EBUSY"},
    has_users=lambda word: not word & NOT_FOR_USERS,
    unmap_tries=5,
    must_kill=lambda word, unmapped: bool(word & pf.DIRTY),
    early_kill_thread=early_kill_thread,
    populate_writes=populate_writes,
    reuses=lambda m, vma, address, pfn: reuse_swap_page(m, pfn),
    swap_in=lambda m, vma, pfn, entry, write: ptes.RW | ptes.DIRTY if write and reuse_swap_page(m, pfn) else 0,
    swapped_in=swapped_in,
    madvise_errno=lambda errno: 0,
    io_refuses=lambda m, pfn: False,
    report_error=report_error,
    sync_error=take_error,
    exclusive=0,
    fault_around=1,
    error_remove_page=dict.fromkeys(("ext4", "tmpfs", "directory"), "generic_error_remove_page"),
)
