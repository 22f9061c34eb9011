"""Pages leave the page cache: truncation, and invalidation of clean ones.

After mm/truncate.c.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from .filemap import ZERO, cache_references, delete_from_page_cache, find_get_page, release_page, store
from .folio import folio_mapped, folio_nr_pages
from .hugetlb_pool import unreserve
from .machine import Machine
from .records import Inode
from .rmap import clear_page_mlock
from .split_folio import split_cached_page

_NO_END: Final = 1 << 63  # a page number beyond any page of a file


def truncate_page(m: Machine, pfn: int) -> None:
    """truncate_complete_page(): remove the page from the page cache and discard its content."""
    m.clear_flags(pfn, pf.DIRTY | pf.MAPPEDTODISK)
    clear_page_mlock(m, pfn)
    delete_from_page_cache(m, pfn)


def truncate_inode_pages(m: Machine, inode: Inode, first: int, last: int | None = None) -> None:
    """Discard cached pages, swapped-out pages and disk content from `first` to `last` (exclusive; None: the end)."""
    _split_at(m, inode, first)
    if last is not None:
        _split_at(m, inode, last)
    unreserve(m, inode.id, first, last)
    end = _NO_END if last is None else last
    _truncate_cached(m, inode, first, end)
    _truncate_swapped(m, inode, first, end)
    for index in sorted(m.disk.of(inode.id)):
        if first <= index < end:
            m.delete(m.disk, (inode.id, index))


def _truncate_cached(m: Machine, inode: Inode, first: int, end: int) -> None:
    for index, pfn in m.page_cache.of(inode.id).items():
        span = folio_nr_pages(m, pfn) if m.page(pfn) & pf.THP else 1
        inside = range(max(index, first), min(index + span, end))
        if len(inside) == span or (inside and not m.page(pfn) & pf.DIRTY):
            truncate_page(m, pfn)
        for cut in inside if len(inside) < span else ():
            store(m, pfn + cut - index, ZERO)  # something kept the folio from being split


def _truncate_swapped(m: Machine, inode: Inode, first: int, end: int) -> None:
    """shmem_free_swap(): free the swap slots of shared memory."""
    for index, offset in sorted(m.shmem_swap.of(inode.id).items()):
        if first <= index < end:
            m.delete(m.shmem_swap, (inode.id, index))
            m.add_to(m.swap_map, offset, -1)
            m.delete(m.swap_content, offset)


def _split_at(m: Machine, inode: Inode, index: int) -> None:
    """truncate_inode_partial_folio(): split a large folio that crosses an end of the range."""
    if index in m.page_cache.of(inode.id):
        return
    pfn = find_get_page(m, inode.id, index)
    if pfn is not None and m.page(pfn) & pf.THP:
        split_cached_page(m, m.compound_head(pfn))


def why_kept(m: Machine, pfn: int) -> tuple[str, int]:
    """Return why invalidate_inode_page() keeps a page (dirty, writeback, mapped or referenced), and its refcount."""
    word, count = m.page(pfn), int(m.refcount.view[pfn])
    if word & (pf.DIRTY | pf.WRITEBACK):
        return "dirty" if word & pf.DIRTY else "writeback", count
    return "mapped" if folio_mapped(m, pfn) else "referenced", count


def invalidate_inode_page(m: Machine, pfn: int, extra: int) -> bool:
    """Drop a clean, unmapped folio with no references but the page cache's and `extra`. Returns whether it could."""
    if m.page(pfn) & (pf.DIRTY | pf.WRITEBACK) or folio_mapped(m, pfn):
        return False
    private = 1 if m.page(pfn) & pf.PRIVATE else 0
    alone = int(m.refcount.view[pfn]) == cache_references(m, pfn) + private + extra
    if alone:
        clear_page_mlock(m, pfn)
        delete_from_page_cache(m, pfn)
    elif m.profile.has("invalidate_counts_last"):
        clear_page_mlock(m, pfn)
        release_page(m, pfn)
    return alone
