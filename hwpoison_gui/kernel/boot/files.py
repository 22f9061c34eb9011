"""Inodes and the page cache of an image, including cached pages whose file is not known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import U64, CachedPages, MemoryImage

from .. import page_flags as pf
from ..filemap import DISK, FILESYSTEMS
from ..hwpoison_filter import UNKNOWN_DEVICE, made_device
from ..machine import Machine
from ..page_mapping import mapping_word
from ..records import UNKNOWN_FILES, Inode
from .compound import Compounds
from .scan import pieces

I64 = npt.NDArray[np.int64]

_DELETED: Final = " (deleted)"  # behind a path in /proc/PID/maps
NEWER: Final = "newer"  # content of a dirty page: newer than the disk

_NOT_OF_A_FILE: Final = np.uint64(pf.ANON | pf.SWAPCACHE | pf.BUDDY | pf.SLAB | pf.RESERVED | pf.COMPOUND_TAIL)
_LRU: Final = np.uint64(pf.LRU)
_PRIVATE_ALONE: Final = np.uint64(pf.PRIVATE | pf.UPTODATE)
_PAGES: Final = 1 << 20  # pages of one file whose contents are loaded at a time


def load_files(m: Machine, image: MemoryImage, compounds: Compounds) -> None:
    """Load inodes and the page cache: inode n + 1 is file n; up to three more own the pages of unknown files."""
    paths: dict[str, int] = {}
    for number, file in enumerate(image.files, 1):
        in_memory = "swapbacked" in FILESYSTEMS[file.filesystem] or "huge" in FILESYSTEMS[file.filesystem]
        path, deleted = file.path.removesuffix(_DELETED), file.path.endswith(_DELETED)
        # A System V segment or memfd outlives its last mapping, other deleted files do not.
        linked = not deleted or path.startswith(("/SYSV", "/memfd:"))
        on_disk = 0 if in_memory else file.pages
        m.inodes.load({number: Inode(number, path, file.filesystem, file.pages, on_disk, linked, deleted=deleted)})
        if linked:
            paths.setdefault(path, number)
    m.paths.load(paths)
    empty = np.empty(0, np.int64)
    cached = image.cached or CachedPages(empty, empty, empty)
    pfn, inode, index = _by_heads(cached, compounds)
    _load_cache(m, image.kpageflags, compounds, pfn, inode, index)
    for owner, folio in _folios(pfn, inode, compounds, image.kpageflags).items():
        m.inodes.load({owner: m.inodes.view[owner]._replace(folio=folio)})
    _load_unknown(m, image.kpageflags, np.concatenate((cached.pfn, pfn)), compounds)
    m.devices = _devices(m, image)


def _devices(m: Machine, image: MemoryImage) -> dict[int, tuple[int, int]]:
    """(major, minor) by inode, where it is not that of a made machine: no number is that of a file nobody knows."""
    found = dict[int, tuple[int, int]]()
    recorded = [file.device for file in image.files]
    for number, inode in m.inodes.view.items():
        device = recorded[number - 1] if number <= len(recorded) else ""
        if not device and image.kernel is None:
            continue
        major, minor = (int(part, 16) for part in device.split(":")) if device else UNKNOWN_DEVICE
        if (major, minor) != made_device(inode):
            found[number] = major, minor
    return found


def _by_heads(cached: CachedPages, compounds: Compounds) -> tuple[I64, I64, I64]:
    """Frame, inode and index of each cached folio: it is in the page cache by its head, which need not be mapped."""
    head = compounds.head[cached.pfn]
    index = cached.index - (cached.pfn - head)
    fits = (index >= 0) & (cached.index < 1 << 32)
    pfn, first = np.unique(head[fits], return_index=True)
    return pfn, (cached.file[fits] + 1)[first], index[fits][first]


def _folios(pfn: I64, inode: I64, compounds: Compounds, words: U64) -> dict[int, int]:
    """The pages of the largest folio of each file that has large ones, by inode."""
    sizes = compounds.sizes(pfn)
    large = (sizes > 1) & ((words[pfn] & np.uint64(pf.HUGE)) == 0)
    by_size = sorted({*zip(sizes[large].tolist(), inode[large].tolist(), strict=True)})
    return {number: size for size, number in by_size}  # the last one is the largest


def _load_cache(m: Machine, words: U64, compounds: Compounds, pfn: I64, inode: I64, index: I64) -> None:
    m.mapping.load(pfn, mapping_word(inode))
    m.index.load(pfn, index)
    for number, part in _by_inode(inode):
        m.page_cache.load_arrays(number, index[part], pfn[part])
    for start in range(0, len(pfn), _PAGES):
        some = pfn[start : start + _PAGES]
        dirty = (words[some] & np.uint64(pf.DIRTY)) != 0
        on_disk = (words[some] & np.uint64(pf.SWAPBACKED | pf.HUGE)) == 0  # files in memory are zero until written
        m.content.load(compounds.frames(some[~dirty & on_disk]), DISK)
        m.content.load(compounds.frames(some[dirty]), NEWER)


def _by_inode(inode: I64) -> Iterator[tuple[int, I64 | slice]]:
    """Each inode, ascending, and the places where it stands."""
    if len(inode) and (inode == inode[0]).all():
        yield int(inode[0]), slice(None)
        return
    order = np.argsort(inode)
    numbers, first = np.unique(inode[order], return_index=True)
    bounds = [*first.tolist(), len(order)]
    for at, number in enumerate(numbers.tolist()):
        yield number, order[bounds[at] : bounds[at + 1]]


def _load_unknown(m: Machine, words: U64, known: I64, compounds: Compounds) -> None:
    """Load LRU pages of unknown files: SWAPBACKED is shared memory; PRIVATE and not UPTODATE is a block device.

    The largest folios get the first indices, so that each is at a multiple of its size.
    """
    for number, (filesystem, pfn) in enumerate(_unknown(words, known).items(), len(m.inodes.view) + 1):
        if not len(pfn):
            continue
        sizes = compounds.sizes(pfn)
        folio, pages = int(sizes.max()), int(sizes.sum())
        largest_first = np.argsort(-sizes, kind="stable")
        pfn, sizes = pfn[largest_first], sizes[largest_first]
        on_disk = 0 if filesystem == "tmpfs" else pages
        m.inodes.load({number: Inode(number, UNKNOWN_FILES[filesystem], filesystem, pages, on_disk, folio=folio)})
        _load_cache(m, words, compounds, pfn, np.broadcast_to(np.int64(number), len(pfn)), np.cumsum(sizes) - sizes)


def _unknown(words: U64, known: I64) -> dict[str, I64]:
    """The LRU pages of files that are not known, by file system."""
    left = np.ones(len(words), np.bool_)
    left[known] = False
    found: dict[str, list[I64]] = {filesystem: [] for filesystem in UNKNOWN_FILES}
    for piece in pieces(len(words)):
        word = words[piece]
        pfn = np.flatnonzero(left[piece] & (word & _LRU != 0) & (word & _NOT_OF_A_FILE == 0))
        word = word[pfn]
        in_memory = (word & np.uint64(pf.SWAPBACKED)) != 0
        buffers = ~in_memory & (word & _PRIVATE_ALONE == np.uint64(pf.PRIVATE))
        for filesystem, which in (("tmpfs", in_memory), ("blockdev", buffers), ("ext4", ~in_memory & ~buffers)):
            found[filesystem].append(pfn[which] + piece.start)
    return {filesystem: np.concatenate(parts) for filesystem, parts in found.items()}
