"""Outline of the phases that are new or different in 6.1."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import (
    get_hwpoison_page,
    hugetlb_pool,
    hwpoison_filter,
    kill_accessing_process,
    phases_6_1,
    split_folio,
    user_mappings,
)
from hwpoison_gui.kernel import memory_failure_hugetlb as hugetlb
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.handler import EXITS, Verdict
from hwpoison_gui.kernel.profile.variants import Variant
from hwpoison_gui.view.outline.actions import AFTER_6_1, ROW_6_1
from hwpoison_gui.view.outline.part import NO_STEP, Entrance, Part, Way
from hwpoison_gui.view.outline.users import USER_MAPPINGS

ONLINE: Final = Part(
    "Is there memory at the frame number?",
    "pfn_to_online_page",
    (
        Way(phases_6_1.ONLINE, "It is memory of this machine."),
        Way(phases_6_1.OFFLINE, "No: it is logged, −ENXIO."),
    ),
)

ACCESSING: Final = Part(
    "Did the running thread access it again?",
    "kill_accessing_process",
    (
        Way(kill_accessing_process.FOUND, "Its page tables have the page: BUS_MCEERR_AR at once."),
        Way(kill_accessing_process.NOT_FOUND, "Its page tables no longer have the page: it may retry."),
    ),
    (user_mappings.SENT,),
    quiet=True,
    local=True,
)

# Reached only if a filter refuses the page.
FILTERED: Final = Part(
    "A filter protects it",
    "hwpoison_filter",
    signs=(hwpoison_filter.FILTERED,),
    quiet=True,
    local=True,
    teach="corrupt-filter-enable is set: the test is to spare this page. −EOPNOTSUPP, which injectors take for 0.",
)

HUGETLB: Final = Part(
    "Is it part of a hugetlb page?",
    "memory_failure",
    (
        Way(NO_STEP, "No: small pages are handled below."),
        Way(hugetlb.HUGE_PAGE, "Yes: handled as a whole, PG_hwpoison is set on its head."),
        Way(hugetlb.FREE_HUGE_PAGE, "Yes, and free: dissolved, only the bad 4 KiB are withheld."),
        Way(hugetlb.POISONED_BEFORE, "Yes, and poisoned before: −EHWPOISON."),
    ),
    (
        hugetlb.LOCKED,
        hugetlb_pool.DISSOLVED,
        hugetlb_pool.NOT_DISSOLVED,
        hugetlb_pool.OFF_BUDDY,
        hugetlb.FREE_RESULT,
    ),
    parts=(
        ACCESSING,
        FILTERED,
        Part(USER_MAPPINGS.title, USER_MAPPINGS.function, parts=USER_MAPPINGS.parts, quiet=True, local=True),
        Part("What is done with it?", "page_action", parts=(ROW_6_1, *AFTER_6_1), quiet=True, local=True),
    ),
)

SET_POISON: Final = Part(
    "Was it poisoned before?",
    "TestSetPageHWPoison",
    (
        Way(phases_6_1.POISONED, "No: PG_hwpoison is set now; it is counted with the result line."),
        Way(phases_6_1.POISONED_BEFORE, "Yes: it is logged, −EHWPOISON."),
    ),
    parts=(ACCESSING,),
)

TAKE: Final = Part(
    "Can a reference be taken?",
    "get_hwpoison_page",
    (
        Way(phases_6_1.COUNT_INCREASED, "The injector has a reference already."),
        Way(get_hwpoison_page.LRU_PAGE, "It is on an LRU list: a reference is taken."),
        Way(get_hwpoison_page.FREE_PAGE, "It is free: taken off the free lists for good. Recovered."),
        Way(get_hwpoison_page.UNHANDLABLE, "Neither: in use by the kernel. {unhandlable.result}, {unhandlable.errno}."),
    ),
    (
        get_hwpoison_page.DRAINED,
        get_hwpoison_page.HUGE_PAGE,
        get_hwpoison_page.SHAKEN,
        phases_6_1.OFF_BUDDY,
        phases_6_1.FREE_RESULT,
        EXITS["unhandlable"],
    ),
)

SPLIT: Final = Part(
    "Is it part of a large folio?",
    "split_huge_page_to_list",
    (
        Way(NO_STEP, "No: it is a page of 4 KiB."),
        Way((split_folio.SPLIT_FILE, split_folio.REMAPPED), "Yes: split into single pages, of which one is lost."),
        Way(
            (split_folio.NEVER_SPLIT, split_folio.UNDER_IO, split_folio.BUFFERS, split_folio.HELD),
            "Yes, but it cannot be split: “{unsplit thp.kind}”, {unsplit thp.result}.",
        ),
    ),
    (
        split_folio.SPLIT,
        split_folio.ENTRY_SPLIT,
        split_folio.NOT_MIGRATED,
        split_folio.ENTRY_DROPPED,
        EXITS["unsplit thp"],
    ),
)

SHAKE: Final = Part("Drain the per-CPU LRU caches", "shake_page", signs=(phases_6_1.SHAKEN,))

LOCK: Final = Part(
    "Lock it and save its flags",
    "hwpoison_filter",
    (
        Way(phases_6_1.LOCKED, "PG_locked was clear: locked at once."),
        Way(phases_6_1.LOCK_WAITED, "PG_locked was set: the handler waits for the holder."),
    ),
    parts=(FILTERED,),
    teach="Unmapping clears PG_mlocked: the flags saved here tell what the page was.",
)

TORN_DOWN: Final = Part(
    "Was it truncated meanwhile?",
    "memory_failure",
    (
        Way(NO_STEP, "No: it has a mapping, or is in the swap cache."),
        Way(EXITS["truncated"], "Yes: {truncated}."),
    ),
)

PHASES: Final[dict[Variant[Verdict], Part]] = {
    phases_6_1.check_pfn: ONLINE,
    hugetlb.try_memory_failure_hugetlb: HUGETLB,
    phases_6_1.set_page_hwpoison: SET_POISON,
    phases_6_1.take_reference: TAKE,
    phases_6_1.split_transparent_huge_page: SPLIT,
    phases_6_1.shake_page: SHAKE,
    phases_6_1.lock_page: LOCK,
    phases_6_1.check_truncated: TORN_DOWN,
    phases_6_1.identify_page_state: Part(
        "What kind of page is it, and what is done with it?",
        "identify_page_state",
        parts=(ROW_6_1, *AFTER_6_1),
        teach="The first row of the state table that matches its flags decides.",
    ),
}

_ON_NO_LIST: Final = "on no LRU list, the handler stops before"

ON_A_LIST: Final = Entrance(
    pf.LRU,
    {
        pf.RESERVED: f"reserved pages are {_ON_NO_LIST}",
        pf.SLAB: f"slab pages are {_ON_NO_LIST}",
        pf.COMPOUND_HEAD: "a huge page is handled on its own, or split before",
        pf.MLOCKED: "unmapping takes MLOCKED away, and the flags of now are tried first",
    },
    {pf.SLAB: "unhandlable"},
)
# By the saved flags of its head.
OF_HUGETLB: Final = Entrance(pf.COMPOUND_HEAD, {pf.LRU: "", pf.RESERVED: "", pf.SLAB: "", pf.MLOCKED: ""})

ENTRANCES: Final[dict[Variant[Verdict], tuple[Entrance, ...]]] = {
    phases_6_1.take_reference: (
        ON_A_LIST,
        OF_HUGETLB,
        # madvise() has a reference already, so LRU is not tested.
        Entrance(0, {pf.LRU: "", pf.SLAB: "", pf.COMPOUND_HEAD: "", pf.MLOCKED: ""}),
    ),
}
