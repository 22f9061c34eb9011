"""Transparent huge pages: 512 frames behind one entry, and the entry split again.

After mm/huge_memory.c. The entry has PSE and stands at the first page of its 2 MiB; each of the 512 frames
counts it as a mapping, the head alone has the reference.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from . import page_flags as pf
from . import pte as ptes
from .folio import folio_alloc, prep_compound_page
from .machine import Machine
from .mark import Act, Mark, site
from .page_alloc import alloc_pages, put_page
from .records import HPAGE_PMD_NR, HPAGE_PMD_ORDER, PAGE_SHIFT, Vma
from .rmap import page_add_rmap, page_remove_rmap

GIVEN: Final = site("do_huge_pmd", Act.MAP, args="address")

PMD_SIZE: Final = HPAGE_PMD_NR << PAGE_SHIFT
_ROOM_FOR_HUGE_ZERO: Final = 16 * HPAGE_PMD_NR


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
    """Return the huge zero page, allocated at its first use and never freed (mm_get_huge_zero_page())."""
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
    head = folio_alloc(m, HPAGE_PMD_ORDER, flags & pf.ANON)
    if head is not None:
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
    if vma.mapping:
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
