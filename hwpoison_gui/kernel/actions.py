"""The actions of the state table: what is done with a page once its users are dealt with.

After the me_*() functions of mm/memory-failure.c. Each returns Ignored, Failed, Delayed or Recovered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import page_flags as pf
from .filemap import can, invalidate_inode_page, mapping_set_error, truncate_page, why_kept
from .mark import Act, Mark, Steps, prose
from .profile.type import DELAYED, FAILED, IGNORED, RECOVERED
from .profile.variants import action
from .records import Inode
from .swap import delete_from_swap_cache

if TYPE_CHECKING:
    from .handler import Handler


def _decided(h: Handler, function: str, text: str, branch: str, act: Act = Act.DECIDE) -> Mark:
    return prose(function, text, act, branch, frames=(h.pfn,))


@action("2.6.32")
def me_kernel_ignore(h: Handler) -> Steps[str]:
    """A reserved page: nothing can be done."""
    yield _decided(h, "me_kernel_ignore", "The kernel keeps it for itself: nothing can be done.", IGNORED)
    return IGNORED


@action("2.6.32")
def me_kernel(h: Handler) -> Steps[str]:
    """A page of the kernel's own: it would have to be given up by its owner first."""
    yield _decided(h, "me_kernel", "A kernel page: it waits for its owner to give it up.", DELAYED)
    return DELAYED


@action("2.6.32")
def me_free(h: Handler) -> Steps[str]:
    """A free page: the allocator will refuse it."""
    yield _decided(h, "me_free", "Free: the allocator will refuse it.", DELAYED)
    return DELAYED


@action("2.6.32")
def me_huge_page(h: Handler) -> Steps[str]:
    """Huge pages had no handling yet in 2009."""
    yield _decided(h, "me_huge_page", "Huge pages cannot be handled.", FAILED)
    return FAILED


@action("2.6.32")
def me_unknown(h: Handler) -> Steps[str]:
    """No row fits: this should not happen."""
    h.log("Unknown page state")
    yield _decided(h, "me_unknown", "No row of the table fits its flags.", FAILED)
    return FAILED


@action("2.6.32")
def me_pagecache_clean(h: Handler) -> Steps[str]:
    """A page whose content is elsewhere, or nobody's loss: drop it from the page cache."""
    m, pfn = h.m, h.pfn
    if m.page(pfn) & pf.ANON or m.anon_vma_of(pfn):
        yield _decided(h, "me_pagecache_clean", "Anonymous and unmapped: its owners have been dealt with.", RECOVERED)
        return RECOVERED
    inode = m.inode_of(pfn)
    if inode is None:
        yield _decided(h, "me_pagecache_clean", "It has lost its mapping.", FAILED)
        return FAILED
    if can(inode, "drops") and can(inode, "regular"):
        truncate_page(m, pfn)
        yield _decided(
            h,
            "generic_error_remove_page",
            f"{inode.path} is on {inode.filesystem}, which drops pages: cut out of the page cache.",
            RECOVERED,
            Act.DROP,
        )
        return RECOVERED
    if can(inode, "drops"):
        h.log("Failed to punch page: -5")
        yield _decided(
            h,
            "generic_error_remove_page",
            f"{inode.path} is a {inode.filesystem}, no regular file: it refuses.",
            FAILED,
        )
        return FAILED
    kept = why_kept(m, pfn)
    if invalidate_inode_page(m, pfn, extra=1):
        yield _decided(
            h,
            "invalidate_inode_page",
            f"{inode.path}: clean, unmapped, and nobody refers to it: invalidated.",
            RECOVERED,
            Act.DROP,
        )
        return RECOVERED
    h.log("Failed to invalidate")
    yield _decided(h, "invalidate_inode_page", f"{inode.path} cannot drop it: {kept}.", FAILED)
    return FAILED


@action("2.6.32")
def me_pagecache_dirty(h: Handler) -> Steps[str]:
    """A page whose newest content is lost: mark the file so that fsync tells, then drop the page."""
    m, pfn = h.m, h.pfn
    m.set_flags(pfn, pf.ERROR)
    inode = m.inode_of(pfn)
    if inode is not None:
        mapping_set_error(m, inode)
        yield _decided(
            h,
            "me_pagecache_dirty",
            f"What was written to {inode.path} is lost: {_told(inode)}.",
            "AS_EIO",
            Act.FLAG,
        )
    else:
        yield _decided(
            h,
            "me_pagecache_dirty",
            "It is anonymous: its content is lost, no file is concerned.",
            "no mapping",
            Act.FLAG,
        )
    return (yield from me_pagecache_clean(h))


def _told(inode: Inode) -> str:
    """Who may hear of the mark: segments of System V and deleted files cannot be opened by a name."""
    if inode.linked and not inode.path.endswith(" (deleted)"):
        return "fsync will say EIO"
    return "AS_EIO is set on its mapping, but it has no name by which to open and fsync it"


@action("2.6.32")
def me_swapcache_dirty(h: Handler) -> Steps[str]:
    """Not in swap yet: keep it where whoever swaps it in will find it poisoned."""
    h.m.clear_flags(h.pfn, pf.DIRTY | pf.UPTODATE)
    yield _decided(
        h,
        "me_swapcache_dirty",
        "PG_dirty was set: it stays in the swap cache, never to be written; whoever swaps it in is told.",
        DELAYED,
        Act.FLAG,
    )
    return DELAYED


@action("2.6.32")
def me_swapcache_clean(h: Handler) -> Steps[str]:
    """Swap has the same content: drop the page from the swap cache."""
    delete_from_swap_cache(h.m, h.pfn)
    yield _decided(
        h,
        "me_swapcache_clean",
        "PG_dirty is clear, swap has a good copy: dropped from the swap cache.",
        RECOVERED,
        Act.DROP,
    )
    return RECOVERED
