"""Features: behaviour that some of the modelled kernels have and others lack.

Each is declared once, in the order of the kernels that brought it, and code asks a profile for it by name
(`profile.has`). Differences that are values, tables or functions belong in the records of profile/type.py.
"""

from __future__ import annotations

from typing import Final

from hwpoison_gui.record import Record


class Feature(Record):
    """A boolean property that distinguishes kernels.

    Attributes
    ----------
    name : str
        Argument of `Profile.has`.
    meaning : str
        What a kernel that has it does.
    source : str
        The kernel commit that brought it, or file, function and release that show it.
    since : tuple of int or None
        The first release that has it, by its version; (6, 12) if it came after 6.1 and by 6.12. None if it came after
        2.6.32 and by 6.1, and the release was not established.
    gone : tuple of int or None
        A release that lacks it again, by its version; the one that dropped it may be older. None if all later kernels
        have it.
    gap : bool
        Whether it is a gap of the model instead: 2.6.32 has it, but profile v7 does not model it.
    """

    name: str
    meaning: str
    source: str
    since: tuple[int, ...] | None
    gone: tuple[int, ...] | None = None
    gap: bool = False


_DECLARED: Final = (
    # 2.6.32
    Feature(
        "madvise_keeps_reference",
        "madvise(MADV_HWPOISON) drops the reference it injected with; the handler holds one of its own",
        "mm/madvise.c, madvise_hwpoison(), 2.6.32",
        since=(2, 6, 32),
        gone=(6, 1),
    ),
    Feature(
        "invalidate_counts_last",
        "invalidating a page releases its buffers before it checks for other references",
        "mm/truncate.c, invalidate_complete_page(), 2.6.32",
        since=(2, 6, 32),
        gone=(6, 1),
    ),
    Feature(
        "block_device_buffers",
        "a page of a block device has buffers as soon as it is read",
        "fs/block_dev.c, def_blk_aops without readpages, 2.6.32",
        since=(2, 6, 32),
        gone=(6, 1),
    ),
    Feature(
        "msync_whole_file",
        "msync writes back the whole file, not only the range",
        "mm/msync.c, vfs_fsync(), 2.6.32",
        since=(2, 6, 32),
        gone=(6, 1),
    ),
    Feature(
        "sync_clears_error",
        "sync() consumes the AS_EIO mark of a file without reporting it",
        "fs/sync.c, wait_sb_inodes(), 2.6.32",
        since=(2, 6, 32),
        gone=(6, 1),
    ),
    Feature(
        "fork_copies_hugetlb",
        "fork copies the page-table entries of shared hugetlb mappings",
        "mm/memory.c, copy_page_range(), 2.6.32",
        since=(2, 6, 32),
        gone=(6, 1),
    ),
    Feature(
        "page_error_flag",
        "PG_error marks a page whose contents were lost",
        'mm/memory-failure.c, me_pagecache_dirty(), 2.6.32; gone with 09022bc196d2 ("mm: remove PG_error")',
        since=(2, 6, 32),
        gone=(6, 12),
    ),
    Feature(
        "result_says_dirty",
        "the result line has a word of its own for dirty pages; otherwise the kind says it",
        "mm/memory-failure.c, action_result(), 2.6.32; action_page_types[], 6.1",
        since=(2, 6, 32),
        gone=(6, 1),
    ),
    Feature(
        "sigkill_if_still_mapped",
        "processes get SIGKILL if the page could not be unmapped",
        "mm/memory-failure.c, kill_procs_ao(), 2.6.32",
        since=(2, 6, 32),
        gone=(6, 12),
    ),
    Feature(
        "ksm",
        "MADV_MERGEABLE merges pages of equal content",
        "mm/ksm.c, ksm_madvise(), 2.6.32, which profile v7 is modelled without",
        since=(2, 6, 32),
        gap=True,
    ),
    # 2.6.33
    Feature(
        "soft_offline",
        "a page that still works can be taken out of use (soft offline)",
        'facb6011f399 ("HWPOISON: Add soft page offline support")',
        since=(2, 6, 33),
    ),
    Feature(
        "hard_offline",
        "a write to /sys/devices/system/memory/hard_offline_page runs the handler",
        "drivers/base/memory.c, hard_offline_page_store(), 6.1",
        since=(2, 6, 33),
    ),
    Feature(
        "unpoison",
        "an injected error can be withdrawn (unpoison)",
        '847ce401df39 ("HWPOISON: Add unpoisoning support")',
        since=(2, 6, 33),
    ),
    Feature(
        "injection_filters",
        "a test with injected errors can spare pages by device, flags or memory cgroup (hwpoison/corrupt-filter-*)",
        '1bfe5febe34d ("HWPOISON: add an interface to switch off/on all the page filters")',
        since=(2, 6, 33),
    ),
    # 2.6.34
    Feature(
        "anon_vma_chain",
        "a forked child has an anon_vma of its own",
        '5beb49305251 ("mm: change anon_vma linking to fix multi-process server scalability issue")',
        since=(2, 6, 34),
    ),
    # 2.6.38
    Feature(
        "transparent_hugepages",
        "transparent huge pages",
        '71e3aac0724f ("thp: transparent hugepage core")',
        since=(2, 6, 38),
    ),
    # 4.13
    Feature(
        "errseq",
        "each open file reports a write-back error once, not each mapping",
        '5660e13d2fd6 ("fs: new infrastructure for writeback error handling and reporting")',
        since=(4, 13),
    ),
    # 5.4
    Feature(
        "pageout_spares_shared",
        "MADV_PAGEOUT skips pages that are mapped more than once, and refuses locked VMAs",
        "mm/madvise.c, can_madv_lru_vma(), madvise_cold_or_pageout_pte_range(), 6.1",
        since=(5, 4),
    ),
    # 5.16
    Feature(
        "hugetlb_mremap",
        "mremap() moves hugetlb mappings",
        '550a7d60bd5e ("mm, hugepages: add mremap() support for hugepage backed vma")',
        since=(5, 16),
    ),
    # 5.18
    Feature(
        "hugetlb_dontneed",
        "MADV_DONTNEED works on hugetlb",
        '90e7e7f5ef3f ("mm: enable MADV_DONTNEED for hugetlb mappings")',
        since=(5, 18),
    ),
    Feature(
        "fault_drops_clean_poison",
        "a fault that meets a poisoned page in the page cache unmaps it, and drops it if it is clean and nobody's",
        'e53ac7374e64 ("mm: invalidate hwpoison page cache page in fault path")',
        since=(5, 18),
    ),
    # 6.4
    Feature(
        "cgroup_of_the_folio",
        "a tail of a compound page is charged to the memory cgroup of its folio",
        'ec342603e6d7 ("memcg: page_cgroup_ino() get memcg from the page\'s folio")',
        since=(6, 4),
    ),
    # 6.7
    Feature(
        "mlock_large_folios",
        "mlock() marks a large folio that PTEs map, where the range has all of it",
        'dc68badcede4 ("mm: mlock: update mlock_pte_range to handle large folio")',
        since=(6, 7),
    ),
    Feature(
        "hugetlb_signal_address",
        "processes found by the mappings of a hugetlb page get the address of the bad 4 KiB page, not of the head",
        '376907f3a0b3 ("mm/memory-failure: pass the folio and the page to collect_procs()")',
        since=(6, 7),
    ),
    # 6.8
    Feature(
        "multi_size_thp",
        "anonymous memory may be allocated in folios between 4 KiB and 2 MiB, which PTEs map",
        '19eaf44954df ("mm: thp: support allocation of anonymous multi-size THP")',
        since=(6, 8),
    ),
    # After 6.1, by 6.12
    Feature(
        "madvise_action_required",
        "madvise(MADV_HWPOISON) injects an action-required error: its caller gets SIGBUS (BUS_MCEERR_AR) at once",
        '66802526298e ("mm/madvise: add MF_ACTION_REQUIRED to madvise(MADV_HWPOISON)")',
        since=(6, 12),
    ),
    Feature(
        "machine_check_must_kill",
        "a machine check that leaves the thread not restartable (RIPV clear) runs the handler with MF_MUST_KILL",
        "arch/x86/kernel/cpu/mce/core.c, do_machine_check(), kill_me_maybe(), 6.12",
        since=(6, 12),
    ),
    Feature(
        "memory_failure_stats",
        "each node counts its result lines in /sys/devices/system/node/nodeN/memory_failure",
        '44b8f8bf2438 ("mm: memory-failure: add memory failure stats to sysfs")',
        since=(6, 12),
    ),
    Feature(
        "hugetlb_accessed_address",
        "a thread that accesses a hugetlb page poisoned before gets the address of the bad 4 KiB page, not of the head",
        '057a6f2632c9 ("mm/memory-failure: teach kill_accessing_process to accept hugetlb tail page pfn"), in 6.12.69',
        since=(6, 12),
    ),
    Feature(
        "tails_show_their_folio",
        "/proc/kpageflags shows the flags of the folio for each of its pages",
        'dee3d0bef2b0 ("proc: rewrite stable_page_flags()")',
        since=(6, 12),
    ),
    Feature(
        "unpoison_spares_offline",
        "an offline page is not unpoisoned",
        "mm/memory-failure.c, unpoison_memory(), 6.12",
        since=(6, 12),
    ),
    # After 2.6.32, by 6.1
    Feature(
        "machine_check_recovery",
        "machine checks run the handler: SRAO for an error found by scrubbing, SRAR for one that a thread consumed",
        "arch/x86/kernel/cpu/mce/core.c, uc_decode_notifier(), kill_me_maybe(), 6.1",
        since=None,
    ),
    Feature(
        "hugetlb_fault_checks_poison",
        "a fault on a poisoned hugetlb page of a file raises SIGBUS",
        "mm/hugetlb.c, hugetlb_no_page(), 6.1",
        since=None,
    ),
    Feature(
        "inject_checks_pfn",
        "corrupt-pfn refuses a pfn without a page",
        "mm/hwpoison-inject.c, hwpoison_inject(), 6.1",
        since=None,
    ),
    Feature(
        "madvise_returns_errno",
        "madvise(MADV_HWPOISON) returns what the handler returned, not 0",
        "mm/madvise.c, madvise_inject_error(), 6.1",
        since=None,
    ),
    Feature(
        "abort_on_failed_unmap",
        "the handler gives up on a page that stays mapped, and on a KSM page",
        "mm/memory-failure.c, memory_failure() and hwpoison_user_mappings(), 6.1",
        since=None,
    ),
    Feature(
        "count_at_action_result",
        "HardwareCorrupted grows with each result line, not when the flag is set",
        "mm/memory-failure.c, action_result(), 6.1",
        since=None,
    ),
    Feature(
        "collect_procs_of_clean",
        "processes are collected for clean pages as well; the list is then discarded",
        "mm/memory-failure.c, hwpoison_user_mappings(), 6.1",
        since=None,
    ),
    Feature(
        "shake_mlocked",
        "a page that was mlocked is shaken again after unmapping",
        "mm/memory-failure.c, hwpoison_user_mappings(), 6.1",
        since=None,
    ),
    Feature(
        "poison_is_never_freed",
        "a poisoned page is never returned to the allocator, whoever drops its last reference",
        "mm/page_alloc.c, free_pages_prepare(), 6.1",
        since=None,
    ),
    Feature(
        "unmap_clears_mlocked",
        "removing the last mapping clears MLOCKED",
        "mm/rmap.c, page_remove_rmap(), munlock_vma_page(), 6.1",
        since=None,
    ),
    Feature(
        "sigkill_is_sent",
        "SIGKILL of a page that could not be unmapped is sent by the kernel, not forced",
        "mm/memory-failure.c, kill_procs(), do_send_sig_info(), 6.1",
        since=None,
    ),
    Feature(
        "init_ignores_sigkill",
        "the init of the machine ignores SIGKILL, whoever sends it",
        "kernel/signal.c, sig_task_ignored(), 6.1",
        since=None,
    ),
    Feature(
        "hugetlb_files_are_dirty",
        "a page added to a hugetlbfs file is marked dirty",
        "mm/hugetlb.c, hugetlb_add_to_page_cache(), 6.1",
        since=None,
    ),
)

FEATURES: Final = {feature.name: feature for feature in _DECLARED}
