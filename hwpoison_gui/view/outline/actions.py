"""The actions of the state table and what follows them, in our words."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import actions, actions_6_1, handler, hugetlb_pool, phases, phases_6_1
from hwpoison_gui.view.outline.part import NO_STEP, Part, Way

ROW_2009: Final = Part(
    "Which row of the state table fits?",
    "page_action",
    signs=(phases.ROW,),
    teach="First match wins; the state table beside this tells why the rows before it did not fit.",
)

ROW_6_1: Final = Part(
    "Which row of the state table fits?",
    "identify_page_state",
    signs=(phases_6_1.ROW,),
    teach="The flags of now are tried first; where they say nothing, those saved before unmapping.",
)

MARK_ERROR: Final = Part(
    "Is a file concerned?",
    "me_pagecache_dirty",
    (
        Way(actions.DIRTY_FILE, "Yes: its mapping is marked, the next fsync says EIO, once."),
        Way(actions_6_1.DIRTY_FILE, "Yes: an error is noted, each open descriptor is told EIO once."),
        Way(actions.DIRTY_ANON, "No: anonymous memory, whose users were told."),
    ),
    quiet=True,
    local=True,
)

_REFUSED: Final = Way(actions.NOT_REGULAR, "Its file system refuses, it is no regular file: Failed.")
_CUT: Final = Way(actions.TRUNCATED, "Cut out of its file: a fault reads the disk’s copy.")
_INVALIDATED: Final = (
    Way(actions.INVALIDATED, "Its file system cannot drop pages, but clean it may be invalidated."),
    Way(actions.NOT_INVALIDATED, "Nor invalidated: dirty, under I/O, or somebody refers to it. Failed."),
)

DROP_2009: Final = Part(
    "Whose page is it, and can it be dropped?",
    "me_pagecache_clean",
    (
        Way(actions.ANON, "Anonymous: unmapped it is already, nothing is left to drop."),
        Way(actions.NO_MAPPING, "Its mapping is gone: Failed."),
        _CUT,
        _REFUSED,
        *_INVALIDATED,
    ),
    quiet=True,
    local=True,
)

DROP_6_1: Final = Part(
    "Can its file drop it?",
    "truncate_error_page",
    (
        _CUT,
        Way(
            actions_6_1.KEPT["shmem_error_remove_page"], "Shared memory keeps it, marked: whoever comes for it is told."
        ),
        Way(
            actions_6_1.KEPT["hugetlbfs_error_remove_page"], "hugetlbfs keeps it, marked: whoever comes for it is told."
        ),
        _REFUSED,
        *_INVALIDATED,
    ),
    (actions_6_1.TRUNCATE,),
    quiet=True,
    local=True,
)

SWAP: Final = Part(
    "Has swap a good copy?",
    "me_swapcache_clean",
    (
        Way(actions.SWAPCACHE_CLEAN, "Yes: dropped from the swap cache, a fault reads swap again."),
        Way(
            actions.SWAPCACHE_DIRTY,
            "Not yet, and it is never written now: it waits there, who swaps it in is told. Delayed.",
        ),
    ),
    quiet=True,
    local=True,
)

HUGE: Final = Part(
    "What becomes of the huge page?",
    "me_huge_page",
    signs=(actions.HUGE, actions_6_1.HUGE),
    quiet=True,
    local=True,
)

OTHER: Final = Part(
    "The row’s action",
    "page_action",
    signs=(actions.KERNEL_IGNORE, actions.KERNEL, actions.FREE, actions.UNKNOWN, actions_6_1.CLEAN),
    quiet=True,
    local=True,
)

LISTS: Final = Part(
    "Take it off its LRU list",
    "delete_from_lru_cache",
    signs=(actions_6_1.OFF_LRU, actions_6_1.ON_NO_LIST),
    quiet=True,
    local=True,
)

EXTRA_6_1: Final = Part(
    "Does anybody else still hold it?",
    "has_extra_refcount",
    (
        Way(
            tuple(actions_6_1.NO_EXTRA.values()),
            "No: all references are accounted for.",
        ),
        Way(
            tuple(actions_6_1.EXTRA.values()),
            "Yes, and nobody knows who: it is not safe. Failed.",
        ),
    ),
    quiet=True,
    local=True,
)

UNLOCK: Final = Part(
    "Let go of the lock",
    "unlock_page",
    signs=(handler.UNLOCKED, actions_6_1.FOLIO_UNLOCKED),
    quiet=True,
    local=True,
)

DISSOLVE: Final = Part(
    "Dissolve the huge page, and keep the bad 4 KiB back",
    "dissolve_free_huge_page",
    signs=(hugetlb_pool.DISSOLVED, hugetlb_pool.NOT_DISSOLVED, hugetlb_pool.OFF_BUDDY),
    quiet=True,
    local=True,
)

REPORT: Final = Part(
    "Say what became of it",
    "action_result",
    signs=(handler.RESULT,),
    local=True,
    teach="The one place that reports: the line in the kernel log, and the counters.",
)

REFERENCED_2009: Final = Part(
    "Does anybody still refer to it?",
    "page_action",
    (
        Way(NO_STEP, "Nobody but the handler: 0 references are left beside its own, which stays."),
        Way(phases.STILL_REFERENCED, "Yes: the log says so, and that changes nothing."),
    ),
    (handler.UNLOCKED,),
    local=True,
)

AFTER_2009: Final = (MARK_ERROR, DROP_2009, SWAP, HUGE, OTHER, REPORT, REFERENCED_2009)
AFTER_6_1: Final = (MARK_ERROR, SWAP, HUGE, OTHER, LISTS, DROP_6_1, UNLOCK, DISSOLVE, EXTRA_6_1, UNLOCK, REPORT)
