"""Transparent huge pages: 512 frames behind one entry, given, shared, and split again.

After mm/huge_memory.c. The entry has PSE and stands at the first page of its 2 MiB; each of the 512 frames
counts it as a mapping, the head alone has the reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from . import page_flags as pf
from . import pte as ptes
from .hugetlb_pool import destroy_compound_page, prep_compound_page
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .page_alloc import alloc_pages, get_page, put_page
from .records import HPAGE_PMD_NR, HPAGE_PMD_ORDER, PAGE_SHIFT, Vma
from .rmap import mappings_of, page_add_rmap, page_mapped_in_vma, page_remove_rmap, rmap_vmas, try_to_unmap_one

GIVEN: Final = site("do_huge_pmd", Act.MAP, args="address")
NEVER_SPLIT: Final = site("split_huge_page_to_list", Act.DECIDE, "EBUSY", name="huge zero page")
HELD: Final = site("split_huge_page_to_list", Act.DECIDE, "EBUSY", "extra")
SPLIT: Final = site("split_huge_page_to_list")
SPLIT_FILE: Final = site("split_huge_page_to_list", Act.FLAG, "split")
REMAPPED: Final = site("remap_page", Act.FLAG, "split")
ENTRY_SPLIT: Final = site("try_to_migrate_one", Act.MAP, args="comm")
ENTRY_DROPPED: Final = site("try_to_unmap_one", Act.UNMAP, args="comm", name="huge entry")
NOT_MIGRATED: Final = site("try_to_migrate_one", Act.UNMAP, "hwpoison", "comm address dirty")

PMD_SIZE: Final = HPAGE_PMD_NR << PAGE_SHIFT
_ROOM_FOR_HUGE_ZERO: Final = 16 * HPAGE_PMD_NR

# What the tails of a split page take over from its head (__split_huge_page_tail()).
INHERITED: Final = (
    pf.REFERENCED | pf.UPTODATE | pf.DIRTY | pf.LRU | pf.ACTIVE | pf.UNEVICTABLE | pf.MLOCKED
    | pf.SWAPBACKED | pf.ANON
)  # fmt: skip


def fits_huge(vma: Vma, address: int) -> bool:
    """transhuge_vma_suitable(): whether the VMA wants huge pages and holds the whole 2 MiB around `address`."""
    base = address & -PMD_SIZE
    return vma.huge == "thp" and vma.start <= base and base + PMD_SIZE <= vma.end


def is_empty_pmd(m: Machine, mm: int, address: int) -> bool:
    """pmd_none(): whether nothing in the 2 MiB around `address` has an entry yet."""
    base = address >> PAGE_SHIFT & -HPAGE_PMD_NR
    return not m.ptes.between(mm, base, base + HPAGE_PMD_NR)


def huge_zero_page(m: Machine) -> int:
    """The head of the huge page of zeros, 0 when there is none."""
    return m.special.view.get("huge-zero", (0,))[0]


def get_huge_zero_page(m: Machine) -> int:
    """The same, made at the first need; one for the whole machine, kept for good."""
    found = huge_zero_page(m)
    if found:
        return found
    head = alloc_pages(m, HPAGE_PMD_ORDER)
    if head is None:
        return 0
    prep_compound_page(m, head, pf.THP | pf.ZERO_PAGE)
    m.put(m.special, "huge-zero", tuple(range(head, head + HPAGE_PMD_NR)))
    return head


def hugepage_init(m: Machine) -> None:
    """A machine that has run for a while has its huge page of zeros; a small one cannot spare the memory."""
    if m.profile.has("transparent_hugepages") and m.frames >= _ROOM_FOR_HUGE_ZERO:
        get_huge_zero_page(m)


def alloc_transhuge_page(m: Machine, flags: int) -> int | None:
    """512 frames as one page with one reference; `flags` are the head's. None without such a block."""
    head = alloc_pages(m, HPAGE_PMD_ORDER)
    if head is None:
        return None
    prep_compound_page(m, head, pf.THP | flags & pf.ANON)
    m.set_flags(head, flags | pf.UPTODATE | pf.LRU | pf.SWAPBACKED)
    return head


def set_pmd(m: Machine, vma: Vma, address: int, head: int, flags: int) -> Mark:
    """Map a huge page; the caller's reference goes to the entry."""
    vpn = address >> PAGE_SHIFT & -HPAGE_PMD_NR
    m.set_pte(vma.mm, vpn, ptes.mk_pte(head, flags | ptes.PSE | ptes.ACCESSED))
    if not flags & ptes.SPECIAL:
        page_add_rmap(m, head, huge=True)
        if vma.locked:
            m.set_flags(head, pf.MLOCKED | pf.UNEVICTABLE)
    base = vpn << PAGE_SHIFT
    return Mark(GIVEN, (base,), (head,), (vma.id,), ((vma.mm, vpn),))


def split_huge_pmd(m: Machine, vma: Vma, vpn: int) -> None:
    """__split_huge_pmd(): 512 entries take the place of one; a file's are simply dropped, faults bring them back."""
    entry = m.ptes.of(vma.mm)[vpn]
    head, flags = ptes.value_of(entry), entry & ptes.FLAGS & ~ptes.PSE
    m.set_pte(vma.mm, vpn, 0)
    if entry & ptes.SPECIAL:
        zero = m.special.view["zero"][0]
        for number in range(HPAGE_PMD_NR):
            m.set_pte(vma.mm, vpn + number, ptes.mk_pte(zero, ptes.SPECIAL | flags & ptes.ACCESSED))
        return
    if entry & ptes.DIRTY:
        m.set_flags(head, pf.DIRTY)
    if vma.mapping and not m.page(head) & pf.ANON:
        page_remove_rmap(m, head, huge=True)
        put_page(m, head)
        return
    for number in range(HPAGE_PMD_NR):
        m.put(m.ptes, (vma.mm, vpn + number), ptes.mk_pte(head + number, flags))
    m.add_to(m.rss, vma.mm, HPAGE_PMD_NR)
    m.put_flags(np.arange(head, head + HPAGE_PMD_NR), on=m.page(head) & m.profile.mm.exclusive)
    m.add_to(m.refcount, head, HPAGE_PMD_NR - 1)


def split_pmds_at_edges(m: Machine, mm: int, start: int, end: int) -> None:
    """vma_adjust_trans_huge(): no huge entry may reach across the ends of a range."""
    for edge in (start, end):
        vpn = edge >> PAGE_SHIFT & -HPAGE_PMD_NR
        entry = m.ptes.value(mm, vpn)
        vma = m.find_vma(mm, vpn << PAGE_SHIFT)
        if edge % PMD_SIZE and entry & ptes.PSE and vma is not None and vma.huge == "thp":
            split_huge_pmd(m, vma, vpn)


def can_split(m: Machine, head: int) -> bool:
    """can_split_folio(): whether nobody but mappings, page cache and the caller refers to the page."""
    return int(m.refcount.view[head]) == accounted_references(m, head) + 1


def accounted_references(m: Machine, head: int) -> int:
    """The references that mappings and page cache have to a transparent huge page."""
    return _mappings(m, head) + _cache_references(m, head)


def _cache_references(m: Machine, head: int) -> int:
    return HPAGE_PMD_NR if m.inode_of(head) is not None else 0


def _mappings(m: Machine, head: int) -> int:
    """Entries that refer to the page: each huge one once, each small one once."""
    huge = sum(1 for _ in _huge_entries(m, head))
    small = int(m.mapcount.view[head : head + HPAGE_PMD_NR].sum()) - huge * HPAGE_PMD_NR
    return huge + small


def _huge_entries(m: Machine, head: int) -> list[tuple[Vma, int]]:
    found = []
    for vma in rmap_vmas(m, head):
        address = page_mapped_in_vma(m, head, vma)
        if address >= 0 and m.ptes.value(vma.mm, address >> PAGE_SHIFT) & ptes.PSE:
            found.append((vma, address >> PAGE_SHIFT))
    return found


def split_huge_page(m: Machine, pfn: int) -> Steps[bool]:
    """split_huge_page_to_list(): make 512 pages of one; the caller's reference stays on `pfn`. False if it is held."""
    head = m.compound_head(pfn)
    if head == huge_zero_page(m):
        m.printk(m.profile.log.split_huge_zero_page)
        yield Mark(NEVER_SPLIT, (), (pfn,))
        return False
    if not can_split(m, head):
        held, known = int(m.refcount.view[head]), accounted_references(m, head) + 1
        yield Mark(HELD, (held - known,), (head, pfn))
        return False
    yield Mark(SPLIT, (), (head, pfn))
    huge, anon = _huge_entries(m, head), m.anon_vma_of(head) != 0
    if anon and m.page(pfn) & pf.HWPOISON:
        for vma, address in mappings_of(m, pfn):
            if not m.pte(vma.mm, address >> PAGE_SHIFT) & ptes.PSE:
                yield from _poison_entry(m, vma, address, pfn)
    for vma, vpn in huge:
        split_huge_pmd(m, vma, vpn)
        yield _split_entry(m, vma, vpn, head)
    if not anon:
        _unmap_small_entries(m, head)
    _take_apart(m, head, pfn)
    yield Mark(REMAPPED if m.anon_vma_of(pfn) else SPLIT_FILE, (), tuple(range(head, head + HPAGE_PMD_NR)))
    return True


def _unmap_small_entries(m: Machine, head: int) -> None:
    """unmap_folio(): nobody maps a page of a file while it is split; faults bring the entries back."""
    for frame in range(head, head + HPAGE_PMD_NR):
        if m.mapcount.view[frame]:
            for vma, address in mappings_of(m, frame):
                try_to_unmap_one(m, frame, vma, address, "none")


def _poison_entry(m: Machine, vma: Vma, address: int, pfn: int) -> Iterator[Mark]:
    """A small entry of the poisoned page is not brought back after the split: collect_procs() will not find it.

    try_to_migrate_one(), mm/rmap.c (6.1): PageHWPoison(subpage). Huge entries are split before anybody looks,
    and so their owners are told.
    """
    mark = try_to_unmap_one(m, pfn, vma, address, "hwpoison", NOT_MIGRATED)
    if mark is not None:
        yield mark


def split_cached_page(m: Machine, head: int) -> None:
    """split_folio() for a file that is cut inside a huge page; a held one stays whole."""
    get_page(m, head)
    if not can_split(m, head):
        put_page(m, head)
        return
    for vma, vpn in _huge_entries(m, head):
        split_huge_pmd(m, vma, vpn)
    _unmap_small_entries(m, head)
    _take_apart(m, head, head)
    put_page(m, head)


def _split_entry(m: Machine, vma: Vma, vpn: int, head: int) -> Mark:
    anon = m.anon_vma_of(head) != 0
    owner = m.processes.view[vma.mm]
    where = ENTRY_SPLIT if anon else ENTRY_DROPPED
    return Mark(where, (owner.comm,), (head,), (vma.id,), ((vma.mm, vpn),), (owner.tgid,))


def _take_apart(m: Machine, head: int, pfn: int) -> None:
    """Make 512 pages of one. The reference that each has of its own is dropped, but that of `pfn`: it is the caller's.

    Columns are written as one change for all frames.
    """
    word, mapping, index = m.page(head), int(m.mapping.view[head]), int(m.index.view[head])
    inode = m.inode_of(head)
    destroy_compound_page(m, head)
    frames = np.arange(head, head + HPAGE_PMD_NR)
    mapped = m.mapcount.view[frames]
    m.put_flags(frames, on=word & INHERITED)
    m.put_flags(frames[mapped == 0], off=pf.MMAP | pf.MLOCKED)
    m.put_cells(m.mapping, frames, np.full(len(frames), mapping, np.uint32))
    m.put_cells(m.index, frames, (index + frames - head).astype(np.uint32))
    if inode is not None:
        for frame in frames.tolist():
            m.put(m.page_cache, (inode.id, index + frame - head), frame)
    held = mapped + (inode is not None)
    unused = held == 0
    m.put_cells(m.refcount, frames, held + ((frames == pfn) | unused).astype(np.int32))
    for frame in frames[unused & (frames != pfn)].tolist():
        put_page(m, frame)
