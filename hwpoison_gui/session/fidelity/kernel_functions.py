"""The kernel functions that steps name, those that are part of another step, and those left out.

The first are the functions of all sites declared in kernel/; the other two are tables. Recordings of a real kernel
check them: each function that it entered must be in one of the three. A fourth table has the kernel files.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import defaultdict
from collections.abc import Collection
from typing import Final

from hwpoison_gui import kernel
from hwpoison_gui.kernel.mark import SITES
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.record import Record


class Folded(Record):
    """Functions without a step of their own: the step of `into` includes them."""

    functions: str
    into: str
    why: str


class LeftOut(Record):
    """Functions that have no counterpart here."""

    functions: str
    why: str


FOLDED: Final = (
    Folded("PageHuge PageHeadHuge folio_mapcount folio_mapped page_mapped", "whoever asks", "the branch taken tells"),
    Folded("page_mapping folio_mapping inode_to_bdi", "hwpoison_user_mappings", "the branch taken tells"),
    Folded("try_memory_failure_hugetlb", "memory_failure", "the compiler folds it into its only caller"),
    Folded(
        "unmap_poisoned_folio hugetlb_folio_mapping_lock_write",
        "hwpoison_user_mappings",
        "the branches taken tell what it leaves in the page tables",
    ),
    Folded(
        "try_to_split_thp_page min_order_for_split __split_huge_page_to_list_to_order",
        "split_huge_page_to_list",
        "it does nothing else",
    ),
    Folded(
        "get_any_page __get_hwpoison_page HWPoisonHandlable get_hwpoison_huge_page get_hwpoison_hugetlb_folio",
        "get_hwpoison_page",
        "how it looks at the page; most of them are folded by the compiler, too",
    ),
    Folded(
        "zone_pcp_disable zone_pcp_enable __drain_all_pages __zone_set_pageset_high_and_batch drain_pages_zone",
        "get_hwpoison_page",
        "draining the per-CPU lists is one act",
    ),
    Folded(
        "lru_add_drain_all lru_add_drain_cpu mlock_drain_local need_mlock_drain has_bh_in_lru",
        "shake_page",
        "pages are on their LRU lists at once here: there is nothing to drain",
    ),
    Folded("folio_lock", "hwpoison_filter", "locking has no step: memory_failure() calls it inline"),
    Folded("folio_wait_writeback", "wait_on_page_writeback", "it does nothing else"),
    Folded("folio_unlock", "unlock_page", "it does nothing else"),
    Folded(
        "try_to_unmap rmap_walk rmap_walk_anon rmap_walk_file rmap_walk_locked",
        "try_to_unmap_one",
        "each entry that the walk finds has a step",
    ),
    Folded("try_to_migrate", "try_to_migrate_one", "each entry that the walk finds has a step"),
    Folded("page_mkclean_one invalid_mkclean_vma", "folio_mkclean", "it counts the entries that were dirty"),
    Folded("page_address_in_vma kmalloc_trace", "add_to_kill", "the entry of the list carries the address"),
    Folded("send_sig_mceerr force_sig_mceerr send_sig_info", "kill_proc", "the step says what became of the signal"),
    Folded("isolate_lru_page folio_isolate_lru", "delete_from_lru_cache", "it does nothing else"),
    Folded("delete_from_swap_cache __delete_from_swap_cache put_swap_folio", "me_swapcache_clean", "it is the action"),
    Folded("__filemap_set_wb_err mapping_set_error", "me_pagecache_dirty", "it is what the action does first"),
    Folded("filemap_release_folio truncate_inode_page", "generic_error_remove_page", "the page leaves its file"),
    Folded("__page_handle_poison", "dissolve_free_huge_page", "what it calls has steps"),
    Folded("SetPageHWPoisonTakenOff", "take_page_off_buddy", "unpoisoning knows such a page by it"),
    Folded(
        "hwpoison_filter_dev hwpoison_filter_flags hwpoison_filter_task",
        "hwpoison_filter",
        "the step names which refuses",
    ),
    Folded("can_split_folio", "split_huge_page_to_list", "the branch taken tells"),
    Folded("free_page_and_swap_cache", "split_huge_page_to_list", "the other pages lose the splitter's reference"),
    Folded("remove_migration_ptes", "remap_page", "512 pages are told at once"),
    Folded(
        "soft_offline_in_use_page invalidate_inode_page isolate_folio_to_list",
        "soft_offline_page",
        "the branch taken tells",
    ),
    Folded(
        "migrate_pages_sync migrate_pages_batch alloc_migration_target move_to_new_folio migrate_folio_done"
        " folio_add_lru",
        "migrate_pages",
        "moving one page is one act",
    ),
    Folded("__folio_put", "page_handle_poison", "the old frame's last reference goes with it"),
    Folded("_printk vprintk", "whoever logs", "log lines are changes of the step"),
    Folded("lock_page_killable folio_lock_anon_vma_read", "collect_procs", "locking has no step of its own"),
)

LEFT_OUT: Final = (
    LeftOut(
        "mutex_lock mutex_unlock mutex_trylock _raw_spin_lock _raw_spin_unlock _raw_spin_lock_irq _raw_spin_unlock_irq"
        " _raw_spin_lock_irqsave _raw_spin_unlock_irqrestore down_read down_write up_read up_write get_online_mems"
        " put_online_mems __rcu_read_lock __rcu_read_unlock folio_lruvec_lock folio_lruvec_lock_irq"
        " hugetlb_page_mapping_lock_write folio_get_anon_vma",
        "locks: while an operation runs nobody else does, so none is ever waited for",
    ),
    LeftOut(
        "__cond_resched handle_softirqs idle_cpu update_rq_clock rcu_note_context_switch pick_next_task_fair"
        " psi_task_switch __traceiter_sched_switch enter_lazy_tlb finish_task_switch tick_nohz_irq_exit"
        " __tick_nohz_full_update_tick __rcu_irq_enter_check_tick ktime_get queue_work_on flush_work"
        " raw_irqentry_exit_cond_resched migrate_disable_switch pick_task_fair pick_eevdf arch_scale_cpu_capacity"
        " tick_program_event __hrtimer_rearm_deferred update_curr",
        "scheduling and interrupts: time has no part in it",
    ),
    LeftOut(
        "inc_node_page_state memblk_nr_poison_inc get_pfnblock_flags_mask get_pfnblock_migratetype"
        " __mod_zone_page_state mod_node_page_state page_cpupid_xchg_last",
        "statistics of zones, nodes and memory blocks; HardwareCorrupted is kept",
    ),
    LeftOut("split_page_memcg __mem_cgroup_uncharge", "memory cgroups have no limit here: nothing is refused"),
    LeftOut(
        "__kmem_cache_alloc_node __kmalloc_cache_noprof kfree",
        "the kernel's own small allocations, which never fail here",
    ),
    LeftOut(
        "set_mce_nospec arch_is_platform_page change_page_attr_set_clr",
        "the kernel's own mapping of the frame, which processes do not see",
    ),
    LeftOut(
        "memory_failure_queue memory_failure_work_func", "errors that firmware reports (APEI) come in as srao does"
    ),
    LeftOut("memory_failure_dev_pagemap mf_generic_kill_procs", "DAX: there is no memory of devices"),
    LeftOut(
        "x86_decode_mce mce_log severity", "decoding a machine check: a frame's number is all that is needed of it"
    ),
)

# Kernel files that each file of kernel/ with sites is written after, separated by spaces. The phases and actions of one
# kernel, as in phases_6_1.py, are written after those of phases.py and actions.py.
AFTER: Final = {
    "actions.py": "mm/memory-failure.c",
    "anon_folio.py": "mm/memory.c mm/mlock.c",
    "collect.py": "mm/memory-failure.c",
    "collect_ksm.py": "mm/ksm.c",
    "exit.py": "kernel/exit.c kernel/pid_namespace.c fs/file.c",
    "fork.py": "kernel/fork.c mm/memory.c",
    "fs.py": "fs/open.c mm/filemap.c fs/sync.c mm/truncate.c",
    "get_hwpoison_page.py": "mm/memory-failure.c",
    "gup.py": "mm/gup.c arch/x86/lib/usercopy.c fs/splice.c",
    "handler.py": "mm/memory-failure.c",
    "huge_fault.py": "mm/huge_memory.c mm/memory.c mm/shmem.c",
    "huge_memory.py": "mm/huge_memory.c",
    "hugetlb.py": "mm/hugetlb.c fs/hugetlbfs/inode.c",
    "hugetlb_pool.py": "mm/hugetlb.c",
    "hwpoison_filter.py": "mm/memory-failure.c mm/hwpoison-inject.c",
    "hwpoison_inject.py": "mm/hwpoison-inject.c drivers/base/memory.c",
    "kill_accessing_process.py": "mm/memory-failure.c",
    "ksm.py": "mm/ksm.c",
    "madvise.py": "mm/madvise.c",
    "mce.py": "arch/x86/kernel/cpu/mce/core.c",
    "memory.py": "mm/memory.c arch/x86/mm/fault.c",
    "memory_failure.py": "mm/memory-failure.c",
    "memory_failure_hugetlb.py": "mm/memory-failure.c",
    "migrate.py": "mm/migrate.c",
    "mmap.py": "mm/mmap.c mm/mremap.c mm/mprotect.c mm/mlock.c",
    "phases.py": "mm/memory-failure.c",
    "rmap.py": "mm/rmap.c",
    "signal.py": "kernel/signal.c",
    "soft_offline.py": "mm/memory-failure.c",
    "split_folio.py": "mm/huge_memory.c mm/rmap.c",
    "swap.py": "mm/swapfile.c mm/swap_state.c mm/vmscan.c",
    "unpoison.py": "mm/memory-failure.c",
    "user_mappings.py": "mm/memory-failure.c",
}
_OF_KERNEL: Final = re.compile(r"(_\d+)+(?=\.py$)")


class Modelled(Record):
    """The functions of the sites of one of our files, and the kernel files that it follows."""

    module: str
    after: tuple[str, ...]
    functions: tuple[str, ...]


def modelled() -> list[Modelled]:
    """Return the modelled functions by file of kernel/, without the files that have no sites."""
    for found in pkgutil.walk_packages(kernel.__path__, f"{kernel.__name__}."):
        importlib.import_module(found.name)
    functions: defaultdict[str, set[str]] = defaultdict(set)
    for site in SITES.values():
        if site.module.startswith(f"{kernel.__name__}."):
            functions[site.module] |= {profile.called(site.function) for profile in PROFILES.values()}
    return [_modelled(module, functions[module]) for module in sorted(functions)]


def _modelled(module: str, functions: Collection[str]) -> Modelled:
    path = f"{module.removeprefix(f'{kernel.__name__}.').replace('.', '/')}.py"
    return Modelled(path, tuple(AFTER[_OF_KERNEL.sub("", path)].split()), tuple(sorted(functions)))


def by_profile() -> tuple[str, ...]:
    """Functions in the tables of profiles: what removes a page of a file on error."""
    found = {how for profile in PROFILES.values() for how in profile.files.error_remove_page.values()}
    return tuple(sorted(found))


def all_known() -> dict[str, str]:
    """Map every function of the three lists to its list: `modelled`, `folded` or `left out`."""
    known = {name: "left out" for entry in LEFT_OUT for name in entry.functions.split()}
    known |= {name: "folded" for folded in FOLDED for name in folded.functions.split()}
    known |= {name: "modelled" for module in modelled() for name in module.functions}
    return known | dict.fromkeys(by_profile(), "modelled")
