"""The page cache: lookup, reading, write-back, write-back errors.

After mm/filemap.c and mm/page-writeback.c. The content of a page is a tag: "disk"
for a page of a file that was never written, "zero" for a hole or new memory, else what was stored.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from .folio import folio_alloc, folio_frames, folio_nr_pages
from .gate import ABSENT
from .machine import Machine
from .page_alloc import alloc_page, get_page, put_page
from .page_mapping import mapping_word
from .records import HPAGE_PMD_ORDER, Inode
from .rmap import page_mkclean

ZERO: Final = "zero"
DISK: Final = "disk"

# What each file system can do. `writeback`: its backing store writes back
# (mapping_cap_writeback_dirty()); `drops`: error_remove_page is set; `block`: pages have blocks.
FILESYSTEMS: Final[dict[str, frozenset[str]]] = {
    "ext4": frozenset({"writeback", "drops", "block", "regular"}),
    "tmpfs": frozenset({"drops", "swapbacked", "regular"}),
    "hugetlbfs": frozenset({"huge", "regular"}),
    "blockdev": frozenset({"writeback", "block", "private"}),
    "nofs": frozenset({"writeback", "regular"}),
    "directory": frozenset({"writeback", "drops", "block"}),
}


def can(inode: Inode, ability: str) -> bool:
    """Return whether the inode's file system has the ability (see FILESYSTEMS)."""
    return ability in FILESYSTEMS[inode.filesystem]


def content_of(m: Machine, pfn: int) -> str:
    """The content tag of a frame; ZERO where nothing was written to it."""
    return m.content.view.get(pfn, ZERO)


def disk_content(m: Machine, inode: Inode, index: int) -> str:
    """Content on disk of page `index` of the file."""
    return m.disk.of(inode.id).get(index, DISK if index < inode.on_disk else ZERO)


def has_blocks(m: Machine, inode: Inode, index: int) -> bool:
    """Return whether page `index` has blocks on disk."""
    return can(inode, "block") and (index < inode.on_disk or index in m.disk.of(inode.id))


def find_get_page(m: Machine, inode: int, index: int) -> int | None:
    """The frame that caches page `index` of the inode, or None. Takes no reference.

    A large folio is stored at its first index, which is a multiple of its size, and found at all of them.
    """
    cache = m.page_cache.of(inode)
    found = cache.get(index)
    if found is not None:
        return found
    first = index
    for order in range(1, HPAGE_PMD_ORDER + 1):
        if index & -(1 << order) == first:
            continue
        first = index & -(1 << order)
        head = cache.get(first)
        if head is not None:
            return head + index - first if index - first < folio_nr_pages(m, head) else None
    return None


def add_to_page_cache(m: Machine, pfn: int, inode: Inode, index: int) -> None:
    """Add a folio to the page cache from page `index` of the inode on; the cache takes a reference for each frame."""
    m.put(m.page_cache, (inode.id, index), pfn)
    m.put(m.mapping, pfn, mapping_word(inode.id))
    m.put(m.index, pfn, index)
    m.set_flags(pfn, pf.LRU | (pf.SWAPBACKED if can(inode, "swapbacked") else 0))
    m.add_to(m.refcount, pfn, folio_nr_pages(m, pfn))
    if m.profile.has("block_device_buffers"):
        create_buffers(m, pfn, inode)


def create_buffers(m: Machine, pfn: int, inode: Inode) -> None:
    """create_page_buffers(): attach buffers to a page of a block device; they take a reference."""
    if can(inode, "private") and not m.page(pfn) & pf.PRIVATE:
        m.set_flags(pfn, pf.PRIVATE)
        get_page(m, pfn)


def cache_references(m: Machine, head: int) -> int:
    """The references that the page cache has to a folio of a file: one for each frame, or one to a hugetlb page."""
    return 1 if m.page(head) & pf.HUGE else folio_nr_pages(m, head)


def delete_from_page_cache(m: Machine, pfn: int) -> None:
    """Remove a folio from the page cache, clear page->mapping and drop the page cache's references."""
    inode = m.inode_of(pfn)
    assert inode is not None
    m.delete(m.page_cache, (inode.id, int(m.index.view[pfn])))
    m.put(m.mapping, pfn, 0)
    references = cache_references(m, pfn)
    if references > 1:
        m.add_to(m.refcount, pfn, 1 - references)
    release_page(m, pfn)
    put_page(m, pfn)


def release_page(m: Machine, pfn: int) -> None:
    """try_to_release_page(): free the page's buffers and drop their reference."""
    if m.page(pfn) & pf.PRIVATE:
        m.clear_flags(pfn, pf.PRIVATE)
        put_page(m, pfn)


def read_page(m: Machine, inode: Inode, index: int) -> int | None:
    """The frame of page `index`, read from disk (tmpfs: from swap, or zeroed) if not cached. None without memory.

    Where the file system has large folios, the other pages of the folio are read as well (page_cache_ra_order()).
    """
    found = find_get_page(m, inode.id, index)
    if found is not None:
        return found
    order = _folio_order(m, inode, index)
    pfn = folio_alloc(m, order, 0)
    if pfn is None and order:
        order, pfn = 0, alloc_page(m)
    if pfn is None:
        return None
    first = index & -(1 << order)
    pages = range(first, first + (1 << order))
    for number, frame in zip(pages, range(pfn, pfn + len(pages)), strict=True):
        if can(inode, "swapbacked"):
            _shmem_fill(m, frame, inode, number)
        else:
            _set_content(m, frame, disk_content(m, inode, number))
    blocks = all(has_blocks(m, inode, number) for number in pages)
    m.set_flags(pfn, pf.UPTODATE | (pf.MAPPEDTODISK if blocks else 0))
    add_to_page_cache(m, pfn, inode, first)
    put_page(m, pfn)
    return pfn + index - first


def _folio_order(m: Machine, inode: Inode, index: int) -> int:
    """The order of a new folio at `index`: that of the file, less where the file ends, or a page is there already."""
    if inode.filesystem not in m.profile.files.large_folios:
        return 0
    order = inode.folio.bit_length() - 1
    cache, swapped = m.page_cache.of(inode.id), m.shmem_swap.of(inode.id)
    while order:
        first = index & -(1 << order)
        pages = range(first, first + (1 << order))
        if pages.stop <= inode.pages and not any(page in cache or page in swapped for page in pages):
            break
        order -= 1
    return order


def _shmem_fill(m: Machine, pfn: int, inode: Inode, index: int) -> None:
    offset = m.shmem_swap.of(inode.id).get(index)
    if offset is None:
        return
    m.put(m.content, pfn, m.swap_content.view.get(offset, ABSENT))
    m.delete(m.shmem_swap, (inode.id, index))
    m.delete(m.swap_map, offset)
    m.delete(m.swap_content, offset)
    m.set_flags(pfn, pf.DIRTY)


def _set_content(m: Machine, pfn: int, tag: str) -> None:
    m.put(m.content, pfn, ABSENT if tag == ZERO else tag)


def store(m: Machine, pfn: int, tag: str) -> None:
    """Set the content of a page. The caller sets the dirty bit or flag."""
    _set_content(m, pfn, tag)


def writepage(m: Machine, pfn: int) -> None:
    """Write a folio to disk: clear DIRTY, clean and write-protect its PTEs."""
    inode = m.inode_of(pfn)
    assert inode is not None
    if can(inode, "writeback"):
        page_mkclean(m, pfn)
    m.clear_flags(pfn, pf.DIRTY)
    create_buffers(m, pfn, inode)
    if can(inode, "writeback"):
        index = int(m.index.view[pfn])
        for frame in folio_frames(m, pfn):
            if index + frame - pfn < inode.pages:
                m.put(m.disk, (inode.id, index + frame - pfn), content_of(m, frame))


def mapping_set_error(m: Machine, inode: Inode) -> None:
    """mapping_set_error(-EIO): record a write-back error that nobody has seen yet."""
    newest = inode.wb_err + 1 if inode.wb_seen else inode.wb_err
    m.put(m.inodes, inode.id, inode._replace(wb_err=newest, wb_seen=False))


def cached_pages(m: Machine, inode: int) -> list[int]:
    """The frames of the inode's page cache, sorted by index; of a large folio the head alone."""
    cache = m.page_cache.of(inode)
    return [cache[index] for index in sorted(cache)]
