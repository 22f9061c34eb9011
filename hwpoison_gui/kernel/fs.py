"""File operations of processes: create, open, read, write, sync, truncate, unlink.

After fs/open.c, mm/filemap.c, fs/sync.c and mm/truncate.c. Operations return 0 or an errno name;
reads return the content tag.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from .filemap import (
    DISK,
    ZERO,
    cached_pages,
    can,
    content_of,
    create_buffers,
    read_page,
    store,
    writepage,
)
from .folio import folio_nr_pages
from .hugetlb import fallocate, hugetlbfs_read
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .memory import Access
from .mmap import covered, overlapping, put_inode, unmap_mapping_range
from .records import HPAGE_PMD_NR, SHARED_ANONYMOUS, Inode, OpenFile
from .truncate import invalidate_inode_page, truncate_inode_pages

HUGETLB_READ: Final = site("hugetlbfs_read", Act.DECIDE, args="path index")
HUGETLB_LOST: Final = site("hugetlbfs_read", Act.DECIDE, "EIO", "path index")
READ: Final = site("generic_file_aio_read", args="path index")
LOST: Final = site("generic_file_aio_read", Act.DECIDE, "EIO", "path index")
NO_WRITE: Final = site("vfs_write", Act.DECIDE, "EINVAL", "path")
WRITTEN: Final = site("generic_file_aio_write", Act.FLAG, args="path index")
NOT_WRITTEN: Final = site("generic_file_aio_write", Act.DECIDE, "EIO", "path index")
WRITTEN_BACK: Final = site("filemap_fdatawrite", Act.FLAG, args="path")
ERROR_REPORTED: Final = site("vfs_fsync", Act.DECIDE, "EIO", "path")
NO_ERROR: Final = site("vfs_fsync", Act.DECIDE, "0", "path")
TRUNCATED: Final = site("truncate_pagecache", Act.DROP, args="path pages gone")
PUNCHED: Final = site("truncate_pagecache_range", Act.DROP, args="path first last gone")
CACHES_DROPPED: Final = site("drop_pagecache_sb", Act.DROP, args="dropped")
UNLINKED: Final = site("do_unlinkat", Act.DROP, args="path")

# Mount point of the tmpfs with huge=always on the recorded machines.
HUGE_TMPFS: Final = "/hugetmp/"


def create_file(m: Machine, path: str, pages: int, filesystem: str, hole: bool, folio: int = 1) -> int | None:
    """Create a file. Returns its inode number, or None without memory: only tmpfs and hugetlbfs allocate pages now.

    Then no file is left. `folio`: see `Inode`.
    """
    inode = Inode(m.new_id("inode"), path, filesystem, pages, on_disk=0 if hole else pages, folio=folio)
    m.put(m.inodes, inode.id, inode)
    m.put(m.paths, path, inode.id)
    fill = fallocate if can(inode, "huge") else _fill if can(inode, "swapbacked") else None
    if fill is None or hole or fill(m, inode):
        return inode.id
    truncate_inode_pages(m, inode, 0)
    m.delete(m.paths, path)
    m.delete(m.inodes, inode.id)
    return None


def _fill(m: Machine, inode: Inode) -> bool:
    """Allocate all pages of a tmpfs file. False without memory."""
    for index in range(inode.pages):
        pfn = read_page(m, inode, index)
        if pfn is None:
            return False
        store(m, pfn, DISK)
        m.set_flags(m.compound_head(pfn), pf.DIRTY)
    return True


def create_shmem(m: Machine, pages: int, folio: int = 1) -> int:
    """shmem_zero_setup(): the unnamed tmpfs file behind shared anonymous memory."""
    number = m.new_id("inode")
    m.put(m.inodes, number, Inode(number, SHARED_ANONYMOUS, "tmpfs", pages, linked=False, deleted=True, folio=folio))
    return number


def dentry_open(m: Machine, inode: Inode) -> int:
    """Create an open file description without users. It will report a write-back error that nobody has seen yet."""
    number = m.new_id("open_file")
    m.put(m.open_files, number, OpenFile(number, inode.id, inode.wb_err if inode.wb_seen else 0))
    return number


def do_open(m: Machine, tgid: int, path: str, fd: str) -> None:
    """open(): create an open file description and a descriptor for it."""
    number = dentry_open(m, m.inodes.view[m.paths.view[path]])
    m.put(m.file_users, number, 1)
    m.put(m.fds, (tgid, fd), number)


def do_pread(m: Machine, inode: Inode, index: int) -> Steps[Access]:
    """read() of one page through the page cache; the value is None beyond the end of the file."""
    if index >= inode.pages:
        return Access(None)
    if can(inode, "huge"):
        content = hugetlbfs_read(m, inode, index)
        yield Mark(HUGETLB_LOST if content is None else HUGETLB_READ, (inode.path, index))
        return Access(content, "EIO" if content is None else 0)
    pfn = read_page(m, inode, index)
    if pfn is None:
        return Access(None, "ENOMEM")
    if not m.page(m.compound_head(pfn)) & pf.UPTODATE or m.profile.files.io_refuses(m, pfn):
        yield Mark(LOST, (inode.path, index), (pfn,))
        return Access(None, "EIO")
    yield Mark(READ, (inode.path, index), (pfn,))
    return Access(content_of(m, pfn))


def do_pwrite(m: Machine, inode: Inode, index: int, tag: str) -> Steps[int | str]:
    """write() of one page into the page cache: set DIRTY, and extend the file if needed."""
    if can(inode, "huge"):
        yield Mark(NO_WRITE, (inode.path,))
        return "EINVAL"
    if index >= inode.pages:
        inode = inode._replace(pages=index + 1)
        m.put(m.inodes, inode.id, inode)
    pfn = read_page(m, inode, index)
    if pfn is None:
        return "ENOMEM"
    if m.profile.files.io_refuses(m, pfn):
        yield Mark(NOT_WRITTEN, (inode.path, index), (pfn,))
        return "EIO"
    store(m, pfn, tag)
    create_buffers(m, pfn, inode)
    m.set_flags(m.compound_head(pfn), pf.DIRTY | pf.UPTODATE | (pf.MAPPEDTODISK if can(inode, "block") else 0))
    yield Mark(WRITTEN, (inode.path, index), (pfn,))
    return 0


def write_back(m: Machine, inode: Inode, pages: range | None = None) -> Steps[None]:
    """filemap_fdatawrite() and filemap_fdatawait(): write all dirty pages, or those in `pages`, to disk."""
    if not can(inode, "writeback"):
        return
    dirty = [
        pfn
        for pfn in cached_pages(m, inode.id)
        if m.page(pfn) & (pf.DIRTY | pf.WRITEBACK) and (pages is None or _overlaps(m, pfn, pages))
    ]
    for pfn in dirty:
        writepage(m, pfn)
        m.clear_flags(pfn, pf.WRITEBACK)
    yield Mark(WRITTEN_BACK, (inode.path,), tuple(dirty))


def _overlaps(m: Machine, pfn: int, pages: range) -> bool:
    """Return whether a folio of a file has any of the pages."""
    first = int(m.index.view[pfn])
    return first < pages.stop and pages.start < first + folio_nr_pages(m, pfn)


def do_fsync(m: Machine, inode: Inode, description: int | None, pages: range | None = None) -> Steps[int | str]:
    """fsync(): write back, then report a write-back error (file_check_and_advance_wb_err(), or AS_EIO)."""
    yield from write_back(m, inode, pages)
    inode = m.inodes.view[inode.id]
    errno = m.profile.files.report_error(m, inode, description)
    yield Mark(ERROR_REPORTED if errno else NO_ERROR, (inode.path,))
    return errno


def do_msync(m: Machine, mm: int, start: int, end: int) -> Steps[int | str]:
    """msync(MS_SYNC): fsync each shared file in the range until one reports an error; a gap gives ENOMEM at the end."""
    for vma in overlapping(m, mm, start, end):
        if not vma.shared or not vma.mapping:
            continue
        pages = range(vma.index_of(max(start, vma.start)), vma.index_of(min(end, vma.end) - 1) + 1)
        whole = m.profile.has("msync_whole_file")
        errno = yield from do_fsync(m, m.inodes.view[vma.mapping], vma.file or None, None if whole else pages)
        if errno:
            return errno
    return 0 if covered(m, mm, start, end) else "ENOMEM"


def do_sync(m: Machine, inode: Inode) -> Steps[int]:
    """sync(): write back. Errors are not reported; the profile may consume the AS_EIO mark."""
    yield from write_back(m, inode)
    if m.profile.has("sync_clears_error"):
        m.profile.files.report_error(m, m.inodes.view[inode.id], None)
    return 0


def do_truncate(m: Machine, inode: Inode, pages: int) -> Steps[int]:
    """truncate(): clear all PTEs beyond the new end, those of private copies too, then drop the pages."""
    m.put(m.inodes, inode.id, inode._replace(pages=pages, on_disk=min(inode.on_disk, pages)))
    if pages < inode.pages:
        gone = unmap_mapping_range(m, inode.id, pages, None, even_cows=True)
        truncate_inode_pages(m, inode, pages)
        yield Mark(TRUNCATED, (inode.path, pages, gone))
    return 0


def block_pages(inode: Inode) -> int:
    """st_blksize of a file, in pages: a huge page on hugetlbfs, and on tmpfs mounted with huge=always.

    shmem_getattr(), mm/shmem.c.
    """
    return HPAGE_PMD_NR if can(inode, "huge") or inode.path.startswith(HUGE_TMPFS) else 1


def do_punch_hole(m: Machine, inode: Inode, first: int, last: int) -> Steps[int]:
    """fallocate(PUNCH_HOLE): unmap and drop the file's pages; private copies are dropped on hugetlbfs only."""
    block = block_pages(inode)
    first, last = first & -block, (last + block - 1) & -block
    gone = unmap_mapping_range(m, inode.id, first, last, even_cows=can(inode, "huge"))
    truncate_inode_pages(m, inode, first, last)
    for index in range(first, min(last, inode.on_disk)):
        m.put(m.disk, (inode.id, index), ZERO)
    yield Mark(PUNCHED, (inode.path, first, last, gone))
    return 0


def do_drop_caches(m: Machine) -> Steps[int]:
    """/proc/sys/vm/drop_caches: drop every clean, unmapped page of the page cache without extra references."""
    dropped = 0
    for number in sorted(m.page_cache.view):
        if can(m.inodes.view[number], "swapbacked") or can(m.inodes.view[number], "huge"):
            continue
        for pfn in cached_pages(m, number):
            if not m.page(pfn) & (pf.LOCKED | pf.UNEVICTABLE):
                nr_pages = folio_nr_pages(m, pfn)
                dropped += nr_pages if invalidate_inode_page(m, pfn, extra=0) else 0
    yield Mark(CACHES_DROPPED, (dropped,))
    return 0


def do_unlink(m: Machine, path: str) -> Steps[int]:
    """unlink(): remove the file's name. Its pages are freed with the last descriptor and mapping."""
    inode = m.inodes.view[m.paths.view[path]]
    m.delete(m.paths, path)
    m.put(m.inodes, inode.id, inode._replace(linked=False))
    put_inode(m, inode.id)
    yield Mark(UNLINKED, (path,))
    return 0
