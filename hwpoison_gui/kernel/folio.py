"""Large folios: 2^n frames as one page, with one head that has the flags and the references of all.

After mm/page_alloc.c (prep_compound_page()) and include/linux/mm.h. Each frame counts its own mappings. A huge page of
2 MiB is the large folio of order 9; smaller ones are mapped by PTEs only.
"""

from __future__ import annotations

import numpy as np

from . import page_flags as pf
from .gate import ABSENT
from .machine import Machine
from .page_alloc import alloc_page, alloc_pages
from .records import HPAGE_PMD_ORDER

_COMPOUND = pf.COMPOUND_HEAD | pf.COMPOUND_TAIL


def prep_compound_page(m: Machine, head: int, flags: int, order: int = HPAGE_PMD_ORDER) -> None:
    """Make one page of 2^order frames, each with `flags`; page->mapping of a tail is its head."""
    m.put(m.compound_order, head, order)
    m.set_flags(head, pf.COMPOUND_HEAD | flags)
    tails = np.arange(head + 1, head + (1 << order))
    m.put_flags(tails, on=pf.COMPOUND_TAIL | flags)
    m.put_cells(m.mapping, tails, np.full(len(tails), head, np.uint32))


def destroy_compound_page(m: Machine, head: int) -> None:
    """Make single frames of a compound page; they keep all but the compound flags."""
    tails = np.arange(head + 1, head + folio_nr_pages(m, head))
    m.put(m.compound_order, head, ABSENT)
    gone = _COMPOUND | pf.HUGE | pf.THP
    m.clear_flags(head, gone)
    m.put_flags(tails, off=gone)
    m.put_cells(m.mapping, tails, np.zeros(len(tails), np.uint32))


def folio_alloc(m: Machine, order: int, flags: int) -> int | None:
    """Allocate a folio of 2^order frames with one reference. Returns its head, or None.

    Each frame of a large one has `flags`.
    """
    if not order:
        return alloc_page(m)
    head = alloc_pages(m, order)
    if head is not None:
        prep_compound_page(m, head, flags | pf.THP, order)
    return head


def folio_nr_pages(m: Machine, pfn: int) -> int:
    """The number of frames of the compound page that contains `pfn`; 1 for a frame on its own."""
    return 1 << m.compound_order.view.get(m.compound_head(pfn), 0)


def folio_frames(m: Machine, pfn: int) -> range:
    """The frames of the folio that contains `pfn`, its head first."""
    head = m.compound_head(pfn)
    return range(head, head + folio_nr_pages(m, head))


def folio_test_large(m: Machine, pfn: int) -> bool:
    """Return whether the frame is part of a large folio that can be split, which hugetlb pages cannot."""
    word = m.page(pfn)
    return bool(word & pf.THP and word & _COMPOUND)


def folio_mapped(m: Machine, pfn: int) -> bool:
    """Return whether a page table maps any frame of the folio."""
    frames = folio_frames(m, pfn)
    return bool(m.mapcount.view[frames.start : frames.stop].any())
