"""Outline of the handler of 2.6.32: the phases of memory_failure(), their decisions, and the meaning of each branch.

Later kernels have what they changed in modules of their own, handler_6_1.py and its like; tables.py finds them. Texts
name an exit of the handler in braces, as `{truncated}`: kind, result and errno are those of the
profile.
"""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import phases, user_mappings
from hwpoison_gui.kernel.handler import EXITS, UNLOCKED, Verdict
from hwpoison_gui.kernel.profile.variants import Variant
from hwpoison_gui.view.outline.actions import AFTER_2009, ROW_2009
from hwpoison_gui.view.outline.part import Entrance, Part, Way
from hwpoison_gui.view.outline.users import USER_MAPPINGS

CHECK_RECOVERY: Final = Part(
    "May the kernel try to recover?",
    "memory_failure",
    (
        Way(phases.RECOVER, "memory_failure_recovery is 1: it tries to."),
        Way(phases.PANIC, "It is 0: the kernel panics."),
    ),
    teach="vm.memory_failure_recovery: some prefer a panic to running on after a memory error.",
)

CHECK_PFN: Final = Part(
    "Is there memory at the frame number?",
    "pfn_valid",
    (
        Way(phases.PFN_VALID, "It is memory of this machine."),
        Way(EXITS["no page"], "No: {no page}."),
    ),
)

SET_POISON: Final = Part(
    "Was it poisoned before?",
    "TestSetPageHWPoison",
    (
        Way(phases.POISONED, "No: PG_hwpoison is set now, HardwareCorrupted grows by 4 kB."),
        Way(EXITS["already poisoned"], "Yes: {already poisoned}; not counted again."),
    ),
    teach="The flag is set first, so that a second report of the same frame finds it.",
)

GET_PAGE: Final = Part(
    "Is it referenced?",
    "get_page_unless_zero",
    (
        Way(phases.REFERENCED, "Its refcount is above 0: the handler takes a reference."),
        Way(
            phases.UNREFERENCED,
            "No: free, or inside a kernel allocation. {free.result}; it is never allocated again.",
        ),
    ),
    (EXITS["free"], EXITS["high-order kernel"]),
    teach="{free.errno} is returned for the head of a free block only, {high-order kernel.errno} for any other page"
    " without references.",
)

ISOLATE: Final = Part(
    "Is it on an LRU list?",
    "isolate_lru_page",
    (
        Way(phases.ISOLATED, "Yes: it is taken off, so that reclaim does not find it."),
        Way(phases.NOT_LRU, "No, so it is in use by the kernel: {not on LRU}."),
    ),
    (EXITS["not on LRU"],),
    teach="Only pages of processes and of files are on an LRU list; slab, page tables and the like never are.",
)

LOCK: Final = Part(
    "Is it locked?",
    "lock_page_nosync",
    (
        Way(phases.LOCKED, "No: locked at once."),
        Way(phases.LOCK_WAITED, "Yes: the handler waits for the holder."),
    ),
    teach="The page lock excludes truncation, write-back and file faults while the page is handled.",
)

WRITEBACK: Final = Part(
    "Is it under write-back?",
    "wait_on_page_writeback",
    (
        Way(phases.NO_WRITEBACK, "No: PG_writeback is clear."),
        Way(phases.WRITEBACK_WAITED, "Yes: the handler waits until the I/O ends."),
    ),
)

TRUNCATED: Final = Part(
    "Was it truncated meanwhile?",
    "memory_failure",
    (
        Way(phases.NOT_TRUNCATED, "No: it still has a mapping, or is in the swap cache."),
        Way(EXITS["truncated"], "Yes: {truncated}."),
    ),
    (UNLOCKED,),
)

PHASES: Final[dict[Variant[Verdict], Part]] = {
    phases.check_recovery: CHECK_RECOVERY,
    phases.check_pfn: CHECK_PFN,
    phases.set_page_hwpoison: SET_POISON,
    phases.take_reference: GET_PAGE,
    phases.isolate_lru_page: ISOLATE,
    phases.lock_page: LOCK,
    phases.wait_on_page_writeback: WRITEBACK,
    user_mappings.hwpoison_user_mappings: USER_MAPPINGS,
    phases.check_truncated: TRUNCATED,
    phases.identify_page_state: Part(
        "What kind of page is it, and what is done with it?",
        "identify_page_state",
        parts=(ROW_2009, *AFTER_2009),
        teach="The first row of the state table that matches its flags decides.",
    ),
}

_ON_NO_LIST: Final = "on no LRU list, the handler stops before"

ENTRANCES: Final[dict[Variant[Verdict], tuple[Entrance, ...]]] = {
    phases.take_reference: (
        Entrance(
            pf.LRU,
            {
                pf.RESERVED: f"reserved pages are {_ON_NO_LIST}",
                pf.BUDDY: "nobody refers to a free page, the handler stops before",
                pf.SLAB: f"slab pages are {_ON_NO_LIST}",
                pf.COMPOUND_HEAD: f"huge pages are {_ON_NO_LIST}",
                pf.COMPOUND_TAIL: f"huge pages are {_ON_NO_LIST}",
            },
            {
                **dict.fromkeys((pf.RESERVED, pf.SLAB, pf.COMPOUND_HEAD, pf.COMPOUND_TAIL), "not on LRU"),
                pf.BUDDY: "free",
            },
        ),
    ),
}
