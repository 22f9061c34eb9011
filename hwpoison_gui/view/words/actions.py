"""Words of kernel/actions.py: what is done with a page, by its row of the state table."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import actions
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Behaviour, Words

# What kept invalidate_inode_page() from dropping a page; keys: values of filemap.why_kept().
_KEPT: Final = {
    "dirty": "PG_dirty is set",
    "writeback": "PG_writeback is set",
    "mapped": "a PTE maps it",
    "referenced": "another user holds a reference (refcount {count})",
}


def _not_invalidated(path: str, kept: str, count: int) -> str:
    return f"{path} cannot drop the page: {_KEPT[kept].format(count=count)}."


def _dirty_file(path: str, named: bool, others: bool) -> str:
    if not named:
        reported = "AS_EIO is set on its mapping, but it has no name by which to open and fsync it"
    elif others:
        reported = "the next fsync() returns EIO"
    else:
        reported = "fsync() returns EIO once, but nothing while no page of it is cached"
    return f"The data written to {path} is lost: {reported}."


WORDS: Final[dict[Site, Words]] = {
    actions.KERNEL_IGNORE: Words("The kernel reserved it for itself: nothing can be done."),
    actions.KERNEL: Words("A kernel page: nothing can be done until its owner frees it."),
    actions.FREE: Words("A free page: the allocator will not hand it out."),
    actions.HUGE: Words("Huge pages cannot be handled."),
    actions.UNKNOWN: Words("No row of the state table fits its flags."),
    actions.ANON: Words("An anonymous page: its PTEs are gone already, nothing is left to do."),
    actions.NO_MAPPING: Words("It has lost its mapping."),
    actions.TRUNCATED: Words("{path} on {filesystem} is a regular file: the page is removed from the page cache."),
    actions.NOT_REGULAR: Words("{path} is a {filesystem}, no regular file: its page cannot be removed."),
    actions.INVALIDATED: Words("{path}: the page is clean, unmapped and not referenced elsewhere: invalidated."),
    actions.NOT_INVALIDATED: Words(_not_invalidated),
    actions.DIRTY_FILE: Words(_dirty_file),
    actions.DIRTY_ANON: Words("It is anonymous: its data is lost, no file is affected."),
    actions.SWAPCACHE_DIRTY: Words(
        "PG_dirty was set: it stays in the swap cache and is never written; a process that swaps it in gets SIGBUS."
    ),
    actions.SWAPCACHE_CLEAN: Words("PG_dirty is clear, swap has a good copy: the page is deleted from the swap cache."),
}

BEHAVIOUR: Final[Behaviour] = {
    actions.me_kernel_ignore: "A reserved page: ignored.",
    actions.me_kernel: "A page of the kernel: delayed until its owner frees it.",
    actions.me_free: "A free page: delayed until the allocator rejects it.",
    actions.me_huge_page: "A huge page: not supported in 2.6.32.",
    actions.me_unknown: "No row matches, which should not happen: failed.",
    actions.me_pagecache_clean: "Drop a page whose contents are elsewhere, or lost already, from the page cache.",
    actions.me_pagecache_dirty: (
        "Contents are lost: set PG_error; of a file, set AS_EIO on the mapping, which fsync() returns while a page of "
        "it is cached, and drop the page."
    ),
    actions.me_swapcache_dirty: (
        "Not written to swap yet: keep the page in the swap cache, where a swap-in will find it poisoned."
    ),
    actions.me_swapcache_clean: "Swap has the same contents: drop the page from the swap cache.",
}
