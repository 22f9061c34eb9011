"""exit_mmap(): the end of an address space, thousands of entries at once.

After mm/mmap.c and zap_pte_range() of mm/memory.c. Ordinary pages lose their mappings in whole
columns; whatever has a story of its own (swap, huge pages, poison, mlock) goes entry by entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from . import page_flags as pf
from . import pte as ptes
from .gate import ABSENT, Whole
from .machine import Machine
from .memory import zap_pte
from .mmap import close_vma
from .page_alloc import free_many, put_page

# A page with one of these needs more than its counts lowered.
_OWN_STORY: Final = (
    pf.SWAPCACHE | pf.COMPOUND_HEAD | pf.COMPOUND_TAIL | pf.HUGE | pf.THP | pf.KSM | pf.HWPOISON | pf.MLOCKED
    | pf.UNEVICTABLE
)  # fmt: skip

_KIND: Final = ptes.PRESENT | ptes.SPECIAL | ptes.PSE  # bits that tell what an entry maps
FEW: Final = 16  # entries; for fewer, calls of numpy take longer than a loop

Integers = npt.NDArray[np.int64]


def exit_mmap(m: Machine, mm: int) -> None:
    """Tear down an address space, its page-table pages last."""
    if mm in m.ptes.view:
        _zap_all(m, mm)
    for vma in m.vmas_of(mm):
        close_vma(m, vma)
    for at, pfn in sorted(m.pgtables.of(mm).items()):
        m.delete(m.pgtables, (mm, at))
        put_page(m, pfn)
    for table in (m.mmap_base, m.ksm_mm_slots, m.rss):
        if mm in table.view:
            m.delete(table, mm)


def _zap_all(m: Machine, mm: int) -> None:
    plain, others = (_few if len(m.ptes.of(mm)) <= FEW else _many)(m, mm)
    for vpn in others:
        zap_pte(m, mm, vpn)
    if len(plain):
        _unmap(m, np.asarray(plain, np.int64))
        m.put(Whole(m.ptes), mm, ABSENT)


def _few(m: Machine, mm: int) -> tuple[Sequence[int], Sequence[int]]:
    """The entries of ordinary pages, and the virtual page numbers of all other entries."""
    plain, others = [], []
    for vpn, entry in m.ptes.pairs(mm):
        if entry & _KIND == ptes.PRESENT and not m.page(entry >> 12) & _OWN_STORY:
            plain.append(entry)
        else:
            others.append(vpn)
    return plain, others


def _many(m: Machine, mm: int) -> tuple[Integers, Sequence[int]]:
    """Return the same as `_few`, found by numpy."""
    vpns, entries = m.ptes.arrays(mm)
    plain = entries & _KIND == ptes.PRESENT
    plain[plain] = m.flags.view[entries[plain] >> 12] & np.uint64(_OWN_STORY) == 0
    return entries[plain], vpns[~plain].tolist()


def _unmap(m: Machine, entries: Integers) -> None:
    """Lower mapcount and refcount of the pages that the PTEs map, pass on dirty bits, free pages without references."""
    pfns, at, mappings = np.unique(entries >> 12, return_inverse=True, return_counts=True)
    dirty = np.zeros(len(pfns), bool)
    np.logical_or.at(dirty, at, entries & ptes.DIRTY != 0)
    words = m.flags.view[pfns]
    mapcount = m.mapcount.view[pfns] - mappings.astype(np.int32)
    refcount = m.refcount.view[pfns] - mappings.astype(np.int32)
    words = np.where(mapcount == 0, words & ~np.uint64(pf.MMAP), words)
    words = np.where(dirty & (words & np.uint64(pf.ANON) == 0), words | np.uint64(pf.DIRTY), words)
    m.put_cells(m.flags, pfns, words)
    m.put_cells(m.mapcount, pfns, mapcount)
    m.put_cells(m.refcount, pfns, refcount)
    free_many(m, pfns[refcount == 0])
