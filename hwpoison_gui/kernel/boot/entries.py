"""Page-table entries from pagemap words, and the VMA of each.

Derived, because Linux does not export it: whether a mapping is huge (512 consecutive entries on one compound
page, unless recorded), and the dirty, accessed and writable bits of entries (page_table_words).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import U64, MemoryImage, ProcessImage, VmaImage
from hwpoison_gui.record import Record

from .. import page_flags as pf
from .. import pte as ptes
from ..records import HPAGE_PMD_NR, HPAGE_PMD_ORDER, PAGE_SHIFT
from .compound import Compounds
from .scan import occurrences

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_Ints = TypeVar("_Ints", int, I64)

HWPOISON_TYPE: Final = 26
_PRESENT: Final = np.uint64(1 << 63)
_PFN: Final = np.uint64((1 << 55) - 1)
_VPN_BITS: Final = 45
_OFFSET_BITS: Final = 46  # offset of a swap entry: with its type and the bits of a PTE 63 bits, 256 PiB of swap


class VmaRows(Record):
    """All VMAs in order of pid and address; row n becomes VMA n + 1. Arrays have one value per row."""

    vmas: list[tuple[ProcessImage, VmaImage]]
    start: I64  # virtual page number
    pgoff: I64
    file: Bools
    shared: Bools
    writable: Bools


@dataclass(frozen=True, slots=True)
class Entries:
    """Page-table entries in order of mm and virtual page number, as parallel arrays.

    Attributes
    ----------
    row
        Row of the VMA in VmaRows.
    value
        Frame of a present or hwpoison entry; swap offset of a swap entry.
    head
        Head of the compound page of a present entry's frame; of any other entry frame 0, which stands for none.
    special
        Present, but not counted as a mapping of its frame.
    pse, hugetlb
        Mapped by a huge PMD; a page of hugetlbfs.
    dirty
        The dirty bit where it was recorded, else None.
    """

    mm: I64
    vpn: I64
    row: I64
    value: I64
    head: I64
    present: Bools
    poison: Bools
    special: Bools
    pse: Bools
    hugetlb: Bools
    dirty: Bools | None

    @property
    def counted(self) -> Bools:
        return self.present & ~self.special

    @property
    def swapped(self) -> Bools:
        return ~self.present & ~self.poison

    def only(self, which: Bools) -> Entries:
        """The entries selected by a mask."""
        if which.all():
            return self
        picked: dict[str, Any] = {}
        for name in self.__slots__:
            array = getattr(self, name)
            picked[name] = None if array is None else array[which]
        return Entries(**picked)

    def locked(self, image: MemoryImage, vmas: int) -> Bools:
        """Mask of the VMAs all of whose pages are MLOCKED: VM_LOCKED itself may not be known."""
        counted = self.counted
        row, locked = self.row[counted], (image.kpageflags[self.head[counted]] & np.uint64(pf.MLOCKED)) != 0
        some = np.bincount(row, minlength=vmas)
        return np.asarray((some > 0) & (np.bincount(row, locked, minlength=vmas) == some))


def vma_rows(image: MemoryImage) -> VmaRows:
    """The VMAs of all processes of an image."""
    vmas = [
        (process, vma)
        for process in sorted(image.processes, key=lambda process: process.pid)
        for vma in sorted(process.vmas, key=lambda vma: vma.start)
    ]
    return VmaRows(
        vmas=vmas,
        start=np.array([vma.start >> PAGE_SHIFT for _, vma in vmas], np.int64),
        pgoff=np.array([vma.offset >> PAGE_SHIFT for _, vma in vmas], np.int64),
        file=np.array([vma.inode != 0 or vma.path.startswith("/") for _, vma in vmas], bool),
        shared=np.array([vma.perms[3] == "s" for _, vma in vmas], bool),
        writable=np.array([vma.perms[1] == "w" for _, vma in vmas], bool),
    )


def entries_of(image: MemoryImage, rows: VmaRows, compounds: Compounds) -> Entries:
    """The entries of an image that a machine can have: inside a VMA, and on a frame that is in use."""
    order = _order_of(image)
    mm = np.asarray(image.pagemap_pid[order], np.int64)
    vpn = (image.pagemap_va[order] >> np.uint64(PAGE_SHIFT)).astype(np.int64)
    word = image.pagemap_entry[order]
    present = (word & _PRESENT) != 0
    value, poison = _values(word, present)
    frame = value if present.all() else np.where(present, value, 0)
    row = _place(rows, mm, vpn)
    words = image.kpageflags[frame]
    special = present & _uncounted(rows, row, words, image.kpageflags[compounds.head[frame]])
    entries = Entries(
        mm=mm,
        vpn=vpn,
        row=row,
        value=value,
        head=compounds.head[frame].astype(np.int64),
        present=present,
        poison=poison,
        special=special,
        pse=np.zeros(len(mm), bool),
        hugetlb=present & ((words & np.uint64(pf.HUGE)) != 0),
        dirty=None if image.hidden.pte_dirty is None else image.hidden.pte_dirty[order],
    )
    pmd = None if image.hidden.pte_pmd is None else image.hidden.pte_pmd[order]
    entries = _fold_huge(entries, words, pmd)
    words = image.kpageflags[entries.head]
    unused = entries.present & ((words & np.uint64(pf.BUDDY | pf.NOPAGE)) != 0)
    unmapped = entries.counted & ((words & np.uint64(pf.MMAP | pf.HUGE)) == 0)
    return entries.only((entries.row >= 0) & ~unused & ~unmapped)


def _values(word: U64, present: Bools) -> tuple[I64, Bools]:
    """Frame or swap offset of each entry, and which are hwpoison entries."""
    value, poison = (word & _PFN).view(np.int64), np.zeros(len(word), np.bool_)
    others = np.flatnonzero(~present)
    kind, offset = value[others] & 31, value[others] >> 5
    poison[others] = kind == HWPOISON_TYPE
    value[others] = np.where(kind == HWPOISON_TYPE, offset, swp_entry(kind, offset))
    return value, poison


def swp_entry(kind: _Ints, offset: _Ints) -> _Ints:
    """The slot by which a machine knows swap entries: all swap areas are one, the type, 0 to 31, above any offset."""
    return kind << _OFFSET_BITS | offset & ((1 << _OFFSET_BITS) - 1)


def _order_of(image: MemoryImage) -> I64 | slice:
    """The order of entries by process and address, in which most sources have them."""
    pid, va = image.pagemap_pid, image.pagemap_va
    same = pid[1:] == pid[:-1]
    if ((pid[1:] > pid[:-1]) | (same & (va[1:] > va[:-1]))).all():
        return slice(None)
    order: I64 = np.lexsort((va, pid))
    return order


def _place(rows: VmaRows, mm: I64, vpn: I64) -> I64:
    """Row of the VMA that contains each page; -1 where none does."""
    if not rows.vmas:
        return np.full(len(mm), -1, np.int64)
    pids = np.array([process.pid for process, _ in rows.vmas], np.int64)
    end = np.array([vma.end >> PAGE_SHIFT for _, vma in rows.vmas], np.int64)
    ranks = np.array(sorted(set(pids.tolist())), np.int64)
    key = np.searchsorted(ranks, mm) << _VPN_BITS | vpn
    row = np.searchsorted(np.searchsorted(ranks, pids) << _VPN_BITS | rows.start, key, side="right") - 1
    inside = (row >= 0) & (pids[row] == mm) & (vpn < end[row])
    return np.where(inside, row, -1)


def _uncounted(rows: VmaRows, row: I64, words: U64, heads: U64) -> Bools:
    """Mask of mappings that struct page does not count: of the zero page, and of kernel data ([vvar])."""
    own = np.array([vma.path.startswith("[v") for _, vma in rows.vmas] + [False], bool)
    mapped = ((words | heads) & np.uint64(pf.MMAP)) != 0
    kernel = (words & np.uint64(pf.RESERVED)) != 0
    zero = (words & np.uint64(pf.ZERO_PAGE)) != 0
    return np.asarray(zero | (~mapped & (kernel | own[row])))


def _fold_huge(entries: Entries, words: U64, pmd: Bools | None) -> Entries:
    """512 entries in a row on one compound page are one huge entry, kept at its first page."""
    compound = np.uint64(pf.COMPOUND_HEAD | pf.COMPOUND_TAIL)
    candidate = (
        entries.present & ((words & compound) != 0) & (((entries.value ^ entries.vpn) & (HPAGE_PMD_NR - 1)) == 0)
    )
    if pmd is not None:
        candidate &= pmd | entries.hugetlb
    at = np.nonzero(candidate)[0]
    if not len(at):
        return entries
    block = entries.mm[at] << (_VPN_BITS - HPAGE_PMD_ORDER) | entries.vpn[at] >> HPAGE_PMD_ORDER
    first = np.flatnonzero(np.diff(block, prepend=-1) != 0)  # entries are sorted by address
    count = np.diff(first, append=len(at))
    frame = entries.value[at] >> HPAGE_PMD_ORDER
    same = np.logical_and.reduceat(frame == np.repeat(frame[first], count), first)
    pse = np.zeros(len(entries.mm), bool)
    pse[at[np.repeat(same & (count == HPAGE_PMD_NR), count)]] = True
    lead = pse & ((entries.vpn & (HPAGE_PMD_NR - 1)) == 0)
    return replace(entries, pse=lead).only(lead | ~pse)


def page_table_words(image: MemoryImage, rows: VmaRows, entries: Entries, compounds: Compounds) -> I64:
    """The machine's entries. Where dirty bits were not recorded:

    an anonymous page outside the swap cache was written through every table that maps it (fork copies
    the dirty bit), except by a table that maps single pages of a huge page and for merged pages. Of the swap
    cache a page can be written in place by its one owner alone (PG_anon_exclusive, bit 34 of an anonymous
    page's flags): most such pages were, unless something looked at them since (REFERENCED: all were clean).
    A page of a file is dirty in the tables that may write it and share it, if the page is.
    Anonymous pages are writable where one table alone maps them (in the swap cache: once dirty); pages of a
    file on disk, once dirty.
    """
    words = image.kpageflags[entries.head]

    def has(mask: int) -> Bools:
        return np.asarray((words & np.uint64(mask)) != 0)

    writable, shared = rows.writable[entries.row], rows.shared[entries.row]
    anon, alone = has(pf.ANON), _mapped_once(entries, compounds)
    dirty = entries.dirty
    if dirty is None:
        split = _of_huge_page(entries, compounds) & ~entries.pse
        written = ~has(pf.SWAPCACHE) | (has(pf.MAPPEDTODISK) & ~has(pf.REFERENCED) & writable)
        dirty = np.where(anon | entries.hugetlb, written & ~split & ~has(pf.KSM), shared & writable & has(pf.DIRTY))
    may_write = np.where(
        anon, alone & ~has(pf.KSM) & (dirty | ~has(pf.SWAPCACHE)), shared & has(pf.DIRTY | pf.SWAPBACKED | pf.HUGE)
    )
    made = entries.value << PAGE_SHIFT
    for bit, which in (
        (ptes.PRESENT, entries.present),
        (ptes.HWPOISON, entries.poison),
        (ptes.SWAP, ~entries.present & ~entries.poison),
        (ptes.DIRTY, entries.present & dirty & ~entries.special),
        (ptes.RW, entries.present & writable & may_write & ~entries.special),
        (ptes.ACCESSED, entries.present & has(pf.REFERENCED | pf.ACTIVE)),
        (ptes.PSE, entries.pse),
        (ptes.SPECIAL, entries.special),
    ):
        np.bitwise_or(made, bit, out=made, where=which)
    return made


def _of_huge_page(entries: Entries, compounds: Compounds) -> Bools:
    """Mask of the entries whose frame is part of a compound page of 2 MiB or more; only of present ones it is read."""
    return compounds.sizes(entries.head) >= HPAGE_PMD_NR


def _mapped_once(entries: Entries, compounds: Compounds) -> Bools:
    """Mask of the entries whose page no other one maps: a page of 4 KiB, also in a folio, or a whole huge page."""
    counted = entries.counted
    if not counted.any():
        return counted
    page = np.where(_of_huge_page(entries, compounds), entries.head, entries.value)[counted]
    once: Bools = counted.copy()
    once[counted] = occurrences(page, len(compounds.head))[page] == 1
    return once
