"""The page cache: lookup, reading, write-back, write-back errors, truncation.

After mm/filemap.c, mm/truncate.c and mm/page-writeback.c. The content of a page is a tag: "disk"
for a page of a file that was never written, "zero" for a hole or new memory, else what was stored.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from .gate import ABSENT
from .huge_memory import split_cached_page
from .hugetlb_pool import unreserve
from .machine import Machine
from .page_alloc import alloc_page, get_page, put_page
from .records import HPAGE_PMD_NR, Inode
from .rmap import clear_page_mlock, page_mkclean

ZERO: Final = "zero"
DISK: Final = "disk"

# Abilities of each file system. `writeback`: its backing store writes back
# (mapping_cap_writeback_dirty()); `drops`: error_remove_page is set; `block`: pages have blocks.
FILESYSTEMS: Final[dict[str, frozenset[str]]] = {
    "ext4": frozenset({"writeback", "drops", "block", "regular"}),
    "tmpfs": frozenset({"drops", "swapbacked", "regular"}),
    "hugetlbfs": frozenset({"huge", "regular"}),
    "blockdev": frozenset({"writeback", "block", "private"}),
    "nofs": frozenset({"writeback", "regular"}),
    "directory": frozenset({"writeback", "drops", "block"}),
}

_NO_END: Final = 1 << 63  # beyond any page of a file


def can(inode: Inode, ability: str) -> bool:
    """Whether the inode's file system has the ability (see FILESYSTEMS)."""
    return ability in FILESYSTEMS[inode.filesystem]


def content_of(m: Machine, pfn: int) -> str:
    return m.content.view.get(pfn, ZERO)


def disk_content(m: Machine, inode: Inode, index: int) -> str:
    """Content on disk of page `index` of the file."""
    return m.disk.of(inode.id).get(index, DISK if index < inode.on_disk else ZERO)


def has_blocks(m: Machine, inode: Inode, index: int) -> bool:
    """Whether page `index` has blocks on disk."""
    return can(inode, "block") and (index < inode.on_disk or index in m.disk.of(inode.id))


def find_get_page(m: Machine, inode: int, index: int) -> int | None:
    """The frame that caches page `index` of the inode, or None. Takes no reference.

    A huge page is stored at its first index and found at all of them.
    """
    cache = m.page_cache.of(inode)
    found = cache.get(index)
    if found is not None:
        return found
    head = cache.get(index & -HPAGE_PMD_NR)
    return head + index % HPAGE_PMD_NR if head is not None and m.page(head) & pf.COMPOUND_HEAD else None


def add_to_page_cache(m: Machine, pfn: int, inode: Inode, index: int) -> None:
    """Add the frame to the page cache as page `index` of the inode; the page cache takes a reference."""
    m.put(m.page_cache, (inode.id, index), pfn)
    m.put(m.mapping, pfn, inode.id << 2)
    m.put(m.index, pfn, index)
    m.set_flags(pfn, pf.LRU | (pf.SWAPBACKED if can(inode, "swapbacked") else 0))
    get_page(m, pfn)
    if m.profile.has("block_device_buffers"):
        create_buffers(m, pfn, inode)


def create_buffers(m: Machine, pfn: int, inode: Inode) -> None:
    """create_page_buffers(): attach buffers to a page of a block device; they take a reference."""
    if can(inode, "private") and not m.page(pfn) & pf.PRIVATE:
        m.set_flags(pfn, pf.PRIVATE)
        get_page(m, pfn)


def delete_from_page_cache(m: Machine, pfn: int) -> None:
    """Remove the frame from the page cache, clear page->mapping and drop the page cache's reference."""
    inode = m.inode_of(pfn)
    assert inode is not None
    m.delete(m.page_cache, (inode.id, int(m.index.view[pfn])))
    m.put(m.mapping, pfn, 0)
    if m.page(pfn) & pf.THP:
        m.add_to(m.refcount, pfn, 1 - HPAGE_PMD_NR)
    release_page(m, pfn)
    put_page(m, pfn)


def release_page(m: Machine, pfn: int) -> None:
    """try_to_release_page(): free the page's buffers and drop their reference."""
    if m.page(pfn) & pf.PRIVATE:
        m.clear_flags(pfn, pf.PRIVATE)
        put_page(m, pfn)


def read_page(m: Machine, inode: Inode, index: int) -> int | None:
    """The frame of page `index`, read from disk (tmpfs: from swap, or zeroed) if not cached. None without memory."""
    found = find_get_page(m, inode.id, index)
    if found is not None:
        return found
    pfn = alloc_page(m)
    if pfn is None:
        return None
    if can(inode, "swapbacked"):
        _shmem_fill(m, pfn, inode, index)
    else:
        _set_content(m, pfn, disk_content(m, inode, index))
    m.set_flags(pfn, pf.UPTODATE | (pf.MAPPEDTODISK if has_blocks(m, inode, index) else 0))
    add_to_page_cache(m, pfn, inode, index)
    put_page(m, pfn)
    return pfn


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
    """Write a page to disk: clear DIRTY, clean and write-protect its PTEs."""
    inode = m.inode_of(pfn)
    assert inode is not None
    if can(inode, "writeback"):
        page_mkclean(m, pfn)
    m.clear_flags(pfn, pf.DIRTY)
    create_buffers(m, pfn, inode)
    if can(inode, "writeback"):
        m.put(m.disk, (inode.id, int(m.index.view[pfn])), content_of(m, pfn))


def mapping_set_error(m: Machine, inode: Inode) -> None:
    """mapping_set_error(-EIO): record a write-back error that nobody has seen yet."""
    newest = inode.wb_err + 1 if inode.wb_seen else inode.wb_err
    m.put(m.inodes, inode.id, inode._replace(wb_err=newest, wb_seen=False))


def cached_pages(m: Machine, inode: int) -> list[int]:
    """The frames of the inode's page cache, sorted by index."""
    cache = m.page_cache.of(inode)
    return [cache[index] for index in sorted(cache)]


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
    for index, pfn in sorted(m.page_cache.of(inode.id).items()):
        span = HPAGE_PMD_NR if m.page(pfn) & pf.THP else 1
        inside = range(max(index, first), min(index + span, end))
        if len(inside) == span or (inside and not m.page(pfn) & pf.DIRTY):
            truncate_page(m, pfn)
        for cut in inside if len(inside) < span else ():
            _set_content(m, pfn + cut - index, ZERO)  # an extra reference kept the huge page from being split


def _truncate_swapped(m: Machine, inode: Inode, first: int, end: int) -> None:
    """shmem_free_swap(): free the swap slots of shared memory."""
    for index, offset in sorted(m.shmem_swap.of(inode.id).items()):
        if first <= index < end:
            m.delete(m.shmem_swap, (inode.id, index))
            m.add_to(m.swap_map, offset, -1)
            m.delete(m.swap_content, offset)


def _split_at(m: Machine, inode: Inode, index: int) -> None:
    """truncate_inode_partial_folio(): split a huge page that crosses an end of the range."""
    head = m.page_cache.of(inode.id).get(index & -HPAGE_PMD_NR)
    if index % HPAGE_PMD_NR and head is not None and m.page(head) & pf.THP and m.page(head) & pf.COMPOUND_HEAD:
        split_cached_page(m, head)


def why_kept(m: Machine, pfn: int) -> tuple[str, int]:
    """What keeps invalidate_inode_page() from dropping a page: dirty, writeback, mapped or referenced; and refcount."""
    word, count = m.page(pfn), int(m.refcount.view[pfn])
    if word & (pf.DIRTY | pf.WRITEBACK):
        return "dirty" if word & pf.DIRTY else "writeback", count
    return "mapped" if m.mapcount.view[pfn] else "referenced", count


def invalidate_inode_page(m: Machine, pfn: int, extra: int) -> bool:
    """Drop a clean, unmapped page with no references but the page cache's and `extra`. Returns whether it could."""
    if m.page(pfn) & (pf.DIRTY | pf.WRITEBACK) or m.mapcount.view[pfn]:
        return False
    private = 1 if m.page(pfn) & pf.PRIVATE else 0
    alone = int(m.refcount.view[pfn]) == 1 + private + extra
    if alone:
        clear_page_mlock(m, pfn)
        delete_from_page_cache(m, pfn)
    elif m.profile.has("invalidate_counts_last"):
        clear_page_mlock(m, pfn)
        release_page(m, pfn)
    return alone
