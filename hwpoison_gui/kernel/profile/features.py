"""Features: behaviour that some of the modelled kernels have and others lack.

Each is declared once, in the order of the kernels that brought it, and code asks a profile for it by name
(`profile.has`). Differences that are values, tables or functions belong in the records of profile/type.py.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Feature(NamedTuple):
    """A yes or no that distinguishes kernels.

    Attributes
    ----------
    name : str
        Argument of `Profile.has`.
    meaning : str
        What a kernel that has it does.
    source : str
        The kernel commit that brought it, or a file and version that show it.
    """

    name: str
    meaning: str
    source: str


_DECLARED: Final = (
    # 2.6.32
    Feature(
        "madvise_keeps_reference",
        "madvise(MADV_HWPOISON) drops the reference it injected with; the handler holds one of its own",
        "mm/madvise.c, 2.6.32",
    ),
    Feature(
        "invalidate_counts_last",
        "invalidating a page releases its buffers before it checks for other references",
        "mm/truncate.c, invalidate_complete_page(), 2.6.32",
    ),
    Feature(
        "block_device_buffers",
        "a page of a block device has buffers as soon as it is read",
        "fs/block_dev.c, def_blk_aops without readpages, 2.6.32",
    ),
    Feature(
        "msync_whole_file",
        "msync writes back the whole file, not only the range",
        "mm/msync.c, vfs_fsync(), 2.6.32",
    ),
    Feature(
        "sync_clears_error",
        "sync() consumes the AS_EIO mark of a file without reporting it",
        "fs/sync.c, wait_sb_inodes(), 2.6.32",
    ),
    Feature(
        "fork_copies_hugetlb",
        "fork copies the page-table entries of shared hugetlb mappings",
        "mm/memory.c, copy_page_range(), 2.6.32",
    ),
    # 6.1, or between
    Feature(
        "ksm",
        "MADV_MERGEABLE merges pages of equal content",
        "mm/ksm.c, 6.1 (2.6.32 has it, too; profile v7 is modelled without)",
    ),
    Feature(
        "soft_offline",
        "a page that still works can be taken out of use (soft offline)",
        'facb6011f399 ("HWPOISON: Add soft page offline support")',
    ),
    Feature(
        "hard_offline",
        "a write to /sys/devices/system/memory/hard_offline_page runs the handler",
        "drivers/base/memory.c, 6.1",
    ),
    Feature(
        "unpoison",
        "an injected error can be withdrawn (unpoison)",
        '847ce401df39 ("HWPOISON: Add unpoisoning support")',
    ),
    Feature(
        "machine_check_recovery",
        "machine checks run the handler: SRAO for an error found by scrubbing, SRAR for one that a thread consumed",
        "arch/x86/kernel/cpu/mce/core.c, 6.1",
    ),
    Feature("inject_checks_pfn", "corrupt-pfn refuses a pfn without a page", "mm/hwpoison-inject.c, 6.1"),
    Feature(
        "anon_vma_chain",
        "a forked child has an anon_vma of its own",
        '5beb49305251 ("mm: change anon_vma linking to fix multi-process server scalability issue")',
    ),
    Feature("transparent_hugepages", "transparent huge pages", '71e3aac0724f ("thp: transparent hugepage core")'),
    Feature(
        "errseq",
        "each open file reports a write-back error once, not each mapping",
        '5660e13d2fd6 ("fs: new infrastructure for writeback error handling and reporting")',
    ),
    Feature(
        "madvise_returns_errno",
        "madvise(MADV_HWPOISON) returns what the handler returned, not 0",
        "mm/madvise.c, madvise_inject_error(), 6.1",
    ),
    Feature(
        "abort_on_failed_unmap",
        "the handler gives up on a page that stays mapped, and on a KSM page",
        "mm/memory-failure.c, memory_failure() and hwpoison_user_mappings(), 6.1",
    ),
    Feature(
        "count_at_action_result",
        "HardwareCorrupted grows with each result line, not when the flag is set",
        "mm/memory-failure.c, action_result(), 6.1",
    ),
    Feature(
        "collect_procs_of_clean",
        "processes are collected for clean pages as well; the list is then discarded",
        "mm/memory-failure.c, hwpoison_user_mappings(), 6.1",
    ),
    Feature(
        "shake_mlocked",
        "a page that was mlocked is shaken again after unmapping",
        "mm/memory-failure.c, hwpoison_user_mappings(), 6.1",
    ),
    Feature(
        "poison_is_never_freed",
        "a poisoned page is never returned to the allocator, whoever drops its last reference",
        "mm/page_alloc.c, free_pages_prepare(), 6.1",
    ),
    Feature(
        "unmap_clears_mlocked",
        "removing the last mapping clears MLOCKED",
        "mm/rmap.c, page_remove_rmap(), munlock_vma_page(), 6.1",
    ),
    Feature(
        "pageout_spares_shared",
        "MADV_PAGEOUT skips pages that are mapped more than once, and refuses locked VMAs",
        "mm/madvise.c, can_madv_lru_vma(), madvise_cold_or_pageout_pte_range(), 6.1",
    ),
    Feature(
        "hugetlb_files_are_dirty",
        "a page added to a hugetlbfs file is marked dirty",
        "mm/hugetlb.c, hugetlb_add_to_page_cache(), 6.1",
    ),
    Feature(
        "hugetlb_dontneed",
        "MADV_DONTNEED works on hugetlb",
        '90e7e7f5ef3f ("mm: enable MADV_DONTNEED for hugetlb mappings")',
    ),
)

FEATURES: Final = {feature.name: feature for feature in _DECLARED}
