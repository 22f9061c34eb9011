"""Words of a difference between two kernels, in Markdown: each one's phases, actions, rules and values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hwpoison_gui.kernel import (
    actions,
    actions_6_1,
    actions_6_12,
    memory_failure_hugetlb,
    phases,
    phases_6_1,
    phases_6_12,
    phases_7_2,
    user_mappings,
)
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile import linux_6_1, linux_6_12, linux_7_2, v7
from hwpoison_gui.kernel.profile.type import Exit, Profile, StateRow
from hwpoison_gui.session.fidelity.differences import Difference

NOTHING: Final = "–"

# Of each variant of a phase and an action, and of each function in a profile.
BEHAVIOUR: Final[dict[Callable[..., Any], str]] = {
    phases.check_recovery: "Panic if recovery is switched off (vm.memory_failure_recovery).",
    phases.check_pfn: "pfn_valid(): ignore a pfn without a page.",
    phases.set_page_hwpoison: (
        "TestSetPageHWPoison(): mark and count the page, whatever the outcome; stop if it is marked already."
    ),
    phases.take_reference: (
        "get_page_unless_zero(): a page without references is free or part of a kernel allocation; stop there."
    ),
    phases.isolate_lru_page: "Take the page off its LRU list, away from reclaim. A page on no list cannot be handled.",
    phases.lock_page: "Lock the page, after waiting for another holder.",
    phases.wait_on_page_writeback: "Wait until I/O on the page has ended.",
    phases.check_truncated: "Stop if the page was on an LRU list and has lost its mapping: it was truncated meanwhile.",
    phases.identify_page_state: (
        "page_action(): find the row of the state table that matches the page and run its action."
    ),
    user_mappings.hwpoison_user_mappings: (
        "Collect the processes of the page, unmap it, and signal them; 6.1 stops if it stays mapped."
    ),
    phases_6_1.check_pfn: (
        "pfn_to_online_page(): refuse a pfn without a page. An error that is not simulated disables unpoison for good."
    ),
    phases_6_1.set_page_hwpoison: (
        "TestSetPageHWPoison(): mark the page, which the result line will count. Stop if it is marked already."
    ),
    phases_6_1.take_reference: (
        "get_hwpoison_page(): take a free page off the buddy lists; stop if the page is neither free nor on the LRU."
    ),
    phases_6_1.split_transparent_huge_page: (
        "try_to_split_thp_page(): split a transparent huge page, so that only one page of 4 KiB is lost."
    ),
    phases_6_1.shake_page: "Drain the per-CPU LRU caches, to put the page on its LRU list.",
    phases_6_1.lock_page: (
        "Lock the page, save its flags, ask hwpoison_filter(). Pages off the LRU skip to the state table."
    ),
    phases_6_1.check_truncated: "Stop if the page is on the LRU without a mapping: it was truncated meanwhile.",
    phases_6_1.identify_page_state: (
        "Match the current flags, or else the saved ones, with the state table, and run the action of the row."
    ),
    memory_failure_hugetlb.try_memory_failure_hugetlb: (
        "Handle an error in a hugetlb page to the end; other pages go on to the next phase."
    ),
    phases_6_12.set_page_hwpoison: (
        "TestSetPageHWPoison(): mark the page. One that is marked already has a result line, which counts nothing."
    ),
    phases_6_12.try_memory_failure_hugetlb: (
        "Handle an error in a hugetlb page to the end, with a result line for a further frame; other pages go on."
    ),
    phases_6_12.check_filter: "hwpoison_filter(), asked before the split: a test with injected errors may spare pages.",
    phases_6_12.split_transparent_huge_page: (
        "try_to_split_thp_page(): split a large folio; if it cannot be split, signal its processes and stop."
    ),
    phases_6_12.shake_page: "shake_folio(): drain the per-CPU LRU caches, to put the page on its LRU list.",
    phases_6_12.lock_page: (
        "Lock the page and save its flags; the filter was asked before. Pages off the LRU skip to the state table."
    ),
    phases_6_12.hwpoison_user_mappings: (
        "Collect the processes of the page, KSM or not, unmap it, and signal them. Stops if it stays mapped."
    ),
    phases_7_2.check_pfn: (
        "pfn_to_online_page(), else memory_failure_pfn(): a pfn without a page has a result line, and EBUSY for ENXIO."
    ),
    phases_7_2.take_reference: (
        "get_hwpoison_page(), also for an injector that has a reference, which is given back with an unhandlable page."
    ),
    actions.me_kernel_ignore: "A reserved page: ignored.",
    actions.me_kernel: "A page of the kernel: delayed until its owner frees it.",
    actions.me_free: "A free page: delayed until the allocator rejects it.",
    actions.me_huge_page: "A huge page: not supported in 2.6.32.",
    actions.me_unknown: "No row matches, which should not happen: failed.",
    actions.me_pagecache_clean: "Drop a page whose contents are elsewhere, or lost already, from the page cache.",
    actions.me_pagecache_dirty: "Contents are lost: set AS_EIO on the mapping, so that fsync fails, and drop the page.",
    actions.me_swapcache_dirty: (
        "Not written to swap yet: keep the page in the swap cache, where a swap-in will find it poisoned."
    ),
    actions.me_swapcache_clean: "Swap has the same contents: drop the page from the swap cache.",
    actions_6_1.me_kernel: "A page of the kernel: ignored.",
    actions_6_1.me_unknown: "No row matches, which should not happen: failed, and the page is unlocked.",
    actions_6_1.me_pagecache_clean: (
        "Drop a page whose contents are elsewhere, or lost already, from the page cache, or keep it there poisoned."
    ),
    actions_6_1.me_pagecache_dirty: (
        "Contents are lost: record a write-back error, so that fsync fails, and drop the page."
    ),
    actions_6_1.me_swapcache_dirty: (
        "As before, but off the LRU: keep the page in the swap cache. Failed, if it is on no list or has other users."
    ),
    actions_6_1.me_swapcache_clean: (
        "As before, and off the LRU: drop the page from the swap cache. Failed, if it is on no list or has other users."
    ),
    actions_6_1.me_huge_page: (
        "A page of a hugetlbfs file stays there, poisoned; any other is dissolved, and only 4 KiB are lost."
    ),
    actions_6_12.me_unknown: "No row matches, which should not happen: ignored.",
    v7.has_users: "All but reserved, slab and compound pages.",
    v7.early_kill_thread: "The main thread, if its PR_MCE_KILL policy is early, or default while early kill is on.",
    v7.must_kill: "If the page is dirty.",
    v7.populate_writes: "In every writable VMA.",
    v7.reuses: "If there is no other reference to the page, swap included.",
    v7.swap_in: "A write fault on a page without other references maps it writable.",
    v7.swapped_in: "Drop a reference to the swap entry; a locked VMA frees the slot at once.",
    v7.reuses_huge: "If there is no other reference to the page.",
    v7.io_refuses: "Never: file I/O does not check PG_hwpoison (mm/filemap.c, 2.6.32).",
    v7.report_error: "EIO once per mapping (AS_EIO), and only while the mapping has pages.",
    linux_6_1.has_users: "LRU and hugetlb pages, unless reserved, slab or a page table.",
    linux_6_1.find_early_kill_thread: (
        "The first thread whose PR_MCE_KILL policy is early, or default while early kill is on."
    ),
    linux_6_1.must_kill: "If the page is dirty or could not be unmapped.",
    linux_6_1.populate_writes: "In writable private VMAs; shared ones are read, to keep them clean.",
    linux_6_1.reuses: "If the page is exclusive, or has no other reference, swap included.",
    linux_6_1.swap_in: "Drop the swap reference; a page that was, or is now, exclusive may be mapped writable.",
    linux_6_1.swapped_in: "Nothing: the entry was dropped before mapping.",
    linux_6_1.reuses_huge: "If the page is anonymous and mapped once, whoever else holds it.",
    linux_6_1.io_refuses: "For poisoned pages of tmpfs and hugetlbfs.",
    linux_6_1.check_and_advance_wb_err: (
        "EIO once per open file description; never on tmpfs and hugetlbfs, whose fsync is noop_fsync()."
    ),
    linux_6_12.io_refuses: (
        "For poisoned pages of tmpfs and hugetlbfs; of a huge page, only for the 4 KiB that are bad."
    ),
    linux_7_2.reuses: (
        "Also a page of a large folio that this address space alone maps, and that nobody else refers to."
    ),
}

# Of a kernel that does elsewhere what a difference is about, by kernel and difference.
_ELSEWHERE: Final[dict[tuple[str, str], str]] = {
    ("6.1", "phases.check_filter"): "hwpoison_filter(), asked after the split, with the page locked.",
}


def kernels_words(difference: Difference) -> tuple[str, str]:
    """Say how the older and how the newer kernel has it."""
    return (
        _of_kernel(difference, difference.older, difference.before),
        _of_kernel(difference, difference.newer, difference.after),
    )


def _of_kernel(difference: Difference, kernel: Profile, value: Any) -> str:
    if difference.flags:
        return " ".join(pf.names_of(value)) or NOTHING
    words = value_words(value)
    return _ELSEWHERE.get((kernel.name, difference.name), NOTHING) if words == NOTHING else words


def value_words(value: Any) -> str:
    """A value of a profile; None and an empty text are those of a kernel that has nothing of the kind."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, tuple) and value and isinstance(value[0], StateRow):
        return f"{len(value)} rows"
    if type(value) is tuple:  # a record is one as well
        return " ".join(f"`{one}`" for one in value) or NOTHING
    if callable(value):
        return BEHAVIOUR[value]
    if isinstance(value, Exit):
        return f"`{value.kind}`, {value.result}, {value.errno}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"`{value}`" if isinstance(value, str) else str(value)
