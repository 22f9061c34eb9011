"""Splitting a large folio of any size: each frame has flags and references of its own afterwards.

After split_huge_page_to_list() and what it calls, mm/huge_memory.c, and try_to_migrate_one(), mm/rmap.c.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from . import page_flags as pf
from . import pte as ptes
from .filemap import can, release_page
from .folio import destroy_compound_page, folio_frames, folio_nr_pages
from .gate import ABSENT
from .huge_memory import huge_zero_page, split_huge_pmd
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .memcontrol import charge_as
from .page_alloc import get_page, put_page
from .records import HPAGE_PMD_NR, PAGE_SHIFT, Inode, Vma
from .rmap import mappings_of, page_mapped_in_vma, rmap_vmas, try_to_unmap_one

NEVER_SPLIT: Final = site("split_huge_page_to_list", Act.DECIDE, "EBUSY", name="huge zero page")
UNDER_IO: Final = site("split_huge_page_to_list", Act.DECIDE, "EBUSY", name="writeback")
BUFFERS: Final = site("filemap_release_folio", Act.DECIDE, "EBUSY", "path")
HELD: Final = site("split_huge_page_to_list", Act.DECIDE, "EBUSY", "extra")
SPLIT: Final = site("split_huge_page_to_list", args="pages")
SPLIT_FILE: Final = site("split_huge_page_to_list", Act.FLAG, "split", "pages")
REMAPPED: Final = site("remap_page", Act.FLAG, "split", "pages")
ENTRY_SPLIT: Final = site("try_to_migrate_one", Act.MAP, args="comm")
ENTRY_DROPPED: Final = site("try_to_unmap_one", Act.UNMAP, args="comm", name="huge entry")
NOT_MIGRATED: Final = site("try_to_migrate_one", Act.UNMAP, "hwpoison", "comm address dirty")

# Flags that the tails of a split folio take over from its head (__split_huge_page_tail()).
INHERITED: Final = (
    pf.REFERENCED | pf.UPTODATE | pf.DIRTY | pf.LRU | pf.ACTIVE | pf.UNEVICTABLE | pf.MLOCKED
    | pf.SWAPBACKED | pf.ANON
)  # fmt: skip


def can_split(m: Machine, head: int) -> bool:
    """Return whether a folio, to which the caller has one reference, can be split."""
    return next(_obstacles(m, head, held=1), None) is None


def splits(m: Machine, head: int) -> bool:
    """Return whether a folio could be split by somebody who took a reference to it now."""
    return next(_obstacles(m, head, held=0), None) is None


def _obstacles(m: Machine, head: int, held: int) -> Iterator[Mark]:
    """Yield what prevents a split of the folio, in the kernel's order; `held`: the caller's references."""
    if head == huge_zero_page(m):
        yield Mark(NEVER_SPLIT, (), (head,))
    if m.page(head) & pf.WRITEBACK:
        yield Mark(UNDER_IO, (), (head,))
    inode = m.inode_of(head)
    if inode is not None and m.page(head) & pf.DIRTY and can(inode, "block"):
        yield Mark(BUFFERS, (inode.path,), (head,))
    extra = int(m.refcount.view[head]) - accounted_references(m, head) - held
    if extra:
        yield Mark(HELD, (extra,), (head,))


def accounted_references(m: Machine, head: int) -> int:
    """The references that page tables, page cache and buffers have to a large folio."""
    if m.inode_of(head) is None:
        return _mappings(m, head)
    return _mappings(m, head) + folio_nr_pages(m, head) + bool(m.page(head) & pf.PRIVATE)


def _mappings(m: Machine, head: int) -> int:
    """Entries that refer to the folio: each huge one once, each small one once."""
    frames = folio_frames(m, head)
    huge = len(_huge_entries(m, head))
    small = int(m.mapcount.view[frames.start : frames.stop].sum()) - huge * len(frames)
    return huge + small


def _huge_entries(m: Machine, head: int) -> list[tuple[Vma, int]]:
    found: list[tuple[Vma, int]] = []
    if folio_nr_pages(m, head) < HPAGE_PMD_NR:
        return found
    for vma in rmap_vmas(m, head):
        address = page_mapped_in_vma(m, head, vma)
        if address >= 0 and m.ptes.value(vma.mm, address >> PAGE_SHIFT) & ptes.PSE:
            found.append((vma, address >> PAGE_SHIFT))
    return found


def split_huge_page(m: Machine, pfn: int) -> Steps[bool]:
    """split_huge_page_to_list(): make single pages of a folio; the caller's reference stays on `pfn`.

    Returns whether it could be split. A page of an anonymous folio that is poisoned and mapped by a PTE of its own
    gets hwpoison entries, as its migration entries are not put back.
    """
    head = m.compound_head(pfn)
    frames = folio_frames(m, head)
    obstacle = next(_obstacles(m, head, held=1), None)
    if obstacle is None or obstacle.site is HELD:
        release_page(m, head)  # filemap_release_folio() comes before can_split_folio()
    if obstacle is not None:
        if obstacle.site is NEVER_SPLIT:
            m.printk(m.profile.log.split_huge_zero_page)
        yield obstacle._replace(frames=(head, pfn))
        return False
    yield Mark(SPLIT, (len(frames),), (head, pfn))
    huge, anon = _huge_entries(m, head), m.anon_vma_of(head) != 0
    if anon and m.page(pfn) & pf.HWPOISON:
        for vma, address in mappings_of(m, pfn):
            if not m.pte(vma.mm, address >> PAGE_SHIFT) & ptes.PSE:
                yield from _poison_entry(m, vma, address, pfn)
    for vma, vpn in huge:
        split_huge_pmd(m, vma, vpn)
        yield _split_entry(m, vma, vpn, head)
    if not anon:
        _unmap_small_entries(m, frames)
    _take_apart(m, head, pfn)
    yield Mark(REMAPPED if m.anon_vma_of(pfn) else SPLIT_FILE, (len(frames),), tuple(frames))
    return True


def _unmap_small_entries(m: Machine, frames: range) -> None:
    """unmap_folio(): nobody maps a page of a file while it is split; faults bring the entries back."""
    for frame in frames:
        if m.mapcount.view[frame]:
            for vma, address in mappings_of(m, frame):
                try_to_unmap_one(m, frame, vma, address, "none")


def _poison_entry(m: Machine, vma: Vma, address: int, pfn: int) -> Iterator[Mark]:
    """A small entry of the poisoned page is not brought back after the split: collect_procs() will not find it.

    try_to_migrate_one(), mm/rmap.c (6.1): PageHWPoison(subpage). Huge entries are split before the
    flag is tested, so their processes are signalled.
    """
    mark = try_to_unmap_one(m, pfn, vma, address, "hwpoison", NOT_MIGRATED)
    if mark is not None:
        yield mark


def split_cached_page(m: Machine, head: int) -> None:
    """split_folio() for a file that is cut inside a large folio, which stays whole if it cannot be split."""
    get_page(m, head)
    if not can_split(m, head):
        put_page(m, head)
        return
    release_page(m, head)
    for vma, vpn in _huge_entries(m, head):
        split_huge_pmd(m, vma, vpn)
    _unmap_small_entries(m, folio_frames(m, head))
    _take_apart(m, head, head)
    put_page(m, head)


def _split_entry(m: Machine, vma: Vma, vpn: int, head: int) -> Mark:
    anon = m.anon_vma_of(head) != 0
    owner = m.processes.view[vma.mm]
    where = ENTRY_SPLIT if anon else ENTRY_DROPPED
    return Mark(where, (owner.comm,), (head,), (vma.id,), ((vma.mm, vpn),), (owner.tgid,))


def _take_apart(m: Machine, head: int, pfn: int) -> None:
    """Make single pages of a folio. The reference that each has of its own is dropped, but that of `pfn`: the caller's.

    Columns are written as one change for all frames.
    """
    word, mapping, index = m.page(head), int(m.mapping.view[head]), int(m.index.view[head])
    inode, frames = m.inode_of(head), np.array(folio_frames(m, head))
    charge_as(m, folio_frames(m, head)[1:], head)
    destroy_compound_page(m, head)
    mapped = m.mapcount.view[frames]
    m.put_flags(frames, on=word & INHERITED)
    locked = pf.MLOCKED | pf.UNEVICTABLE if word & pf.MLOCKED else 0
    m.put_flags(frames[mapped == 0], off=pf.MMAP | locked)
    m.put_cells(m.mapping, frames, np.full(len(frames), mapping, np.uint32))
    m.put_cells(m.index, frames, (index + frames - head).astype(np.uint32))
    cached = _cache_each(m, inode, index, frames)
    held = mapped + cached
    unused = held == 0
    m.put_cells(m.refcount, frames, held + ((frames == pfn) | unused).astype(np.int32))
    for frame in frames[unused & (frames != pfn)].tolist():
        put_page(m, frame)


def _cache_each(m: Machine, inode: Inode | None, index: int, frames: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Put each frame of a file into the page cache, and take what is behind the end of the file out of it."""
    if inode is None:
        return np.zeros(len(frames), np.int32)
    within = index + np.arange(len(frames)) < inode.pages
    for number, (frame, stays) in enumerate(zip(frames.tolist(), within.tolist(), strict=True)):
        m.put(m.page_cache, (inode.id, index + number), frame if stays else ABSENT)
    if not within.all():
        gone = frames[~within]
        m.put_cells(m.mapping, gone, np.zeros(len(gone), np.uint32))
        m.put_flags(gone, off=pf.DIRTY)
    return within.astype(np.int32)
