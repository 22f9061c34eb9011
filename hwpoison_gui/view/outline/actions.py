"""The actions of the state table and what follows them, in our words."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.view.outline.part import Part, Way

ROW_2009: Final = Part(
    "Which row of the state table fits?",
    "page_action",
    signs=("page_action",),
    teach="First match wins; the state table beside this tells why the rows before it did not fit.",
)

ROW_6_1: Final = Part(
    "Which row of the state table fits?",
    "identify_page_state",
    signs=("identify_page_state",),
    teach="The flags of now are tried first; where they say nothing, those saved before unmapping.",
)

MARK_ERROR: Final = Part(
    "Is a file concerned?",
    "me_pagecache_dirty",
    (
        Way("me_pagecache_dirty/AS_EIO", "Yes: its mapping is marked, the next fsync says EIO, once."),
        Way("me_pagecache_dirty/EIO", "Yes: an error is noted, each open descriptor is told EIO once."),
        Way("me_pagecache_dirty/no mapping", "No: anonymous memory, whose users were told."),
    ),
    quiet=True,
    local=True,
)

_REFUSED: Final = Way("generic_error_remove_page/Failed", "Its file system refuses, it is no regular file: Failed.")
_CUT: Final = Way("generic_error_remove_page/Recovered", "Cut out of its file: a fault reads the disk’s copy.")
_INVALIDATED: Final = (
    Way("invalidate_inode_page/Recovered", "Its file system cannot drop pages, but clean it may be invalidated."),
    Way("invalidate_inode_page/Failed", "Nor invalidated: dirty, under I/O, or somebody refers to it. Failed."),
)

DROP_2009: Final = Part(
    "Whose page is it, and can it be dropped?",
    "me_pagecache_clean",
    (
        Way("me_pagecache_clean/Recovered", "Anonymous: unmapped it is already, nothing is left to drop."),
        Way("me_pagecache_clean/Failed", "Its mapping is gone: Failed."),
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
        Way("shmem_error_remove_page/Recovered", "Shared memory keeps it, marked: whoever comes for it is told."),
        Way("hugetlbfs_error_remove_page/Recovered", "hugetlbfs keeps it, marked: whoever comes for it is told."),
        _REFUSED,
        *_INVALIDATED,
    ),
    ("truncate_error_page",),
    quiet=True,
    local=True,
)

SWAP: Final = Part(
    "Has swap a good copy?",
    "me_swapcache_clean",
    (
        Way("me_swapcache_clean/Recovered", "Yes: dropped from the swap cache, a fault reads swap again."),
        Way(
            "me_swapcache_dirty/Delayed",
            "Not yet, and it is never written now: it waits there, who swaps it in is told. Delayed.",
        ),
    ),
    quiet=True,
    local=True,
)

HUGE: Final = Part(
    "What becomes of the huge page?",
    "me_huge_page",
    signs=("me_huge_page",),
    quiet=True,
    local=True,
)

OTHER: Final = Part(
    "The row’s action",
    "page_action",
    signs=("me_kernel_ignore|me_kernel|me_free|me_unknown", "me_pagecache_clean"),
    quiet=True,
    local=True,
)

LISTS: Final = Part(
    "Take it off its LRU list",
    "delete_from_lru_cache",
    signs=("delete_from_lru_cache",),
    quiet=True,
    local=True,
)

EXTRA_6_1: Final = Part(
    "Does anybody else still hold it?",
    "has_extra_refcount",
    (
        Way(
            "has_extra_refcount|me_swapcache_clean|me_swapcache_dirty|me_huge_page/no",
            "No: all references are accounted for.",
        ),
        Way(
            "has_extra_refcount|me_swapcache_clean|me_swapcache_dirty|me_huge_page/yes",
            "Yes, and nobody knows who: it is not safe. Failed.",
        ),
    ),
    quiet=True,
    local=True,
)

UNLOCK: Final = Part(
    "Let go of the lock",
    "unlock_page",
    signs=("unlock_page|folio_unlock",),
    quiet=True,
    local=True,
)

DISSOLVE: Final = Part(
    "Dissolve the huge page, and keep the bad 4 KiB back",
    "dissolve_free_huge_page",
    signs=("dissolve_free_huge_page|take_page_off_buddy",),
    quiet=True,
    local=True,
)

REPORT: Final = Part(
    "Say what became of it",
    "action_result",
    signs=("action_result",),
    local=True,
    teach="The one place that reports: the line in the kernel log, and the counters.",
)

REFERENCED_2009: Final = Part(
    "Does anybody still refer to it?",
    "page_action",
    (
        Way("", "Nobody but the handler: 0 references are left beside its own, which stays."),
        Way("page_action/still referenced", "Yes: the log says so, and that changes nothing."),
    ),
    ("unlock_page",),
    local=True,
)

AFTER_2009: Final = (MARK_ERROR, DROP_2009, SWAP, HUGE, OTHER, REPORT, REFERENCED_2009)
AFTER_6_1: Final = (MARK_ERROR, SWAP, HUGE, OTHER, LISTS, DROP_6_1, UNLOCK, DISSOLVE, EXTRA_6_1, UNLOCK, REPORT)
