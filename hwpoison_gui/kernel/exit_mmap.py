"""exit_mmap(): the end of an address space, thousands of entries at once.

After mm/mmap.c and zap_pte_range() of mm/memory.c. Ordinary pages lose their mappings in whole
columns; whatever has a story of its own (swap, huge pages, poison, mlock) goes entry by entry.
"""

from __future__ import annotations

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
_OWN_STORY: Final = np.uint64(
    pf.SWAPCACHE | pf.COMPOUND_HEAD | pf.COMPOUND_TAIL | pf.HUGE | pf.THP | pf.KSM | pf.HWPOISON | pf.MLOCKED
    | pf.UNEVICTABLE
)  # fmt: skip

Integers = npt.NDArray[np.int64]


def exit_mmap(m: Machine, mm: int) -> None:
    """Tear down an address space, its page-table pages last."""
    vpns, entries = m.ptes.arrays(mm)
    if len(vpns):
        _zap_all(m, mm, vpns, entries)
    for vma in m.vmas_of(mm):
        close_vma(m, vma)
    for at, pfn in sorted(m.pgtables.of(mm).items()):
        m.delete(m.pgtables, (mm, at))
        put_page(m, pfn)
    m.delete(m.mmap_base, mm)
    m.put(m.ksm_mm_slots, mm, ABSENT)
    m.delete(m.rss, mm)


def _zap_all(m: Machine, mm: int, vpns: Integers, entries: Integers) -> None:
    flags = ptes.PRESENT | ptes.SPECIAL | ptes.PSE
    plain = entries & flags == ptes.PRESENT
    plain[plain] = m.flags.view[entries[plain] >> 12] & _OWN_STORY == 0
    for vpn in vpns[~plain].tolist():
        zap_pte(m, mm, vpn)
    _unmap(m, entries[plain])
    m.put(Whole(m.ptes), mm, ABSENT)


def _unmap(m: Machine, entries: Integers) -> None:
    """Lower the counts of the pages that the entries map, pass on dirty bits, free what nobody has any more."""
    pfns, at, mappings = np.unique(entries >> 12, return_inverse=True, return_counts=True)
    if not len(pfns):
        return
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
