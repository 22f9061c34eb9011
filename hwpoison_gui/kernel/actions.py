"""Actions of the state table in 2.6.32: what happens to a page after its processes were dealt with.

After the me_*() functions of mm/memory-failure.c. Each returns IGNORED, FAILED, DELAYED or RECOVERED,
which are called MF_IGNORED and so on by later kernels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import page_flags as pf
from .filemap import can, mapping_set_error
from .mark import Act, Mark, Steps, site
from .profile.type import DELAYED, FAILED, IGNORED, RECOVERED
from .profile.variants import Effect, action
from .swap import delete_from_swap_cache
from .truncate import invalidate_inode_page, truncate_page, why_kept

if TYPE_CHECKING:
    from .handler import Handler

KERNEL_IGNORE: Final = site("me_kernel_ignore", Act.DECIDE, IGNORED)
KERNEL: Final = site("me_kernel", Act.DECIDE, DELAYED)
FREE: Final = site("me_free", Act.DECIDE, DELAYED)
HUGE: Final = site("me_huge_page", Act.DECIDE, FAILED)
UNKNOWN: Final = site("me_unknown", Act.DECIDE, FAILED)
ANON: Final = site("me_pagecache_clean", Act.DECIDE, RECOVERED)
NO_MAPPING: Final = site("me_pagecache_clean", Act.DECIDE, FAILED)
TRUNCATED: Final = site("generic_error_remove_page", Act.DROP, RECOVERED, "path filesystem")
NOT_REGULAR: Final = site("generic_error_remove_page", Act.DECIDE, FAILED, "path filesystem")
INVALIDATED: Final = site("invalidate_inode_page", Act.DROP, RECOVERED, "path")
NOT_INVALIDATED: Final = site("invalidate_inode_page", Act.DECIDE, FAILED, "path kept count")
DIRTY_FILE: Final = site("me_pagecache_dirty", Act.FLAG, "AS_EIO", "path named others")
DIRTY_ANON: Final = site("me_pagecache_dirty", Act.FLAG, "no mapping")
SWAPCACHE_DIRTY: Final = site("me_swapcache_dirty", Act.FLAG, DELAYED)
SWAPCACHE_CLEAN: Final = site("me_swapcache_clean", Act.DROP, RECOVERED)


@action("2.6.32", Effect.LEAVES)
def me_kernel_ignore(h: Handler) -> Steps[str]:
    """Leave a reserved page as it is. Returns IGNORED."""
    yield Mark(KERNEL_IGNORE, (), (h.pfn,))
    return IGNORED


@action("2.6.32", Effect.LEAVES)
def me_kernel(h: Handler) -> Steps[str]:
    """Leave a page of the kernel until its owner frees it. Returns DELAYED."""
    yield Mark(KERNEL, (), (h.pfn,))
    return DELAYED


@action("2.6.32", Effect.LEAVES_FREE)
def me_free(h: Handler) -> Steps[str]:
    """Leave a free page until the allocator rejects it. Returns DELAYED."""
    yield Mark(FREE, (), (h.pfn,))
    return DELAYED


@action("2.6.32", Effect.HUGE)
def me_huge_page(h: Handler) -> Steps[str]:
    """Give up on a huge page, for which 2.6.32 can do nothing. Returns FAILED."""
    yield Mark(HUGE, (), (h.pfn,))
    return FAILED


@action("2.6.32", Effect.GIVES_UP)
def me_unknown(h: Handler) -> Steps[str]:
    """Give up where no row matches, which should not happen. Returns FAILED."""
    h.log(h.m.profile.log.unknown_state)
    yield Mark(UNKNOWN, (), (h.pfn,))
    return FAILED


@action("2.6.32", Effect.DROPS)
def me_pagecache_clean(h: Handler) -> Steps[str]:
    """Drop a page whose contents are elsewhere, or lost already, from the page cache.

    Returns RECOVERED if it is anonymous or was dropped, else FAILED: it has no mapping, is of no regular file where the
    file system drops pages, or cannot be invalidated, being dirty, in use or under writeback.
    """
    m, pfn = h.m, h.pfn
    if m.page(pfn) & pf.ANON or m.anon_vma_of(pfn):
        yield Mark(ANON, (), (pfn,))
        return RECOVERED
    inode = m.inode_of(pfn)
    if inode is None:
        yield Mark(NO_MAPPING, (), (pfn,))
        return FAILED
    if can(inode, "drops") and can(inode, "regular"):
        truncate_page(m, pfn)
        yield Mark(TRUNCATED, (inode.path, inode.filesystem), (pfn,))
        return RECOVERED
    if can(inode, "drops"):
        h.log(h.m.profile.log.not_punched.format(err=-5))  # -EIO
        yield Mark(NOT_REGULAR, (inode.path, inode.filesystem), (pfn,))
        return FAILED
    kept = why_kept(m, pfn)
    if invalidate_inode_page(m, pfn, extra=1):
        yield Mark(INVALIDATED, (inode.path,), (pfn,))
        return RECOVERED
    h.log(h.m.profile.log.not_invalidated)
    yield Mark(NOT_INVALIDATED, (inode.path, *kept), (pfn,))
    return FAILED


@action("2.6.32", Effect.DROPS_DIRTY)
def me_pagecache_dirty(h: Handler) -> Steps[str]:
    """Set PG_error, as contents are lost, and AS_EIO on the mapping for fsync() to report, and drop the page.

    Returns as me_pagecache_clean().
    """
    m, pfn = h.m, h.pfn
    m.set_flags(pfn, pf.ERROR)
    inode = m.inode_of(pfn)
    if inode is not None:
        mapping_set_error(m, inode)
        others = len(m.page_cache.of(inode.id)) > 1  # fsync() looks for the mark while a page is cached
        yield Mark(DIRTY_FILE, (inode.path, inode.can_be_opened, others), (pfn,))
    else:
        yield Mark(DIRTY_ANON, (), (pfn,))
    return (yield from me_pagecache_clean(h))


@action("2.6.32", Effect.KEEPS_IN_SWAP_CACHE)
def me_swapcache_dirty(h: Handler) -> Steps[str]:
    """Keep a page that is not written to swap yet in the swap cache, where a swap-in finds it poisoned.

    Returns DELAYED.
    """
    h.m.clear_flags(h.pfn, pf.DIRTY | pf.UPTODATE)
    yield Mark(SWAPCACHE_DIRTY, (), (h.pfn,))
    return DELAYED


@action("2.6.32", Effect.DROPS_FROM_SWAP_CACHE)
def me_swapcache_clean(h: Handler) -> Steps[str]:
    """Drop a page of which swap has the same contents from the swap cache. Returns RECOVERED."""
    delete_from_swap_cache(h.m, h.pfn)
    yield Mark(SWAPCACHE_CLEAN, (), (h.pfn,))
    return RECOVERED
