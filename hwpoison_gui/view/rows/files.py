"""Rows of the table of files: cached and dirty pages, the processes that map them, and write-back errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import mapping_number, of_files
from hwpoison_gui.kernel.records import Inode
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.columns import TextColumn
from hwpoison_gui.view.base.naming import file_name, listed
from hwpoison_gui.view.base.natural import natural

if TYPE_CHECKING:
    from hwpoison_gui.view.damage.worst import FileToll

FILE_COLUMNS: Final = (
    TextColumn("path", "File", "Its path; deleted files live on while they are open or mapped",
               "/usr/lib/libc.so.6", wide=True, path=True),
    TextColumn("filesystem", "On", "Its file system; tmpfs files have no disk behind them", "hugetlbfs"),
    TextColumn("pages", "Pages", "Its size in pages of 4 KiB", "000,000", number=True),
    TextColumn("cached", "Cached", "How many of them are in the page cache", "000,000", number=True),
    TextColumn("dirty", "Dirty", "Cached pages newer than the disk: poison loses them", "000,000", number=True),
    TextColumn("mapped_by", "Mapped by", "Processes that have it mapped", "init, srv, w1 and 12 more"),
    TextColumn("error", "Error", "EIO: a write was lost; whether an fsync() has reported it", "EIO reported"),
)  # fmt: skip
# Columns with the predicted effects of errors in the cached pages; shown on demand.
FILE_DAMAGE_COLUMNS: Final = (
    *FILE_COLUMNS[:2],
    TextColumn("now", "Hit now", "Cached frames whose error would signal a process at once", "000,000", number=True),
    TextColumn("late", "Hit late", "Cached frames whose error would signal the next process to touch them", "000,000",
               number=True),
    TextColumn("lost", "Loses", "Cached frames whose error would lose content", "000,000", number=True),
    *FILE_COLUMNS[2:],
)  # fmt: skip
_MOST_NAMES: Final = 3


class FileRow(Record):
    """One inode; `key` is its number."""

    key: int
    path: str
    filesystem: str
    pages: int
    cached: int
    dirty: int
    mapped_by: str
    error: str
    now: int = 0
    late: int = 0
    lost: int = 0


def file_rows(m: Machine, tolls: Mapping[int, FileToll] | None = None) -> list[FileRow]:
    """All files; those with a path first, by the number of cached pages. `tolls`: what errors would do, by inode."""
    dirty = _dirty_pages(m)
    rows = [_row(m, inode, int(dirty[inode.id]) if inode.id < len(dirty) else 0) for inode in m.inodes.view.values()]
    if tolls:
        told = [tolls.get(row.key) for row in rows]
        rows = [
            row if toll is None else row._replace(now=toll.now, late=toll.late, lost=toll.lost)
            for row, toll in zip(rows, told, strict=True)
        ]
    files = m.inodes.view
    return sorted(rows, key=lambda row: (not files[row.key].has_path, -row.cached, natural(row.path), row.key))


def file_cells(row: FileRow) -> tuple[str, ...]:
    """The fields of a row as they are shown, in the order of FILE_COLUMNS."""
    dirty = f"{row.dirty:,}" if row.dirty else ""
    return row.path, row.filesystem, f"{row.pages:,}", f"{row.cached:,}", dirty, row.mapped_by, row.error


def file_damage_cells(row: FileRow) -> tuple[str, ...]:
    """As `file_cells`, in the order of FILE_DAMAGE_COLUMNS."""
    cells = file_cells(row)
    told = (f"{frames:,}" if frames else "" for frames in (row.now, row.late, row.lost))
    return *cells[:2], *told, *cells[2:]


def first_cached_frame(m: Machine, inode: int) -> int | None:
    """The frame of the file's first page that is cached."""
    cached = m.page_cache.of(inode)
    return cached[min(cached)] if cached else None


def file_of_frame(m: Machine, pfn: int) -> int | None:
    """The inode whose page cache holds the frame."""
    inode = m.inode_of(m.compound_head(pfn))
    return None if inode is None else inode.id


def _row(m: Machine, inode: Inode, dirty: int) -> FileRow:
    error = ("EIO reported" if inode.wb_seen else "EIO unreported") if inode.wb_err else ""
    return FileRow(
        inode.id,
        file_name(inode._replace(deleted=inode.deleted or not inode.linked)),
        inode.filesystem,
        inode.pages,
        len(m.page_cache.of(inode.id)),
        dirty,
        _mapped_by(m, inode.id),
        error,
    )


def _mapped_by(m: Machine, inode: int) -> str:
    owners = dict.fromkeys(m.vmas.view[vma].mm for vma in sorted(m.i_mmap.of(inode)))
    return listed([m.processes.view[mm].label for mm in owners if mm in m.processes.view], _MOST_NAMES)


def _dirty_pages(m: Machine) -> npt.NDArray[np.int64]:
    """Dirty pages of each inode, indexed by its id. One pass over all frames is faster than one per page cache."""
    dirty = np.flatnonzero(m.flags.view & np.uint64(pf.DIRTY))
    mapping = m.mapping.view[dirty]
    return np.bincount(mapping_number(mapping[of_files(mapping)]), minlength=1)
