"""Words of kernel/actions_6_1.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import actions_6_1 as actions
from hwpoison_gui.kernel import phases
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.phases import WORDS as OF_PHASES
from hwpoison_gui.view.words.words import Behaviour, Words, counted


def _no_extra(count: int, expected: int, swapcache: bool) -> str:
    cache = "swap cache" if swapcache else "page cache"
    known = f"1 of the handler, {expected} of the {cache}" if expected else "the handler's own"
    return f"{counted(count, 'reference')}: {known}. There is no other user."


def _extra(users: int) -> str:
    return f"{counted(users, 'unaccounted reference')} left: Failed."


def _dirty_file(path: str, reported: bool) -> str:
    to = "fsync() returns EIO once per open file" if reported else "noop_fsync() does not report it"
    return f"The data written to {path} is lost and an error is recorded: {to}."


WORDS: Final[dict[Site, Words]] = {
    actions.FOLIO_UNLOCKED: Words("Unlocked; the handler keeps its reference."),
    actions.OFF_LRU: OF_PHASES[phases.ISOLATED],
    actions.ON_NO_LIST: Words("PG_lru is clear: it is on no LRU list."),
    actions.CLEAN: Words("Its PTEs are gone already."),
    actions.TRUNCATE: Words("{path} is on {filesystem}."),
    **{
        site: Words("{path} is on {filesystem}, which keeps the page: later accesses to it fail.")
        for site in actions.KEPT.values()
    },
    actions.DIRTY_FILE: Words(_dirty_file),
    actions.HUGE: Words(lambda of_file: "A huge page of a file." if of_file else "A huge page without a file."),
    **{site: Words(_no_extra) for site in actions.NO_EXTRA.values()},
    **{site: Words(_extra) for site in actions.EXTRA.values()},
}

BEHAVIOUR: Final[Behaviour] = {
    actions.me_kernel: "A page of the kernel: ignored.",
    actions.me_unknown: "No row matches, which should not happen: failed, and the page is unlocked.",
    actions.me_pagecache_clean: (
        "Drop a page whose contents are elsewhere, or lost already, from the page cache, or keep it there poisoned."
    ),
    actions.me_pagecache_dirty: (
        "Contents are lost: of a file, record a write-back error, which fsync() returns except on tmpfs, and drop the "
        "page, or keep it there poisoned."
    ),
    actions.me_swapcache_dirty: (
        "Not written to swap yet: keep the page in the swap cache, off the LRU. Failed, if it is on no list or has "
        "other users."
    ),
    actions.me_swapcache_clean: (
        "Swap has the same contents: drop the page from the swap cache, off the LRU. Failed, if it is on no list or "
        "has other users."
    ),
    actions.me_huge_page: (
        "A page of a hugetlbfs file stays there, poisoned; any other is dissolved, and only 4 KiB go out of use. The "
        "content of all 2 MiB is lost."
    ),
}
