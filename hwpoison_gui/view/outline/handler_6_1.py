"""The phases that Linux 6.1 has and 2009 had not, or had otherwise, in our words."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.view.outline.actions import AFTER_6_1, ROW_6_1
from hwpoison_gui.view.outline.part import Part, Way
from hwpoison_gui.view.outline.users import USER_MAPPINGS

ONLINE: Final = Part(
    "Is there memory behind the number?",
    "pfn_to_online_page",
    (
        Way("pfn_to_online_page/online", "It is memory of this machine."),
        Way("pfn_to_online_page/not online", "No: the log says so, −ENXIO."),
    ),
)

ACCESSING: Final = Part(
    "Did the running thread come for it again?",
    "kill_accessing_process",
    (
        Way("kill_accessing_process/found", "Its page tables have it: BUS_MCEERR_AR, at once."),
        Way("kill_accessing_process/not found", "It has the page no more, and may just try again."),
    ),
    ("kill_proc",),
    quiet=True,
    local=True,
)

HUGETLB: Final = Part(
    "Is it part of a huge page of hugetlb?",
    "memory_failure",
    (
        Way("", "No: PG_huge is clear. The way of small pages goes on below."),
        Way("memory_failure/huge page", "Yes: handled as a whole, HWPOISON stands on its head."),
        Way("memory_failure/free huge page", "Yes, and free: dissolved, only the bad 4 KiB are kept back."),
        Way("memory_failure:PG_hwpoison was set on the head", "Yes, and poisoned before: −EHWPOISON."),
    ),
    ("hwpoison_filter/", "dissolve_free_huge_page|take_page_off_buddy", "action_result:free huge page"),
    parts=(
        ACCESSING,
        Part(USER_MAPPINGS.title, USER_MAPPINGS.function, parts=USER_MAPPINGS.parts, quiet=True, local=True),
        Part("What is done with it?", "page_action", parts=(ROW_6_1, *AFTER_6_1), quiet=True, local=True),
    ),
)

SET_POISON: Final = Part(
    "Was it poisoned before?",
    "TestSetPageHWPoison",
    (
        Way("memory_failure/first time", "No: HWPOISON is set now; it is counted with the result line."),
        Way("memory_failure/already poisoned", "Yes: the log says so, −EHWPOISON."),
    ),
    parts=(ACCESSING,),
)

TAKE: Final = Part(
    "Can it be taken hold of?",
    "get_hwpoison_page",
    (
        Way("memory_failure/MF_COUNT_INCREASED", "The injector has a reference already."),
        Way("get_hwpoison_page/PageLRU", "It is on an LRU list: a reference is taken."),
        Way("is_free_buddy_page/free", "It is free: taken off the free lists for good. Recovered."),
        Way("get_hwpoison_page/unhandlable", "Neither: the kernel’s own. “unknown page”, Ignored, −EBUSY."),
    ),
    (
        "get_hwpoison_page",
        "shake_page/not HWPoisonHandlable",
        "take_page_off_buddy",
        "action_result:free buddy",
        "action_result:unknown page",
    ),
)

SPLIT: Final = Part(
    "Is it part of a transparent huge page?",
    "split_huge_page_to_list",
    (
        Way("", "No: it is a page of 4 KiB."),
        Way("split_huge_page_to_list|remap_page/split", "Yes: split into 512, of which one is lost."),
        Way("split_huge_page_to_list/EBUSY", "Yes, but somebody holds it: “unsplit thp”, Ignored."),
    ),
    ("split_huge_page_to_list", "try_to_migrate_one", "try_to_unmap_one/", "action_result:unsplit"),
)

SHAKE: Final = Part("Drain the per-CPU LRU caches", "shake_page", signs=("shake_page/",))

LOCK: Final = Part(
    "Lock it and save its flags",
    "hwpoison_filter",
    (
        Way("hwpoison_filter/free", "PG_locked was clear: locked at once."),
        Way("hwpoison_filter/waited", "PG_locked was set: the holder is waited for."),
    ),
    teach="Unmapping takes MLOCKED away: the flags saved here tell what the page was.",
)

TORN_DOWN: Final = Part(
    "Was it cut off its file meanwhile?",
    "memory_failure",
    (
        Way("", "No: it has a mapping, or is in the swap cache."),
        Way("action_result:already truncated", "Yes: “already truncated LRU page”, Ignored, −EBUSY."),
    ),
)

PHASES_6_1: Final[dict[str, Part]] = {
    "check_pfn@6.1": ONLINE,
    "try_memory_failure_hugetlb@6.1": HUGETLB,
    "set_page_hwpoison@6.1": SET_POISON,
    "take_reference@6.1": TAKE,
    "split_transparent_huge_page@6.1": SPLIT,
    "shake_page@6.1": SHAKE,
    "lock_page@6.1": LOCK,
    "check_truncated@6.1": TORN_DOWN,
    "identify_page_state@6.1": Part(
        "What kind of page is it, and what is done with it?",
        "identify_page_state",
        parts=(ROW_6_1, *AFTER_6_1),
        teach="The first row of the state table that fits its flags decides.",
    ),
}
