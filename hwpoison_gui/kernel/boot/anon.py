"""Derives anon_vma trees, which Linux does not export, from shared pages and from the process tree.

VMAs that map the same anonymous page, or have the same swap entry, descend from one VMA by fork and form a family.
So do a private VMA of a child and that of its parent at the same address. A family shares one anon_vma.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import MemoryImage, ProcessImage, VmaImage

from .. import page_flags as pf
from .entries import Entries, VmaRows
from .scan import frames_with

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]

# page->index has 32 bits; for an anonymous page they are the low bits of its page number, which may wrap in a VMA.
_INDEX_MASK = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class AnonFamilies:
    """Families as arrays.

    Attributes
    ----------
    of_vma, pgoff
        Id of the anon_vma of each VMA (0: none), and its vm_pgoff; int64, shape (vmas,).
    of_frame, index
        Id of the anon_vma and page->index of each anonymous frame; int32 and uint32, shape (frames,).
    """

    of_vma: I64
    pgoff: I64
    of_frame: I32
    index: U32


def anon_families(image: MemoryImage, rows: VmaRows, entries: Entries) -> tuple[AnonFamilies, Entries]:
    """The families, and the entries without those that no reverse map could find."""
    words = image.kpageflags[entries.head]
    merged = (words & np.uint64(pf.KSM)) != 0
    anon = entries.counted & ((words & np.uint64(pf.ANON)) != 0) & ~merged
    pgoff = _page_offsets(image, rows, entries, anon)
    index, agree = _indices(len(image.kpageflags), rows, entries, anon, pgoff)
    kept = ~anon | agree
    entries, anon, merged = entries.only(kept), anon[kept], merged[kept]
    held = anon | (
        ~rows.shared[entries.row] & (~entries.present | merged)
    )  # what KSM merged was an anonymous page of the VMA
    number = _families(image, rows, entries, anon)
    used = np.zeros(len(rows.vmas), bool)
    used[entries.row[held]] = True
    of_vma = np.where(used, number, 0)
    of_frame = np.zeros(len(image.kpageflags), np.int32)
    of_frame[entries.head[anon]] = of_vma[entries.row[anon]]
    _unmapped(image, of_frame, index, int(of_vma.max(initial=0)) + 1)
    return AnonFamilies(of_vma, pgoff, of_frame, index), entries


def _page_offsets(image: MemoryImage, rows: VmaRows, entries: Entries, anon: Bools) -> I64:
    """vm_pgoff: as in maps for a file mapping; for anonymous memory the page number, or what recorded indices imply."""
    pgoff = np.where(rows.file, rows.pgoff, rows.start & _INDEX_MASK)
    recorded, mapping = image.hidden.index, image.hidden.mapping
    if recorded is None or mapping is None:
        return pgoff
    at = np.nonzero(anon & ~entries.hugetlb)[0]
    at = at[~rows.file[entries.row[at]] & ((mapping[entries.head[at]] & np.uint64(3)) == 1)]
    shift = recorded[entries.head[at]].view(np.int64) + entries.value[at] - entries.head[at] - entries.vpn[at]
    if shift.any():
        shifts = np.unique(shift)
        # Row and number of the shift in one value: pairs would take five times as long to sort.
        pairs, times = np.unique(entries.row[at] * len(shifts) + np.searchsorted(shifts, shift), return_counts=True)
        for pair in pairs[np.argsort(times, kind="stable")].tolist():  # the most frequent shift is applied last
            row, number = divmod(pair, len(shifts))
            pgoff[row] = (int(rows.start[row]) + int(shifts[number])) & _INDEX_MASK
    return pgoff


def _indices(frames: int, rows: VmaRows, entries: Entries, anon: Bools, pgoff: I64) -> tuple[U32, Bools]:
    """page->index of each anonymous page by its first mapping, and a mask of the entries that agree with it."""
    index = np.zeros(frames, np.uint32)
    agree = np.ones(len(anon), bool)
    at = np.nonzero(anon)[0]
    row = entries.row[at]
    own = entries.vpn[at] - rows.start[row] + pgoff[row] - (entries.value[at] - entries.head[at])
    pfn, first, page = np.unique(entries.head[at], return_index=True, return_inverse=True)
    index[pfn] = own[first]
    agree[at] = (own == own[first][page]) & (own >= 0) & (own < 1 << 32)
    return index, agree


def _families(image: MemoryImage, rows: VmaRows, entries: Entries, anon: Bools) -> I64:
    """The number of the family of each VMA, from 1."""
    leader = list(range(len(rows.vmas)))

    def find(row: int) -> int:
        while leader[row] != row:
            leader[row] = leader[leader[row]]
            row = leader[row]
        return row

    pairs = [_sharing(entries.head[anon], entries.row[anon])]
    swapped = entries.swapped
    pairs.append(_sharing(entries.value[swapped], entries.row[swapped]))
    mapping = image.hidden.mapping
    if mapping is not None:
        known = anon & ((mapping[entries.head] & np.uint64(3)) == 1)
        pairs.append(_sharing(mapping[entries.head[known]].view(np.int64), entries.row[known]))
    for one, other in (*np.concatenate(pairs).tolist(), *_forked(image, rows)):
        one, other = find(one), find(other)
        leader[max(one, other)] = min(one, other)
    roots = np.array([find(row) for row in range(len(leader))], np.int64)
    return np.unique(roots, return_inverse=True)[1].astype(np.int64) + 1


def _sharing(what: I64, row: I64) -> I64:
    """Pairs of VMAs that share a value of `what`; enough of them to connect all VMAs that share it."""
    order = np.argsort(what)
    what, row = what[order], row[order]
    same = what[1:] == what[:-1]
    # Both rows in one value, which is faster to sort.
    pairs = np.unique(row[:-1][same] << 32 | row[1:][same])
    return np.stack((pairs >> 32, pairs & (1 << 32) - 1), axis=1)


def _forked(image: MemoryImage, rows: VmaRows) -> list[tuple[int, int]]:
    """Private VMAs that child and parent have at the same address, unless execve has moved the stack."""
    at: dict[tuple[int, int, int], int] = {}
    for row, (process, vma) in enumerate(rows.vmas):
        if vma.perms[3] == "p":
            at[process.pid, vma.start, vma.end] = row
    stacks = {process.pid: _stack(process) for process in image.processes}
    found = []
    for row, (process, vma) in enumerate(rows.vmas):
        parent = at.get((process.ppid, vma.start, vma.end))
        if parent is None or vma.perms[3] != "p" or _different(vma, rows.vmas[parent][1]):
            continue
        if stacks[process.pid] and stacks[process.pid] == stacks[process.ppid]:
            found.append((parent, row))
    return found


def _stack(process: ProcessImage) -> int:
    return next((vma.end for vma in process.vmas if vma.path == "[stack]"), 0)


def _different(one: VmaImage, other: VmaImage) -> bool:
    return (one.device, one.inode, one.offset) != (other.device, other.inode, other.offset)


def _unmapped(image: MemoryImage, of_frame: I32, index: U32, following: int) -> None:
    """Assign unmapped anonymous frames: by page->mapping to a known family, else to one without VMAs."""
    anon = frames_with(image.kpageflags, pf.ANON)
    lonely = anon[of_frame[anon] == 0]
    of_frame[lonely] = following
    mapping, recorded = image.hidden.mapping, image.hidden.index
    if mapping is None or recorded is None:
        return
    known = np.nonzero((of_frame > 0) & (of_frame != following) & ((mapping & np.uint64(3)) == 1))[0]
    pointers, first = np.unique(mapping[known], return_index=True)
    pfn = lonely[(mapping[lonely] & np.uint64(3)) == 1]
    if not len(pointers):
        return
    at = np.searchsorted(pointers, mapping[pfn]).clip(0, len(pointers) - 1)
    same = pointers[at] == mapping[pfn]
    of_frame[pfn[same]] = of_frame[known[first[at[same]]]]
    index[pfn] = recorded[pfn] & np.uint64(_INDEX_MASK)
