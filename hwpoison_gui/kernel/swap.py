"""Swap: entries and their use counts, the swap cache, and pageout.

After mm/swapfile.c, mm/swap_state.c and the pageout path of mm/vmscan.c. A swap entry is
identified by its offset; `swap_content` holds what was last written to its slot.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from . import pte as ptes
from .filemap import can, delete_from_page_cache, writepage
from .folio import folio_frames, folio_test_large
from .gate import ABSENT
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .page_alloc import alloc_page, get_page, put_page
from .records import PAGE_SHIFT
from .rmap import mappings_of, try_to_unmap

KEPT: Final = site("shrink_page_list", Act.DECIDE, "keep", "extra")
FREED: Final = site("shrink_page_list", Act.DROP, "free")
FREED_FILE: Final = site("shrink_page_list", Act.DROP, "free", "path", name="file page freed")
SWAPPED_IN: Final = site("swapin_readahead")


def add_to_swap(m: Machine, pfn: int) -> int:
    """Allocate a swap entry for an anonymous page and add the page, dirty, to the swap cache. Returns the entry."""
    offset = m.new_id("swap_entry")
    add_to_swap_cache(m, pfn, offset)
    m.set_flags(pfn, pf.DIRTY)
    return offset


def add_to_swap_cache(m: Machine, pfn: int, offset: int) -> None:
    """Enter the page into the swap cache under a swap entry's offset, with a reference of the cache."""
    m.put(m.swap_cache, offset, pfn)
    m.put(m.page_private, pfn, offset)
    m.set_flags(pfn, pf.SWAPCACHE | pf.SWAPBACKED)
    get_page(m, pfn)


def delete_from_swap_cache(m: Machine, pfn: int) -> None:
    """Remove the page from the swap cache; free the slot if its use count is 0."""
    offset = m.page_private.view[pfn]
    m.delete(m.swap_cache, offset)
    m.delete(m.page_private, pfn)
    m.clear_flags(pfn, pf.SWAPCACHE | pf.OWNER_PRIVATE)  # one bit of struct page, exported as two flags
    if not swap_count(m, offset):
        m.delete(m.swap_content, offset)
    put_page(m, pfn)


def swap_count(m: Machine, offset: int) -> int:
    """The entry's use count: page-table entries plus slots of shared memory."""
    return m.swap_map.view.get(offset, 0)


def swap_free(m: Machine, offset: int) -> None:
    """Drop one reference to a swap entry; the last one frees the slot and its swap-cache page."""
    m.add_to(m.swap_map, offset, -1)
    if swap_count(m, offset):
        return
    pfn = m.swap_cache.view.get(offset)
    if pfn is None:
        m.delete(m.swap_content, offset)
    elif not m.mapcount.view[pfn] and not m.page(pfn) & (pf.WRITEBACK | pf.LOCKED):
        try_to_free_swap(m, pfn)


def try_to_free_swap(m: Machine, pfn: int) -> None:
    """Remove the page from the swap cache if its use count is 0, and set DIRTY: no copy of it is left."""
    if m.page(pfn) & pf.SWAPCACHE and not swap_count(m, m.page_private.view[pfn]):
        m.set_flags(pfn, pf.DIRTY)  # first, for the cache may then drop the last reference
        delete_from_swap_cache(m, pfn)


def reuse_swap_page(m: Machine, pfn: int) -> bool:
    """Return whether an anonymous page may be written in place: it has one user, counting PTEs and swap entries."""
    users = int(m.mapcount.view[pfn])
    if m.page(pfn) & pf.SWAPCACHE and users <= 1:
        users += swap_count(m, m.page_private.view[pfn])
        if users == 1 and not m.page(pfn) & pf.WRITEBACK:
            delete_from_swap_cache(m, pfn)
            m.set_flags(pfn, pf.DIRTY)
    return users <= 1


def read_swap_cache(m: Machine, offset: int) -> int | None:
    """read_swap_cache_async(): the swap-cache page of the entry, read in if needed. None without memory."""
    found = m.swap_cache.view.get(offset)
    if found is not None:
        return found
    pfn = alloc_page(m)
    if pfn is None:
        return None
    m.put(m.content, pfn, m.swap_content.view.get(offset, ABSENT))
    m.set_flags(pfn, pf.UPTODATE | pf.LRU)
    add_to_swap_cache(m, pfn, offset)
    put_page(m, pfn)
    return pfn


def swapin_readahead(m: Machine, mm: int, address: int) -> Steps[int | str]:
    """Read the page of a swap entry into the swap cache without mapping it."""
    entry = m.pte(mm, address >> PAGE_SHIFT)
    if not entry & ptes.SWAP:
        return 0
    pfn = read_swap_cache(m, ptes.value_of(entry))
    if pfn is None:
        return "ENOMEM"
    yield Mark(SWAPPED_IN, (), (pfn,))
    return 0


def swap_writepage(m: Machine, pfn: int) -> None:
    """Write a swap-cache page to its slot and clear DIRTY."""
    m.put(m.swap_content, m.page_private.view[pfn], m.content.get(pfn))
    m.clear_flags(pfn, pf.DIRTY)


def pageout(m: Machine, pfn: int) -> Steps[bool]:
    """shrink_page_list() for one folio: unmap it, write it if dirty, free it. False if the folio must stay.

    An anonymous or tmpfs folio must be a single page; the caller splits it.
    """
    if m.page(pfn) & (pf.LOCKED | pf.UNEVICTABLE | pf.HWPOISON) or not m.page(pfn) & pf.LRU:
        return False
    if folio_test_large(m, pfn) and not is_reclaimed_whole(m, pfn):
        return False
    if m.anon_vma_of(pfn):
        return (yield from _pageout_anon(m, pfn))
    return (yield from _pageout_file(m, pfn))


def is_reclaimed_whole(m: Machine, pfn: int) -> bool:
    """Return whether the folio is a file's on disk: reclaim splits others, as swap slots are of one page each here."""
    inode = m.inode_of(m.compound_head(pfn))
    return inode is not None and not can(inode, "swapbacked")


def _pageout_anon(m: Machine, pfn: int) -> Steps[bool]:
    if not m.page(pfn) & pf.SWAPCACHE:
        add_to_swap(m, pfn)
    if not (yield from try_to_unmap(m, pfn, "swap")):
        return False
    if m.refcount.view[pfn] != 1:
        yield Mark(KEPT, (int(m.refcount.view[pfn]) - 1,), (pfn,))
        return False
    if m.page(pfn) & pf.DIRTY:
        swap_writepage(m, pfn)
    delete_from_swap_cache(m, pfn)
    yield Mark(FREED, (), (pfn,))
    return True


def _pageout_file(m: Machine, pfn: int) -> Steps[bool]:
    inode = m.inode_of(pfn)
    if inode is None:
        return False
    frames = folio_frames(m, pfn)
    if any(vma.locked for frame in frames for vma, _ in mappings_of(m, frame)):
        return False
    for frame in frames:
        if not (yield from try_to_unmap(m, frame, "none")):
            return False
    private = 1 if m.page(pfn) & pf.PRIVATE else 0
    if m.refcount.view[pfn] != len(frames) + private:
        return False
    if inode.filesystem == "tmpfs":
        _shmem_writepage(m, pfn, inode.id)
    else:
        if m.page(pfn) & pf.DIRTY:
            writepage(m, pfn)
        delete_from_page_cache(m, pfn)
    yield Mark(FREED_FILE, (inode.path,), (pfn,))
    return True


def _shmem_writepage(m: Machine, pfn: int, inode: int) -> None:
    """shmem_writepage(): replace the page in the file's page cache by a swap entry."""
    offset, index = m.new_id("swap_entry"), int(m.index.view[pfn])
    m.put(m.swap_content, offset, m.content.get(pfn))
    m.put(m.swap_map, offset, 1)
    m.put(m.shmem_swap, (inode, index), offset)
    delete_from_page_cache(m, pfn)


def free_page_and_swap_cache(m: Machine, pfn: int) -> None:
    """Drop a mapping's reference; without mappings, try to free the page's swap entry first."""
    if not m.mapcount.view[pfn] and not m.page(pfn) & pf.LOCKED:
        try_to_free_swap(m, pfn)
    put_page(m, pfn)
