"""The actions of the 6.1 state table: what is done with a page once its users are dealt with.

After the me_*() functions of mm/memory-failure.c (6.1). Against 2009: the page leaves the LRU here, shared
memory keeps it, references that nobody accounts for make it Failed, and each action unlocks the page.
"""

from __future__ import annotations

from . import page_flags as pf
from .filemap import can, invalidate_inode_page, mapping_set_error, truncate_page, why_kept
from .handler import Handler
from .hugetlb_pool import page_handle_poison
from .mark import Act, Mark, Steps, counted, prose
from .page_alloc import put_page
from .profile.type import DELAYED, FAILED, IGNORED, RECOVERED
from .profile.variants import action
from .records import Inode
from .swap import delete_from_swap_cache


def _mark(h: Handler, function: str, text: str, branch: str = "", act: Act = Act.DECIDE) -> Mark:
    return prose(function, text, act, branch, frames=(h.pfn,))


def unlock(h: Handler, page: int, function: str = "unlock_page") -> Mark:
    """unlock_page(): others may look at the page again; the handler's reference stays."""
    h.m.clear_flags(page, pf.LOCKED)
    return _mark(h, function, "Unlocked; the handler keeps its reference.", act=Act.FLAG)


@action("6.1")
def me_kernel(h: Handler) -> Steps[str]:
    """A page of the kernel's own: nothing can be done."""
    yield unlock(h, h.pfn)
    return IGNORED


@action("6.1")
def me_unknown(h: Handler) -> Steps[str]:
    """No row fits: this should not happen."""
    h.log("Unknown page state")
    yield _mark(h, "me_unknown", "No row of the table fits its flags.", FAILED)
    yield unlock(h, h.pfn)
    return FAILED


def delete_from_lru_cache(h: Handler) -> Steps[bool]:
    """Take the page off its LRU list for good; False when it was on none."""
    m, pfn = h.m, h.pfn
    isolated = bool(m.page(pfn) & pf.LRU)
    if isolated:
        m.clear_flags(pfn, pf.LRU | pf.ACTIVE | pf.UNEVICTABLE)
    text = (
        "PG_lru is set: it is taken off its list, reclaim will not meet it."
        if isolated
        else "PG_lru is clear: it is on no list."
    )
    yield _mark(h, "delete_from_lru_cache", text, act=Act.FLAG)
    return isolated


def has_extra_refcount(h: Handler, page: int, expected: int, folded: str = "") -> Steps[bool]:
    """Whether anybody besides the handler and `expected` others refers to the page: then it is not safe.

    `folded`: the function into which the compiler folds this one.
    """
    function = folded or "has_extra_refcount"
    users = int(h.m.refcount.view[h.m.compound_head(page)]) - 1 - expected
    if users <= 0:
        cache = "swap cache" if h.m.page(page) & pf.SWAPCACHE else "page cache"
        known = f"1 of the handler, {expected} of the {cache}" if expected else "the handler's own"
        yield _mark(h, function, f"{counted(1 + expected + users, 'reference')}: {known}. Nobody else holds it.", "no")
        return False
    h.log(h.m.profile.log.still_referenced.format(kind=h.kind, users=users))
    yield _mark(h, function, f"{counted(users, 'reference')} left that nobody accounts for: Failed.", "yes")
    return True


@action("6.1")
def me_pagecache_clean(h: Handler) -> Steps[str]:
    """A page whose content is elsewhere, or nobody's loss: drop it from the page cache, or keep it there marked."""
    m, pfn = h.m, h.pfn
    yield _mark(h, "me_pagecache_clean", "Its users have been dealt with.")
    yield from delete_from_lru_cache(h)
    if m.anon_vma_of(pfn):
        yield unlock(h, pfn)
        return RECOVERED
    inode = m.inode_of(pfn)
    if inode is None:
        yield unlock(h, pfn)
        return FAILED
    result = yield from truncate_error_page(h, pfn, inode)
    kept = 1 if m.profile.files.error_remove_page.get(inode.filesystem) == "shmem_error_remove_page" else 0
    if (yield from has_extra_refcount(h, pfn, kept)):
        result = FAILED
    yield unlock(h, pfn)
    return result


def truncate_error_page(h: Handler, page: int, inode: Inode) -> Steps[str]:
    """Drop the page from its file, as the file system has it: cut it out, keep it marked, or refuse."""
    m = h.m
    yield _mark(h, "truncate_error_page", f"{inode.path} is on {inode.filesystem}.")
    how = m.profile.files.error_remove_page.get(inode.filesystem)
    if how is None:
        kept = why_kept(m, page)
        if invalidate_inode_page(m, page, extra=1):
            yield _mark(
                h,
                "invalidate_inode_page",
                f"{inode.path}: clean, unmapped, and nobody refers to it: invalidated.",
                RECOVERED,
                Act.DROP,
            )
            return RECOVERED
        h.log("Failed to invalidate")
        yield _mark(h, "invalidate_inode_page", f"{inode.path} cannot drop it: {kept}.", FAILED)
        return FAILED
    if how != "generic_error_remove_page":
        yield _mark(
            h,
            how,
            f"{inode.path} is on {inode.filesystem}, which keeps it: whoever comes for the page is told.",
            RECOVERED,
        )
        return RECOVERED
    if inode.filesystem == "directory":
        h.log("Failed to punch page: -5")
        yield _mark(h, how, f"{inode.path} is a {inode.filesystem}, no regular file: it refuses.", FAILED)
        return FAILED
    truncate_page(m, page)
    yield _mark(h, how, f"{inode.path} is a regular file: cut out of the page cache.", RECOVERED, Act.DROP)
    return RECOVERED


@action("6.1")
def me_pagecache_dirty(h: Handler) -> Steps[str]:
    """A page whose newest content is lost: mark the file so that fsync tells, then drop the page."""
    m, pfn = h.m, h.pfn
    m.set_flags(pfn, pf.ERROR)
    inode = m.inode_of(pfn)
    text = "It is anonymous: its content is lost, no file is concerned."
    if inode is not None:
        mapping_set_error(m, inode)
        told = "each who has it open hears EIO from fsync" if can(inode, "writeback") else "noop_fsync() never looks"
        text = f"What was written to {inode.path} is lost, an error is noted: {told}."
    yield _mark(h, "me_pagecache_dirty", text, "EIO" if inode is not None else "no mapping", Act.FLAG)
    return (yield from me_pagecache_clean(h))


@action("6.1")
def me_swapcache_dirty(h: Handler) -> Steps[str]:
    """Not in swap yet: keep it where whoever swaps it in will find it poisoned."""
    h.m.clear_flags(h.pfn, pf.DIRTY | pf.UPTODATE)
    text = "PG_dirty was set: it stays in the swap cache, never to be written; whoever swaps it in is told."
    yield _mark(h, "me_swapcache_dirty", text, DELAYED, Act.FLAG)
    isolated = yield from delete_from_lru_cache(h)
    yield unlock(h, h.pfn)
    extra = yield from has_extra_refcount(h, h.pfn, 1 if isolated else 0, folded="me_swapcache_dirty")
    return DELAYED if isolated and not extra else FAILED


@action("6.1")
def me_swapcache_clean(h: Handler) -> Steps[str]:
    """Swap has the same content: drop the page from the swap cache."""
    delete_from_swap_cache(h.m, h.pfn)
    text = "PG_dirty is clear, swap has a good copy: dropped from the swap cache."
    yield _mark(h, "me_swapcache_clean", text, RECOVERED, Act.DROP)
    isolated = yield from delete_from_lru_cache(h)
    yield unlock(h, h.pfn, "folio_unlock")
    extra = yield from has_extra_refcount(h, h.pfn, 0, folded="me_swapcache_clean")
    return RECOVERED if isolated and not extra else FAILED


@action("6.1")
def me_huge_page(h: Handler) -> Steps[str]:
    """A file keeps its huge page, marked; any other is dissolved, and only the bad 4 KiB stay out."""
    m, head = h.m, h.m.compound_head(h.pfn)
    inode = m.inode_of(head)
    yield _mark(h, "me_huge_page", "A file's huge page." if inode is not None else "A huge page without a file.")
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
