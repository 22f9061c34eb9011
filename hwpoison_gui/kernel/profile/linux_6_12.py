"""Profile 6.12: a long-term kernel, as the difference from 6.1.

After Linux 6.12; sources.py cites each difference. What is not replaced here is as in profile/linux_6_1.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .. import actions_6_12, phases_6_12
from .. import page_flags as pf
from ..machine import Machine
from .linux_6_1 import FEATURES as FEATURES_6_1
from .linux_6_1 import V6_1
from .type import FAILED, IGNORED, SYSCTL_ENABLE_SOFT_OFFLINE, Exit, Sysctl
from .variants import before, by_name, changed

# error_states[]: the row of slab pages, which never reach it, is gone.
ERROR_STATES: Final = tuple(row for row in V6_1.results.states if row.mask != pf.SLAB)

ENABLE_SOFT_OFFLINE: Final = Sysctl(SYSCTL_ENABLE_SOFT_OFFLINE, default=1)

# features.py cites the source of each.
FEATURES: Final = FEATURES_6_1 - {"page_error_flag", "sigkill_if_still_mapped"} | {
    "madvise_action_required",
    "machine_check_must_kill",
    "memory_failure_stats",
    "hugetlb_accessed_address",
    "tails_show_their_folio",
    "unpoison_spares_offline",
    "mlock_large_folios",
    "hugetlb_signal_address",
    "multi_size_thp",
    "cgroup_of_the_folio",
}


def io_refuses(m: Machine, pfn: int) -> bool:
    """Return whether it is a poisoned page of tmpfs or hugetlbfs; of a huge page, one of the 4 KiB that are bad."""
    head = m.compound_head(pfn)
    inode = m.inode_of(head)
    if inode is None or inode.filesystem not in ("tmpfs", "hugetlbfs"):
        return False
    if m.page(head) & pf.HUGE:
        return pfn in m.raw_hwp.of(head)
    return bool(m.page(pfn) & pf.HWPOISON)


# soft_offline_page() and soft_offline_in_use_page(); values as in linux_6_1.py.
SOFT_OFFLINE: Final = {
    "disabled": "Soft offline: disabled by /proc/sys/vm/enable_soft_offline",
    "already poisoned": "Soft offline: {pfn:#x}: page already poisoned",
    "thp split failed": "Soft offline: {pfn:#x}: thp split failed",
    "invalidated": "Soft offline: {pfn:#x}: invalidated",
    "isolation failed": "Soft offline: {pfn:#x}: {size} isolation failed, page count {count}, type {flags}",
    "migration failed": "Soft offline: {pfn:#x}: {size} migration failed {left}, type {flags}",
}
# unpoison_memory()
UNPOISON: Final = {
    "done": "Unpoison: {pfn:#x}: software-unpoisoned page",
    "hardware failure": "Unpoison: {pfn:#x}: disabled after HW memory failure",
    "huge zero page": "Unpoison: {pfn:#x}: huge zero page is not supported",
    "not poisoned": "Unpoison: {pfn:#x}: page was already unpoisoned",
    "referenced": "Unpoison: {pfn:#x}: someone grabs the hwpoison page",
    "mapped": "Unpoison: {pfn:#x}: someone maps the hwpoison page",
    "has a mapping": "Unpoison: {pfn:#x}: the hwpoison page has non-NULL mapping",
}

V6_12: Final = replace(
    V6_1,
    name="6.12",
    title="Linux 6.12 (long-term)",
    news="KSM pages recover; early users of a huge page that cannot be split are signalled",
    from_version=(6, 11),
    modelled=(6, 12),
    release="6.12.117 (Debian 6.12.117-1)",
    sysctls=(*V6_1.sysctls, ENABLE_SOFT_OFFLINE),
    features=FEATURES,
    phases=before(
        "split_transparent_huge_page",
        phases_6_12.check_filter,
        changed(
            V6_1.phases,
            phases_6_12.try_memory_failure_hugetlb,
            phases_6_12.set_page_hwpoison,
            phases_6_12.split_transparent_huge_page,
            phases_6_12.shake_page,
            phases_6_12.lock_page,
            phases_6_12.hwpoison_user_mappings,
        ),
    ),
    names={
        **V6_1.names,
        "__alloc_pages_nodemask": "__alloc_pages_noprof",
        "add_to_kill": "__add_to_kill",
        "truncate_error_page": "truncate_error_folio",
        "generic_error_remove_page": "generic_error_remove_folio",
        "shmem_error_remove_page": "shmem_error_remove_folio",
        "hugetlbfs_error_remove_page": "hugetlbfs_error_remove_folio",
        "invalidate_inode_page": "mapping_evict_folio",
        "dissolve_free_huge_page": "dissolve_free_hugetlb_folio",
        "unlock_page": "folio_unlock",
        "wait_on_page_writeback": "folio_wait_writeback",
        "split_huge_page_to_list": "split_huge_page_to_list_to_order",
    },
    log=replace(
        V6_1.log,
        unmap_failed="failed to unmap page (folio mapcount={left})",
        already_poisoned="",
        ksm="",
        soft_offline=SOFT_OFFLINE,
        unpoison=UNPOISON,
    ),
    results=replace(
        V6_1.results,
        states=ERROR_STATES,
        actions={**V6_1.results.actions, **by_name(actions_6_12.me_unknown)},
        exits={
            **V6_1.results.exits,
            "already poisoned": Exit("already poisoned page", FAILED, "EHWPOISON", counted=False),
            "poisoned huge page": Exit("huge page", FAILED, "EHWPOISON"),
            "unhandlable": Exit("get hwpoison page", IGNORED, "EBUSY"),
            "unsplit thp": Exit("unsplit thp", FAILED, "EHWPOISON"),
            "unmap failed": Exit("unmapping failed page", FAILED, "EBUSY"),
        },
    ),
    files=replace(
        V6_1.files,
        io_refuses=io_refuses,
        large_folios=("tmpfs",),
    ),
)
