"""Large folios of anonymous memory that page tables map by PTEs ("multi-size THP").

After alloc_anon_folio() and do_anonymous_page(), mm/memory.c (6.12), and mlock_pte_range(), mm/mlock.c.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from . import pte as ptes
from .folio import folio_alloc, folio_frames
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .records import PAGE_SHIFT, Vma
from .rmap import anon_vma_prepare, page_add_rmap, set_anon
from .vm_fault import pte_alloc

NEW_FOLIO: Final = site("do_anonymous_page", Act.MAP, args="address pages", name="large folio")


def do_anonymous_folio(m: Machine, vma: Vma, address: int) -> Steps[bool]:
    """First write to anonymous memory of a VMA with large folios: map a whole one.

    Returns False, for a single page, unless the VMA holds all of the aligned range and nothing in it is mapped.
    """
    pages = vma.folio
    first = address >> PAGE_SHIFT & -pages
    inside = vma.start >> PAGE_SHIFT <= first and first + pages <= vma.end >> PAGE_SHIFT
    if not inside or m.ptes.between(vma.mm, first, first + pages) or not pte_alloc(m, vma.mm, first):
        return False
    exclusive = m.profile.mm.exclusive
    head = folio_alloc(m, pages.bit_length() - 1, pf.ANON | exclusive)
    if head is None:
        return False
    vma = anon_vma_prepare(m, vma)
    set_anon(m, head, vma, first << PAGE_SHIFT)
    locked = pf.MLOCKED | pf.UNEVICTABLE if vma.locked else 0
    m.set_flags(head, pf.UPTODATE | pf.LRU | pf.SWAPBACKED | locked)
    m.add_to(m.refcount, head, pages - 1)
    for vpn, frame in zip(range(first, first + pages), folio_frames(m, head), strict=True):
        m.set_pte(vma.mm, vpn, ptes.mk_pte(frame, ptes.RW | ptes.DIRTY | ptes.ACCESSED))
        page_add_rmap(m, frame)
    base = first << PAGE_SHIFT
    yield Mark(NEW_FOLIO, (base, pages), tuple(folio_frames(m, head)), (vma.id,), ((vma.mm, first),))
    return True


def maps_whole_folio(m: Machine, vma: Vma, vpn: int, pfn: int) -> bool:
    """allow_mlock_munlock(): whether PTEs of the VMA map the whole folio of the frame, in order, around `vpn`."""
    frames = folio_frames(m, pfn)
    first = vpn - (pfn - frames.start)
    if first < vma.start >> PAGE_SHIFT or first + len(frames) > vma.end >> PAGE_SHIFT:
        return False
    entries = m.ptes.between(vma.mm, first, first + len(frames))
    return [ptes.value_of(entry) for _, entry in entries if entry & ptes.PRESENT] == list(frames)
