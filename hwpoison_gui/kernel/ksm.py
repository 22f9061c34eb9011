"""KSM: anonymous pages of equal content are merged into one write-protected page.

After mm/ksm.c. ksmd is modelled as one full scan of all mergeable VMAs.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from . import page_flags as pf
from . import pte as ptes
from .filemap import content_of
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .memory import drop_present
from .mmap import covered, isolate_range, overlapping
from .page_alloc import get_page
from .page_mapping import MAPPING_KSM, mapping_number, mapping_word
from .records import PAGE_SHIFT, RmapItem, Vma
from .rmap import mappings_of, page_add_rmap

MERGEABLE: Final = site("ksm_madvise")
REPLACED: Final = site("replace_page", Act.MAP, args="comm address")

# Pages with one of these flags are not scanned.
_NOT_MERGED: Final = pf.HWPOISON | pf.HUGE | pf.COMPOUND_HEAD | pf.COMPOUND_TAIL


def madvise_mergeable(m: Machine, mm: int, start: int, end: int) -> Steps[int | str]:
    """MADV_MERGEABLE, followed by a full scan of ksmd. Returns 0 or an errno name."""
    for vma in isolate_range(m, mm, start, end):
        if not vma.shared and vma.huge != "hugetlb":
            ksm_enter(m, mm)
            m.put(m.vmas, vma.id, vma._replace(mergeable=True))
    yield Mark(MERGEABLE, (), tasks=(mm,))
    yield from ksm_do_scan(m)
    return 0 if covered(m, mm, start, end) else "ENOMEM"


def ksmd(m: Machine, mm: int, start: int, end: int) -> Steps[None]:
    """Run a scan of ksmd if a range has a mergeable VMA.

    mlock() and mremap() have unshared the pages of the range without changing them: the scan merges them again.
    """
    if any(vma.mergeable for vma in overlapping(m, mm, start, end)):
        yield from ksm_do_scan(m)


def ksm_enter(m: Machine, mm: int) -> None:
    """__ksm_enter(): ksmd scans the address space after those that it knows already."""
    if mm not in m.ksm_mm_slots.view:
        m.put(m.ksm_mm_slots, mm, m.new_id("ksm_mm_slot"))


def ksm_fork(m: Machine, parent: int, child: int) -> None:
    """ksm_fork(): ksmd scans the child's copies of mergeable VMAs, too."""
    if parent in m.ksm_mm_slots.view:
        ksm_enter(m, child)


def ksm_do_scan(m: Machine) -> Steps[None]:
    """Scan all mergeable pages and merge equal ones."""
    _remove_stale_items(m)
    first: dict[str, tuple[Vma, int]] = {}
    stable = {content_of(m, pfn): pfn for pfn in _stable_pages(m)}
    for vma in _mergeable_vmas(m):
        for vpn, _ in m.ptes.between(vma.mm, vma.start >> PAGE_SHIFT, vma.end >> PAGE_SHIFT):
            pfn = _candidate(m, vma, vpn)
            if pfn is None:
                continue
            content = content_of(m, pfn)
            if content not in stable and content in first:
                _make_ksm_page(m, first[content])
                stable[content] = ptes.value_of(m.pte(first[content][0].mm, first[content][1]))
            if content in stable:
                yield _replace_page(m, vma, vpn, stable[content])
            else:
                first[content] = (vma, vpn)


def _mergeable_vmas(m: Machine) -> list[Vma]:
    """Return the mergeable VMAs in the order in which ksmd scans them.

    Within a process by address; the processes in the order in which they were entered."""
    order = m.ksm_mm_slots.view
    found = [vma for vma in m.vmas.view.values() if vma.mergeable]
    return sorted(found, key=lambda vma: (order.get(vma.mm, 0), vma.mm, vma.start))


def _remove_stale_items(m: Machine) -> None:
    """remove_rmap_item_from_tree(): forget the merged pages that were written to, or unmapped, since the last scan."""
    for node, items in list(m.rmap_items.view.items()):
        for number, item in list(items.items()):
            entry = m.ptes.value(item.mm, item.address >> PAGE_SHIFT)
            word = int(m.mapping.get(ptes.value_of(entry))) if entry & ptes.PRESENT else 0
            if word != mapping_word(node, MAPPING_KSM):
                m.delete(m.rmap_items, (node, number))


def _stable_tree_append(m: Machine, vma: Vma, vpn: int, node: int) -> None:
    """stable_tree_append(): list a merged page, before those that were merged earlier."""
    item = RmapItem(vma.mm, vpn << PAGE_SHIFT, vma.anon_vma)
    m.put(m.rmap_items, (node, m.new_id("rmap_item")), item)


def _stable_pages(m: Machine) -> list[int]:
    """The stable tree: merged pages, whoever maps them, and whether or not their VMAs are mergeable still."""
    pages: list[int] = np.flatnonzero(m.flags.view & (pf.KSM | pf.HWPOISON) == pf.KSM).tolist()
    return pages


def _candidate(m: Machine, vma: Vma, vpn: int) -> int | None:
    """The frame mapped there if it can be merged: anonymous, not merged yet, without references beyond its mappings."""
    entry = m.ptes.value(vma.mm, vpn)
    if not entry & ptes.PRESENT or entry & (ptes.SPECIAL | ptes.PSE):
        return None
    pfn = ptes.value_of(entry)
    word = m.page(pfn)
    if not word & pf.ANON or word & (_NOT_MERGED | pf.KSM):
        return None
    cached = 1 if word & pf.SWAPCACHE else 0
    return pfn if int(m.refcount.view[pfn]) == int(m.mapcount.view[pfn]) + cached else None


def _make_ksm_page(m: Machine, place: tuple[Vma, int]) -> None:
    """write_protect_page() and set_page_stable_node(): write-protect the page and set KSM."""
    vma, vpn = place
    pfn = ptes.value_of(m.pte(vma.mm, vpn))
    for other, address in mappings_of(m, pfn):
        at = address >> PAGE_SHIFT
        entry = m.pte(other.mm, at)
        if entry & ptes.DIRTY:
            m.set_flags(pfn, pf.DIRTY)
        m.set_pte(other.mm, at, entry & ~(ptes.RW | ptes.DIRTY))
    m.put(m.mapping, pfn, mapping_word(m.new_id("stable_node"), MAPPING_KSM))
    m.set_flags(pfn, pf.KSM)
    m.clear_flags(pfn, m.profile.mm.exclusive)
    _stable_tree_append(m, vma, vpn, mapping_number(int(m.mapping.view[pfn])))


def _replace_page(m: Machine, vma: Vma, vpn: int, kpage: int) -> Mark:
    """replace_page(): map the shared page instead, and drop the mapping of the VMA's own page."""
    entry = m.pte(vma.mm, vpn)
    pfn = ptes.value_of(entry)
    get_page(m, kpage)
    page_add_rmap(m, kpage)
    m.set_pte(vma.mm, vpn, ptes.mk_pte(kpage, entry & ptes.ACCESSED))
    drop_present(m, entry & ~ptes.DIRTY)
    _stable_tree_append(m, vma, vpn, mapping_number(int(m.mapping.view[kpage])))
    owner = m.processes.view[vma.mm]
    return Mark(REPLACED, (owner.comm, vpn << PAGE_SHIFT), (kpage, pfn), (vma.id,), ((vma.mm, vpn),), (owner.tgid,))
