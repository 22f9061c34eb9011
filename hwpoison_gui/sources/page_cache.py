"""Reconstructs the page cache from page tables and, where recorded, from struct page.

Linux exports where a page is mapped, not its index in the file; the offset of the VMA gives the index.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import CachedPages, FileImage, HiddenState
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.sources.vma_table import I64, U64, VmaTable

PAGE_IN_FILE = np.uint64(1 << 61)

_NEVER_CACHE = np.uint64(pf.ANON | pf.SLAB | pf.BUDDY | pf.PGTABLE | pf.RESERVED | pf.NOPAGE | pf.SWAPCACHE)
_FILESYSTEMS = {
    "tmpfs": "tmpfs", "ramfs": "tmpfs", "rootfs": "tmpfs", "devtmpfs": "tmpfs", "shm": "tmpfs",
    "hugetlbfs": "hugetlbfs", "bdev": "blockdev",
    "ext2": "ext4", "ext3": "ext4", "ext4": "ext4", "xfs": "ext4", "btrfs": "ext4", "f2fs": "ext4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cache:
    """The known part of the page cache. `unnamed` is the number of files whose path is not known."""

    files: tuple[FileImage, ...]
    pages: CachedPages
    unnamed: int


def page_cache(
    vmas: VmaTable, kpageflags: U64, row: I64, key: I64, entry: U64, hidden: HiddenState, mounts: dict[str, str]
) -> Cache:
    """The frames of each file.

    Parameters
    ----------
    row, key
        Row in `vmas` and key of each present page-table entry, int64, parallel to `entry`.
    entry
        Raw words of /proc/PID/pagemap.
    mounts
        File-system type by device (`fe:00`, as in maps); empty where it is not known.
    """
    found = _from_tables(vmas, kpageflags, row, key, entry)
    identities = list(vmas.identities)
    named = len(identities)
    more = 0
    if hidden.mapping is not None and hidden.index is not None:
        found, more = _from_struct_page(kpageflags, hidden.mapping, hidden.index, found, named)
        identities += [("", number + 1, f"(file of unknown name {number + 1})") for number in range(more)]
    pfn, file, index = found
    sizes = _sizes(vmas, len(identities), file, index)
    kinds = _kinds(kpageflags, pfn, file, len(identities))
    files = tuple(
        FileImage(device, inode, path, _filesystem(device, path, kind, mounts), int(size))
        for (device, inode, path), kind, size in zip(identities, kinds, sizes, strict=True)
    )
    return Cache(files, CachedPages(pfn, file, index), more)


def _from_tables(vmas: VmaTable, kpageflags: U64, row: I64, key: I64, entry: U64) -> tuple[I64, I64, I64]:
    """(pfn, file, index) of the cached pages that are mapped, without private copies; each frame and page once."""
    at = np.nonzero((row >= 0) & ((entry & PAGE_IN_FILE) != 0))[0]
    at = at[vmas.file[row[at]] >= 0]
    pfn = (entry[at] & np.uint64((1 << 55) - 1)).astype(np.int64)
    cache = (kpageflags[pfn] & _NEVER_CACHE) == 0
    at, pfn = at[cache], pfn[cache]
    vma = row[at]
    return _once(pfn, vmas.file[vma], key[at] - vmas.start[vma] + vmas.page_offset[vma])


def _once(pfn: I64, file: I64, index: I64) -> tuple[I64, I64, I64]:
    """Keep one page per frame and one frame per page; of contradictory entries the first is kept."""
    pfn, first = np.unique(pfn, return_index=True)
    file, index = file[first], index[first]
    order = np.lexsort((first, index, file))
    same = np.zeros(len(order), bool)
    same[1:] = (file[order[1:]] == file[order[:-1]]) & (index[order[1:]] == index[order[:-1]])
    keep = np.sort(order[~same])
    return pfn[keep], file[keep], index[keep]


def _from_struct_page(
    kpageflags: U64, mapping: U64, word_index: U64, pages: tuple[I64, I64, I64], named: int
) -> tuple[tuple[I64, I64, I64], int]:
    """Add unmapped pages by page->mapping: equal pointers are one file; an unknown pointer is a file without a name."""
    pfn, file, index = pages
    ours = (mapping != 0) & (mapping & np.uint64(3) == 0) & ((kpageflags & _NEVER_CACHE) == 0)
    ours &= (kpageflags & np.uint64(pf.COMPOUND_TAIL)) == 0
    pointers = np.unique(mapping[ours & ((kpageflags & np.uint64(pf.LRU | pf.UNEVICTABLE)) != 0)])
    owner = np.full(len(pointers), -1, np.int64)
    at = _find(pointers, mapping[pfn])
    seen = ours[pfn] & (at >= 0)
    owner[at[seen]] = file[seen]
    unnamed = int((owner < 0).sum())
    owner[owner < 0] = named + np.arange(unnamed)
    ours[pfn] = False
    rest = np.nonzero(ours & (word_index < np.uint64(1 << 40)))[0]
    at = _find(pointers, mapping[rest])
    rest, at = rest[at >= 0], at[at >= 0]
    return _once(
        np.concatenate((pfn, rest)),
        np.concatenate((file, owner[at])),
        np.concatenate((index, word_index[rest].astype(np.int64))),
    ), unnamed


def _find(ascending: U64, values: U64) -> I64:
    """Index of each value in `ascending`; -1 where it is missing."""
    at = np.searchsorted(ascending, values)
    found = at < len(ascending)
    found[found] = ascending[at[found]] == values[found]
    return np.where(found, at, -1)


def _sizes(vmas: VmaTable, count: int, file: I64, index: I64) -> I64:
    """Size of each file in pages: the larger of what VMAs cover and what is cached."""
    sizes = np.zeros(count, np.int64)
    np.maximum.at(sizes, file, index + 1)
    of_file = vmas.file >= 0
    reach = vmas.page_offset + vmas.end - vmas.start
    np.maximum.at(sizes, vmas.file[of_file], reach[of_file])
    return sizes


def _kinds(kpageflags: U64, pfn: I64, file: I64, count: int) -> list[str]:
    """The kind of each file by the flags of its cached frames: `hugetlbfs`, `tmpfs`, `blockdev`, `disk` or empty."""
    words = kpageflags[pfn]

    def any_of(condition: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        return np.bincount(file[condition], minlength=count).astype(bool)

    has = {
        name: (words & np.uint64(1 << pf.BY_NAME[name].bit)) != 0
        for name in ("HUGE", "SWAPBACKED", "MMAP", "UPTODATE", "PRIVATE")
    }
    huge, swap_backed, mapped = any_of(has["HUGE"]), any_of(has["SWAPBACKED"]), any_of(has["MMAP"])
    # Only a page of a block device can have valid blocks without being up to date as a whole.
    in_part = any_of(~has["UPTODATE"] & has["PRIVATE"]) & ~mapped
    cached = np.bincount(file, minlength=count) > 0
    chosen = np.select([huge, swap_backed, in_part, cached], ["hugetlbfs", "tmpfs", "blockdev", "disk"], "")
    return [str(kind) for kind in chosen]


def _filesystem(device: str, path: str, kind: str, mounts: dict[str, str]) -> str:
    """The file system of a file, as scenarios name it; the kind of its frames takes precedence."""
    if kind not in ("", "disk"):
        return kind
    if device in mounts:
        return _FILESYSTEMS.get(mounts[device], "nofs")
    if path.startswith(("/memfd:", "/SYSV", "/dev/zero", "/dev/shm/")):
        return "tmpfs"
    if path.startswith("/anon_hugepage"):
        return "hugetlbfs"
    if path.startswith("/dev/"):
        return "blockdev"
    return "ext4"
