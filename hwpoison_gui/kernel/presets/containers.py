"""A large machine: up to sixteen containers, each with the processes of a desktop in memory of its own.

Without them most of a large machine would be free. What Linux does not export is left out.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hwpoison_gui.image import U64, HiddenState, MemoryImage, ProcessImage

from .. import page_flags as pf
from ..mmzone import zones_by_address
from .desktop import desktop

EACH: Final = 1 << 22  # frames of a container, at least
_MOST: Final = 16
_BLOCK: Final = 1024  # frames of the largest free block
_PIDS: Final = 5_000  # from the pids of a container to those of the next
_INODES: Final = 10_000_000
_SWAP: Final = 1 << 16  # pages; a desktop of any size uses fewer
_INIT: Final = 1
_PRESENT: Final = np.uint64(1 << 63)


def containers(frames: int, seed: int) -> MemoryImage:
    """The image of a machine of any size from 4096 frames; a desktop where there is room for one container only."""
    count = max(1, min(_MOST, frames // EACH))
    if count == 1:
        return desktop(frames, seed)._replace(title="A made-up machine")
    each = frames // count // _BLOCK * _BLOCK
    sizes = [each] * (count - 1) + [frames - each * (count - 1)]
    flags, counts = np.empty(frames, np.uint64), np.empty(frames, np.uint32)
    images, first = list[MemoryImage](), 0
    for number, size in enumerate(sizes):
        one = _placed(desktop(size, seed + number), number, first)
        flags[first : first + size], counts[first : first + size] = one.kpageflags, one.kpagecount
        images.append(one._replace(kpageflags=flags[:0], kpagecount=counts[:0], cached=None, hidden=HiddenState()))
        first += size
    return MemoryImage(
        title="A made-up machine",
        kpageflags=flags,
        kpagecount=counts,
        pagemap_pid=np.concatenate([one.pagemap_pid for one in images]),
        pagemap_va=np.concatenate([one.pagemap_va for one in images]),
        pagemap_entry=np.concatenate([one.pagemap_entry for one in images]),
        processes=tuple(process for one in images for process in one.processes),
        files=tuple(file for one in images for file in one.files),
        sysctl=images[0].sysctl,
        zones=zones_by_address(frames, node=0),
        notes=images[0].notes,
    )


def _placed(image: MemoryImage, number: int, first: int) -> MemoryImage:
    """The image with the processes, files and places in swap of a container, counted from 0, and its first frame."""
    if number == 0:
        return image
    words = image.kpageflags & ~np.uint64(pf.ZERO_PAGE)  # the machine has one
    return image._replace(
        kpageflags=words,
        pagemap_pid=image.pagemap_pid + number * _PIDS,
        pagemap_entry=_entries(image.pagemap_entry, number, first),
        processes=tuple(_process(process, number) for process in image.processes),
        files=tuple(file._replace(inode=file.inode + number * _INODES) for file in image.files),
    )


def _entries(entries: U64, number: int, first: int) -> U64:
    present = (entries & _PRESENT) != 0
    return np.where(present, entries + np.uint64(first), entries + np.uint64(number * _SWAP << 5))


def _process(process: ProcessImage, number: int) -> ProcessImage:
    """The first process of a container is a child of the machine's init."""
    first = number * _PIDS
    vmas = tuple(vma._replace(inode=vma.inode + number * _INODES if vma.inode else 0) for vma in process.vmas)
    parent = process.ppid + first if process.ppid else _INIT
    return process._replace(pid=process.pid + first, ppid=parent, vmas=vmas)
