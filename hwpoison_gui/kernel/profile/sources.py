"""Kernel source of each difference between a modelled kernel and the one before it.

By kernel and by the name of the difference (session/fidelity/differences.py), or by that of a mapping for all its keys.
A source is a commit, or file, function and the release that was read; a release behind a commit is the first that has
it. Features cite theirs in features.py. No profile holds this: only the page of differences and comparisons need it.
"""

from __future__ import annotations

from typing import Final

_MF: Final = "mm/memory-failure.c"
_LOG_6_11: Final = "mm/memory-failure: refactor log format in"

SOURCES: Final[dict[str, dict[str, str]]] = {
    "6.1": {
        "phases.check_pfn": "96c804a6ae8c (\"mm/memory-failure.c: don't access uninitialized memmaps in"
        ' memory_failure()")',
        "phases.try_memory_failure_hugetlb": '405ce051236c ("mm/hwpoison: fix race between hugetlb free/demotion and'
        ' memory_failure_hugetlb()")',
        "phases.set_page_hwpoison": '47af12bae17f ("mm,hwpoison: return -EHWPOISON to denote that the page has already'
        ' been poisoned")',
        "phases.take_reference": '0ed950d1f281 ("mm,hwpoison: make get_hwpoison_page() call get_any_page()"),'
        ' a8b2c2ce89d4 ("mm,hwpoison: take free pages off the buddy freelists")',
        "phases.isolate_lru_page": f"{_MF}, delete_from_lru_cache(), called by the actions, 6.1",
        "phases.split_transparent_huge_page": '415c64c1453a ("mm/memory-failure: split thp earlier in memory error'
        ' handling")',
        "phases.shake_page": f"{_MF}, memory_failure(), shake_page(), 6.1",
        "phases.lock_page": '524fca1e7356 ("HWPOISON: fix misjudgement of page_action() for errors on mlocked pages"),'
        ' 0bc1f8b0682c ("hwpoison: fix the handling path of the victimized page frame that belong to non-LRU")',
        "phases.check_truncated": f"{_MF}, memory_failure(), 6.1",
        "phases.identify_page_state": '524fca1e7356 ("HWPOISON: fix misjudgement of page_action() for errors on mlocked'
        ' pages")',
        "sysctls.memory_failure_early_kill": f"{_MF}, sysctl_memory_failure_early_kill, 6.1; v7 after the text of"
        " 6a46079cf57a",
        "log.panic": f"{_MF}, memory_failure(), 6.1",
        "log.init_died": "kernel/exit.c, do_exit(), 6.1",
        "log.prefix": '96f96763de26 ("mm: memory-failure: convert to pr_fmt()")',
        "log.result": f"{_MF}, action_result(), 6.1",
        "log.kill": f"{_MF}, kill_proc(), 6.1",
        "log.still_referenced": f"{_MF}, has_extra_refcount(), 6.1",
        "log.unmap_failed": f"{_MF}, hwpoison_user_mappings(), 6.1",
        "log.no_page": f"{_MF}, memory_failure(), 6.1",
        "log.already_poisoned": f"{_MF}, memory_failure(), try_memory_failure_hugetlb(), 6.1",
        "log.unhandlable": f"{_MF}, get_any_page(), 6.1",
        "log.ksm": f"{_MF}, hwpoison_user_mappings(), 6.1",
        "log.split_huge_zero_page": "mm/huge_memory.c, split_huge_page_to_list(), 6.1",
        "log.soft_offline": f"{_MF}, soft_offline_page(), soft_offline_in_use_page(), 6.1",
        "log.unpoison": f"{_MF}, unpoison_memory(), 6.1",
        "results.states": f"{_MF}, error_states[], 6.1",
        "results.actions.me_kernel_ignore": f"{_MF}, error_states[], 6.1",
        "results.actions.me_free": f"{_MF}, error_states[], 6.1",
        "results.actions.me_kernel": f"{_MF}, me_kernel(), 6.1",
        "results.actions.me_huge_page": f"{_MF}, me_huge_page(), 6.1",
        "results.actions.me_unknown": f"{_MF}, me_unknown(), 6.1",
        "results.actions.me_pagecache_clean": f"{_MF}, me_pagecache_clean(), truncate_error_page(), 6.1",
        "results.actions.me_pagecache_dirty": f"{_MF}, me_pagecache_dirty(), 6.1",
        "results.actions.me_swapcache_dirty": f"{_MF}, me_swapcache_dirty(), 6.1",
        "results.actions.me_swapcache_clean": f"{_MF}, me_swapcache_clean(), 6.1",
        "results.errno_of.Delayed": f"{_MF}, page_action(), 6.1",
        "results.exits.no page": f"{_MF}, memory_failure(), 6.1",
        "results.exits.already poisoned": '47af12bae17f ("mm,hwpoison: return -EHWPOISON to denote that the page has'
        ' already been poisoned")',
        "results.exits.free": 'a8b2c2ce89d4 ("mm,hwpoison: take free pages off the buddy freelists")',
        "results.exits.high-order kernel": f"{_MF}, memory_failure(), 6.1",
        "results.exits.not on LRU": f"{_MF}, memory_failure(), 6.1",
        "results.exits.unhandlable": f"{_MF}, memory_failure(), 6.1",
        "results.exits.unsplit thp": f"{_MF}, memory_failure(), 6.1",
        "results.exits.unmap failed": f"{_MF}, memory_failure(), 6.1",
        "results.exits.truncated": f"{_MF}, memory_failure(), 6.1",
        "users.has_users": f"{_MF}, hwpoison_user_mappings(), 6.1",
        "users.early_kill_thread": f"{_MF}, task_early_kill(), find_early_kill_thread(), 6.1",
        "users.unmap_tries": f"{_MF}, hwpoison_user_mappings(), 6.1",
        "users.must_kill": f"{_MF}, hwpoison_user_mappings(), forcekill, 6.1",
        "mm.populate_writes": "mm/gup.c, populate_vma_page_range(), 6.1; mm/memory.c, make_pages_present(), 2.6.32",
        "mm.reuses": "mm/memory.c, do_wp_page(), 6.1 and 2.6.32",
        "mm.swap_in": "mm/memory.c, do_swap_page(), 6.1 and 2.6.32",
        "mm.swapped_in": "mm/memory.c, do_swap_page(), 6.1 and 2.6.32",
        "mm.exclusive": '6c287605fd56 ("mm: remember exclusively mapped anonymous pages with PG_anon_exclusive")',
        "mm.reuses_huge": "mm/hugetlb.c, hugetlb_wp(), 6.1; hugetlb_cow(), 2.6.32",
        "mm.no_huge_page": "mm/hugetlb.c, hugetlb_wp(), hugetlb_no_page(), 6.1",
        "mm.fault_around": '8c6e50b0290c ("mm: introduce vm_ops->map_pages()")',
        "files.io_refuses": "mm/shmem.c, shmem_file_read_iter(), shmem_write_begin();"
        " fs/hugetlbfs/inode.c, hugetlbfs_read_iter(), 6.1",
        "files.report_error": "mm/filemap.c, file_check_and_advance_wb_err(), 6.1;"
        " filemap_write_and_wait_range(), 2.6.32",
        "files.noop_fsync": "mm/shmem.c, shmem_file_operations; fs/hugetlbfs/inode.c, hugetlbfs_file_operations, 6.1",
        "files.error_remove_page.tmpfs": 'a76054266661 ("mm: shmem: don\'t truncate page if memory failure happens")',
        "files.error_remove_page.hugetlbfs": '8625147cafaa ("hugetlbfs: don\'t delete error page from pagecache")',
        "names.identify_page_state": '524fca1e7356 ("HWPOISON: fix misjudgement of page_action() for errors on mlocked'
        ' pages"): the loop over error_states[] is a function of its own',
        "names.__alloc_pages_nodemask": "mm/page_alloc.c, 6.1",
        "names.do_fork": "kernel/fork.c, 6.1",
        "names.do_page_fault": "arch/x86/mm/fault.c, 6.1",
        "names.do_sys_open": "fs/open.c, 6.1",
        "names.generic_file_aio_read": "mm/filemap.c, 6.1",
        "names.generic_file_aio_write": "mm/filemap.c, 6.1",
        "names.get_signal_to_deliver": "kernel/signal.c, 6.1",
        "names.hugetlb_cow": "mm/hugetlb.c, 6.1",
        "names.hugetlbfs_read": "fs/hugetlbfs/inode.c, 6.1",
        "names.madvise_dontneed": "mm/madvise.c, 6.1",
        "names.page_mkclean": "mm/rmap.c, 6.1",
        "names.kill_procs_ao": f"{_MF}, 6.1",
        "names.kill_proc_ao": f"{_MF}, 6.1",
        "names.sys_close": "fs/file.c, 6.1",
        "names.test_clear_page_writeback": "mm/page-writeback.c, 6.1",
        "names.test_set_page_writeback": "mm/page-writeback.c, 6.1",
    },
    "6.12": {
        "phases.try_memory_failure_hugetlb": f"{_MF}, try_memory_failure_hugetlb(), hugetlb_update_hwpoison(), 6.12",
        "phases.set_page_hwpoison": 'b8b9488d50b7 ("mm/memory-failure: improve memory failure action_result messages")',
        "phases.check_filter": '9b0ab153d769 ("mm/memory-failure: move hwpoison_filter() higher up")',
        "phases.split_transparent_huge_page": '1a3798dececa ("mm/memory-failure: send SIGBUS in the event of thp split'
        ' fail")',
        "phases.shake_page": '"mm/memory-failure: convert shake_page() to shake_folio()" (6.10)',
        "phases.lock_page": '9b0ab153d769 ("mm/memory-failure: move hwpoison_filter() higher up")',
        "phases.hwpoison_user_mappings": '4248d0083ec5 ("mm: ksm: support hwpoison for ksm page");'
        " mm/ksm.c, collect_procs_ksm(), 6.12",
        "sysctls.enable_soft_offline": '56374430c5df ("mm/memory-failure: userspace controls soft-offlining pages")',
        "log.unmap_failed": f"{_MF}, hwpoison_user_mappings(), 6.12",
        "log.already_poisoned": 'b8b9488d50b7 ("mm/memory-failure: improve memory failure action_result messages")',
        "log.ksm": '4248d0083ec5 ("mm: ksm: support hwpoison for ksm page")',
        "log.soft_offline": f'"{_LOG_6_11} soft offline code" (6.11)',
        "log.soft_offline.disabled": '56374430c5df ("mm/memory-failure: userspace controls soft-offlining pages")',
        "log.unpoison": f'"{_LOG_6_11} unpoison_memory" (6.11)',
        "results.states": '46df8e73a4a3 ("mm: free up PG_slab")',
        "results.actions.me_unknown": f"{_MF}, me_unknown(), 6.12",
        "results.exits.already poisoned": 'b8b9488d50b7 ("mm/memory-failure: improve memory failure action_result'
        ' messages")',
        "results.exits.poisoned huge page": f"{_MF}, try_memory_failure_hugetlb(), 6.12",
        "results.exits.unhandlable": 'b8b9488d50b7 ("mm/memory-failure: improve memory failure action_result'
        ' messages")',
        "results.exits.unsplit thp": '1a3798dececa ("mm/memory-failure: send SIGBUS in the event of thp split fail")',
        "results.exits.unmap failed": 'aa298fdf535d ("mm/memory-failure: try to send SIGBUS even if unmap failed")',
        "files.io_refuses": '38c1ddbde6c6 ("hugetlbfs: improve read HWPOISON hugepage")',
        "files.large_folios": "mm/shmem.c, shmem_allowable_huge_orders(), 6.12",
        "names.__alloc_pages_nodemask": "mm/page_alloc.c, 6.12",
        "names.add_to_kill": f"{_MF}, 6.12",
        "names.truncate_error_page": f"{_MF}, 6.12",
        "names.generic_error_remove_page": "mm/truncate.c, 6.12",
        "names.shmem_error_remove_page": "mm/shmem.c, 6.12",
        "names.hugetlbfs_error_remove_page": "fs/hugetlbfs/inode.c, 6.12",
        "names.invalidate_inode_page": "mm/truncate.c, 6.12",
        "names.dissolve_free_huge_page": "mm/hugetlb.c, 6.12",
        "names.unlock_page": "mm/filemap.c, 6.12",
        "names.wait_on_page_writeback": "mm/page-writeback.c, 6.12",
        "names.split_huge_page_to_list": "mm/huge_memory.c, 6.12",
    },
    "7.2": {
        "phases.check_pfn": '2ec41967189c ("mm: handle poisoning of pfn without struct pages")',
        "phases.take_reference": f"{_MF}, memory_failure(), get_hwpoison_page(), 7.2",
        "results.exits.no page": '2ec41967189c ("mm: handle poisoning of pfn without struct pages")',
        "mm.reuses": '1da190f4d0a6 ("mm: Copy-on-Write (COW) reuse support for PTE-mapped THP")',
        "files.large_folios": '7ac67301e82f ("ext4: enable large folio for regular file"), 6.16',
        "names.split_huge_page_to_list": "mm/huge_memory.c, 7.2",
    },
}

# Steps name the functions that a compiled kernel enters. These were inlined, not renamed: (kernel, name at the site).
INLINED: Final[dict[tuple[str, str], str]] = {
    ("6.1", "collect_procs_anon"): f"{_MF}, 6.1: inlined into its only caller",
    ("6.1", "collect_procs_file"): f"{_MF}, 6.1: inlined into its only caller",
    ("7.2", "remap_page"): "mm/huge_memory.c, 7.2: not entered; the trace has remove_migration_ptes(), which it calls",
    (
        "7.2",
        "shake_page",
    ): f"{_MF}, 7.2: shake_folio() is inlined into get_any_page(), and that into get_hwpoison_page()",
}
