"""Actions of the state table that are new or different in 6.1.

After the me_*() functions of mm/memory-failure.c. Changes since 2.6.32: the action takes the page off the LRU and
unlocks it, tmpfs and hugetlbfs keep the page, and unexpected references make the result Failed.
"""

from __future__ import annotations

from typing import Final

from . import actions
from . import page_flags as pf
from .filemap import can, mapping_set_error
from .handler import UNLOCKED, Handler
from .hugetlb_pool import page_handle_poison
from .mark import Act, Mark, Site, Steps, site
from .page_alloc import put_page
from .profile.type import CUTS, DELAYED, FAILED, IGNORED, RECOVERED
from .profile.variants import Effect, action
from .records import Inode
from .swap import delete_from_swap_cache
from .truncate import invalidate_inode_page, truncate_page, why_kept

FOLIO_UNLOCKED: Final = site("folio_unlock", Act.FLAG)
OFF_LRU: Final = site("delete_from_lru_cache", Act.FLAG)
ON_NO_LIST: Final = site("delete_from_lru_cache", Act.FLAG, name="not PageLRU")
CLEAN: Final = site("me_pagecache_clean", Act.DECIDE)
TRUNCATE: Final = site("truncate_error_page", Act.DECIDE, args="path filesystem")
KEPT: Final = {
    how: site(how, Act.DECIDE, RECOVERED, "path filesystem")
    for how in ("shmem_error_remove_page", "hugetlbfs_error_remove_page")
}
DIRTY_FILE: Final = site("me_pagecache_dirty", Act.FLAG, "EIO", "path reported")
HUGE: Final = site("me_huge_page", Act.DECIDE, args="of_file")
# has_extra_refcount(), by the function into which the compiler folds it.
_FOLDED: Final = ("has_extra_refcount", "me_swapcache_clean", "me_swapcache_dirty")
NO_EXTRA: Final = {function: site(function, Act.DECIDE, "no", "count expected swapcache") for function in _FOLDED}
EXTRA: Final = {function: site(function, Act.DECIDE, "yes", "users") for function in _FOLDED}


def unlock(h: Handler, page: int, where: Site = UNLOCKED) -> Mark:
    """unlock_page(): the reference of the handler stays."""
    h.m.clear_flags(page, pf.LOCKED)
    return Mark(where, (), (h.pfn,))


@action("6.1", Effect.LEAVES)
def me_kernel(h: Handler) -> Steps[str]:
    """Unlock a page of the kernel, and leave it as it is. Returns IGNORED (MF_IGNORED)."""
    yield unlock(h, h.pfn)
    return IGNORED


@action("6.1", Effect.GIVES_UP)
def me_unknown(h: Handler) -> Steps[str]:
    """Unlock the page where no row matches, which should not happen. Returns FAILED (MF_FAILED)."""
    h.log(h.m.profile.log.unknown_state)
    yield Mark(actions.UNKNOWN, (), (h.pfn,))
    yield unlock(h, h.pfn)
    return FAILED


def delete_from_lru_cache(h: Handler) -> Steps[bool]:
    """Take the page off its LRU list for good. Returns False if it was on none."""
    m, pfn = h.m, h.pfn
    isolated = bool(m.page(pfn) & pf.LRU)
    if isolated:
        m.clear_flags(pfn, pf.LRU | pf.ACTIVE | pf.UNEVICTABLE)
    yield Mark(OFF_LRU if isolated else ON_NO_LIST, (), (pfn,))
    return isolated


def has_extra_refcount(h: Handler, page: int, expected: int, folded: str = "has_extra_refcount") -> Steps[bool]:
    """Return whether there are references besides the handler's and `expected` others; the result is Failed then.

    `folded` is the function into which the compiler inlines this one.
    """
    users = int(h.m.refcount.view[h.m.compound_head(page)]) - 1 - expected
    if users <= 0:
        swapcache = bool(h.m.page(page) & pf.SWAPCACHE)
        yield Mark(NO_EXTRA[folded], (1 + expected + users, expected, swapcache), (h.pfn,))
        return False
    h.log(h.m.profile.log.still_referenced.format(kind=h.kind, users=users))
    yield Mark(EXTRA[folded], (users,), (h.pfn,))
    return True


@action("6.1", Effect.DROPS)
def me_pagecache_clean(h: Handler) -> Steps[str]:
    """Drop a page whose contents are elsewhere, or lost already, from the page cache, or keep it there poisoned.

    Returns RECOVERED for an anonymous page, FAILED for one without a mapping, else the result of
    truncate_error_page(); FAILED instead if others than the cache that keeps the page refer to it.
    """
    m, pfn = h.m, h.pfn
    yield Mark(CLEAN, (), (pfn,))
    yield from delete_from_lru_cache(h)
    if m.anon_vma_of(pfn) or m.page(pfn) & pf.KSM:
        yield unlock(h, pfn)
        return RECOVERED
    inode = m.inode_of(pfn)
    if inode is None:
        yield unlock(h, pfn)
        return FAILED
    result = yield from truncate_error_page(h, pfn, inode)
    extra_pins = int(can(inode, "swapbacked"))  # shmem_mapping(): the page stays in the page cache
    if (yield from has_extra_refcount(h, pfn, extra_pins)):
        result = FAILED
    yield unlock(h, pfn)
    return result


def truncate_error_page(h: Handler, page: int, inode: Inode) -> Steps[str]:
    """Call error_remove_page of the file system, or invalidate the page if it has none.

    Returns RECOVERED if the page was dropped, or is kept as tmpfs and hugetlbfs do. FAILED if it is of a directory, or
    cannot be invalidated.
    """
    m = h.m
    yield Mark(TRUNCATE, (inode.path, inode.filesystem), (h.pfn,))
    how = m.profile.files.error_remove_page.get(inode.filesystem)
    if how is None:
        kept = why_kept(m, page)
        if invalidate_inode_page(m, page, extra=1):
            yield Mark(actions.INVALIDATED, (inode.path,), (h.pfn,))
            return RECOVERED
        h.log(h.m.profile.log.not_invalidated)
        yield Mark(actions.NOT_INVALIDATED, (inode.path, *kept), (h.pfn,))
        return FAILED
    if how != CUTS:
        yield Mark(KEPT[how], (inode.path, inode.filesystem), (h.pfn,))
        return RECOVERED
    if inode.filesystem == "directory":
        h.log(h.m.profile.log.not_punched.format(err=-5))  # -EIO
        yield Mark(actions.NOT_REGULAR, (inode.path, inode.filesystem), (h.pfn,))
        return FAILED
    truncate_page(m, page)
    yield Mark(actions.TRUNCATED, (inode.path, inode.filesystem), (h.pfn,))
    return RECOVERED


@action("6.1", Effect.DROPS_DIRTY)
def me_pagecache_dirty(h: Handler) -> Steps[str]:
    """Record a write-back error, as contents are lost, and drop the page, or keep it there poisoned.

    Returns as me_pagecache_clean().
    """
    if h.m.profile.has("page_error_flag"):
        h.m.set_flags(h.pfn, pf.ERROR)
    yield _record_write_back_error(h)
    return (yield from me_pagecache_clean(h))


def _record_write_back_error(h: Handler) -> Mark:
    """mapping_set_error(): each open file reports EIO once. A page without a mapping has nobody to report it."""
    inode = h.m.inode_of(h.pfn)
    if inode is None:
        return Mark(actions.DIRTY_ANON, (), (h.pfn,))
    mapping_set_error(h.m, inode)
    return Mark(DIRTY_FILE, (inode.path, inode.filesystem not in h.m.profile.files.noop_fsync), (h.pfn,))


@action("6.1", Effect.KEEPS_IN_SWAP_CACHE)
def me_swapcache_dirty(h: Handler) -> Steps[str]:
    """Clear PG_dirty, keep the page in the swap cache, and take it off the LRU.

    Returns DELAYED, or FAILED if the page is on no list or has other users.
    """
    h.m.clear_flags(h.pfn, pf.DIRTY | pf.UPTODATE)
    yield Mark(actions.SWAPCACHE_DIRTY, (), (h.pfn,))
    isolated = yield from delete_from_lru_cache(h)
    yield unlock(h, h.pfn)
    extra = yield from has_extra_refcount(h, h.pfn, 1 if isolated else 0, folded="me_swapcache_dirty")
    return DELAYED if isolated and not extra else FAILED


@action("6.1", Effect.DROPS_FROM_SWAP_CACHE)
def me_swapcache_clean(h: Handler) -> Steps[str]:
    """Take the page off the LRU, and drop it from the swap cache.

    Returns RECOVERED, or FAILED if the page is on no list or has other users.
    """
    delete_from_swap_cache(h.m, h.pfn)
    yield Mark(actions.SWAPCACHE_CLEAN, (), (h.pfn,))
    isolated = yield from delete_from_lru_cache(h)
    yield unlock(h, h.pfn, FOLIO_UNLOCKED)
    extra = yield from has_extra_refcount(h, h.pfn, 0, folded="me_swapcache_clean")
    return RECOVERED if isolated and not extra else FAILED


@action("6.1", Effect.HUGE)
def me_huge_page(h: Handler) -> Steps[str]:
    """A page of a hugetlbfs file stays there, poisoned; any other is dissolved, and 4 KiB go out of use.

    Returns RECOVERED, or FAILED if the page has other users or cannot be dissolved.
    """
    m, head = h.m, h.m.compound_head(h.pfn)
    inode = m.inode_of(head)
    yield Mark(HUGE, (inode is not None,), (h.pfn,))
    if inode is not None:
        result = yield from truncate_error_page(h, head, inode)
        yield unlock(h, head)
        extra = yield from has_extra_refcount(h, h.pfn, 1)
        return FAILED if extra else result
    yield unlock(h, head)
    put_page(m, head)
    result = RECOVERED if (yield from page_handle_poison(m, h.pfn)) else FAILED
    extra = yield from has_extra_refcount(h, h.pfn, 0)
    return FAILED if extra else result
