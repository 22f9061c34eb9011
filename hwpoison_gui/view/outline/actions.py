"""Outline of the actions of the state table, and of what follows them."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import actions, actions_6_1, actions_6_12, handler, hugetlb_pool, phases
from hwpoison_gui.view.outline.part import NO_STEP, Part, Way

ROW_2009: Final = Part(
    "Which row of the state table matches?",
    "identify_page_state",
    signs=(handler.ROW,),
    teach="The first match wins; the state table next to this shows why the rows before it do not match.",
)

ROW_6_1: Final = Part(
    "Which row of the state table matches?",
    "identify_page_state",
    signs=(handler.ROW,),
    teach="The current flags are tried first; if they match no row, those saved before unmapping.",
)

MARK_ERROR: Final = Part(
    "Does it belong to a file?",
    "me_pagecache_dirty",
    (
        Way(
            actions.DIRTY_FILE,
            "Yes: AS_EIO is set on its mapping: fsync() returns EIO once, while a page of it is cached.",
        ),
        Way(
            actions_6_1.DIRTY_FILE, "Yes: an error is recorded: fsync() returns EIO once per open file, but 0 on tmpfs."
        ),
        Way(actions.DIRTY_ANON, "No: anonymous memory, whose users were signalled."),
    ),
    quiet=True,
    local=True,
)

_REFUSED: Final = Way(actions.NOT_REGULAR, "It is not a regular file, so its pages cannot be removed: Failed.")
_CUT: Final = Way(
    actions.TRUNCATED, "Removed from the page cache: the next fault reads it from disk, or on tmpfs finds zeros."
)
_INVALIDATED: Final = (
    Way(actions.INVALIDATED, "Its file system removes no pages, but a clean one can be invalidated."),
    Way(actions.NOT_INVALIDATED, "It cannot be invalidated: dirty, under I/O, or referenced. Failed."),
)

DROP_2009: Final = Part(
    "Whose page is it, and can it be dropped?",
    "me_pagecache_clean",
    (
        Way(actions.ANON, "Anonymous: it is unmapped already, nothing is left to drop."),
        Way(actions.NO_MAPPING, "It has lost its mapping: Failed."),
        _CUT,
        _REFUSED,
        *_INVALIDATED,
    ),
    quiet=True,
    local=True,
)

DROP_6_1: Final = Part(
    "Can it be removed from its file?",
    "truncate_error_page",
    (
        _CUT,
        Way(actions_6_1.KEPT["shmem_error_remove_page"], "Shared memory keeps it, poisoned: later accesses fail."),
        Way(actions_6_1.KEPT["hugetlbfs_error_remove_page"], "hugetlbfs keeps it, poisoned: later accesses fail."),
        _REFUSED,
        *_INVALIDATED,
    ),
    (actions_6_1.TRUNCATE,),
    quiet=True,
    local=True,
)

SWAP: Final = Part(
    "Does swap have a good copy?",
    "me_swapcache_clean",
    (
        Way(actions.SWAPCACHE_CLEAN, "Yes: dropped from the swap cache, the next fault reads swap."),
        Way(
            actions.SWAPCACHE_DIRTY,
            "No, and it is never written: it stays there, and a process that swaps it in gets SIGBUS. Delayed.",
        ),
    ),
    quiet=True,
    local=True,
)

HUGE: Final = Part(
    "What happens to the huge page?",
    "me_huge_page",
    signs=(actions.HUGE, actions_6_1.HUGE),
    quiet=True,
    local=True,
)

OTHER: Final = Part(
    "The action of the row",
    "page_action",
    signs=(
        actions.KERNEL_IGNORE,
        actions.KERNEL,
        actions.FREE,
        actions.UNKNOWN,
        actions_6_12.UNKNOWN,
        actions_6_1.CLEAN,
    ),
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
    "Are there other references?",
    "has_extra_refcount",
    (
        Way(
            tuple(actions_6_1.NO_EXTRA.values()),
            "No: all references are accounted for.",
        ),
        Way(
            tuple(actions_6_1.EXTRA.values()),
            "Yes, and nothing accounts for them: it is not safe. Failed.",
        ),
    ),
    quiet=True,
    local=True,
)

UNLOCK: Final = Part(
    "Unlock it",
    "unlock_page",
    signs=(handler.UNLOCKED, actions_6_1.FOLIO_UNLOCKED),
    quiet=True,
    local=True,
)

DISSOLVE: Final = Part(
    "Dissolve the huge page, except for the bad 4 KiB",
    "dissolve_free_huge_page",
    signs=(hugetlb_pool.DISSOLVED, hugetlb_pool.NOT_DISSOLVED, hugetlb_pool.OFF_BUDDY),
    quiet=True,
    local=True,
)

REPORT: Final = Part(
    "Report the result",
    "action_result",
    signs=(handler.RESULT,),
    local=True,
    teach="The one place that reports: the line in the kernel log and the counters.",
)

REFERENCED_2009: Final = Part(
    "Are there references left?",
    "page_action",
    (
        Way(NO_STEP, "0 besides the handler’s own, which it keeps."),
        Way(phases.STILL_REFERENCED, "Yes: it is logged only."),
    ),
    (handler.UNLOCKED,),
    local=True,
)

AFTER_2009: Final = (MARK_ERROR, DROP_2009, SWAP, HUGE, OTHER, REPORT, REFERENCED_2009)
AFTER_6_1: Final = (MARK_ERROR, SWAP, HUGE, OTHER, LISTS, DROP_6_1, UNLOCK, DISSOLVE, EXTRA_6_1, UNLOCK, REPORT)
