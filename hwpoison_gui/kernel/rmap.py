"""The reverse map: from a frame to the VMAs and page-table entries that map it.

After mm/rmap.c. Anonymous pages lead to an anon_vma, file pages to the i_mmap of their inode;
the page's index gives its address in each VMA, and only the PTE at that address says whether it is mapped.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from operator import attrgetter
from typing import Final

import numpy as np

from . import page_flags as pf
from . import pte as ptes
from .block_list import BlockList
from .changes_alike import Count, Each
from .gate import ABSENT
from .machine import Machine
from .mark import Act, Mark, MarksAlike, Run, Site, Steps, in_runs, site, stretches
from .page_alloc import put_page
from .page_mapping import MAPPING_ANON, MAPPING_KSM, mapping_flags, mapping_number, mapping_word
from .places import I64, NOWHERE, IntervalTree, Places, column
from .records import HPAGE_PMD_NR, INDEX_MASK, PAGE_SHIFT, Vma

# Sites by what replaces the PTE.
UNMAPPED: Final = {
    entry_for: site("try_to_unmap_one", Act.UNMAP, entry_for, "comm address dirty")
    for entry_for in ("hwpoison", "swap", "none")
}


def anon_vma_prepare(m: Machine, vma: Vma) -> Vma:
    """Give the VMA an anon_vma if it has none. Returns the current record of the VMA."""
    if vma.anon_vma:
        return vma
    anon_vma = m.new_id("anon_vma")
    vma = vma._replace(anon_vma=anon_vma)
    m.put(m.vmas, vma.id, vma)
    anon_vma_link(m, vma.id, anon_vma)
    return vma


def anon_vma_link(m: Machine, vma: int, anon_vma: int) -> None:
    """Link the VMA and the anon_vma (struct anon_vma_chain)."""
    m.put(m.anon_vma_chain, (anon_vma, vma), True)
    m.put(m.vma_anon_vmas, (vma, anon_vma), True)


def anon_vma_clone(m: Machine, destination: int, source: int) -> None:
    """Link VMA `destination` to every anon_vma of VMA `source`, after a split, a move or a fork."""
    for anon_vma in sorted(m.vma_anon_vmas.of(source)):
        anon_vma_link(m, destination, anon_vma)


def unlink_anon_vmas(m: Machine, vma: int) -> None:
    """Unlink the VMA from all its anon_vmas."""
    for anon_vma in sorted(m.vma_anon_vmas.of(vma)):
        m.delete(m.anon_vma_chain, (anon_vma, vma))
        m.delete(m.vma_anon_vmas, (vma, anon_vma))


def rmap_vmas(m: Machine, pfn: int) -> list[Vma]:
    """The VMAs that cover the page, whether or not a PTE maps it, in the order of vma_interval_tree_foreach().

    Returns
    -------
    list of Vma
        VMAs of the page's anon_vma, or of the i_mmap of its inode, sorted by `pgoff`, then by age. Empty for a page
        without a mapping.
    """
    return list(rmap_places(m, pfn).of.vmas)


def rmap_addresses(m: Machine, pfn: int) -> list[tuple[Vma, int]]:
    """`rmap_vmas`, each VMA with vma_address() of the page there, in bytes."""
    places = rmap_places(m, pfn)
    return list(zip(places.of.vmas, places.addresses.tolist(), strict=True))


_PGOFF: Final = attrgetter("pgoff")


def rmap_places(m: Machine, pfn: int) -> Places:
    """`rmap_addresses` as columns. The last is kept: collect_procs() and try_to_unmap() walk the same VMAs."""
    word, index = where = _where(m, pfn)
    if not word or mapping_flags(word) == MAPPING_KSM:
        return NOWHERE
    return m.places_memo.get(where, lambda: _places(m, word, index))


def rmap_entries(m: Machine, pfn: int) -> I64:
    """The page-table entry at each of `rmap_places`, 0 where there is none; of a huge one only at its first page.

    The last are kept as well.
    """
    return m.entries_memo.get(_where(m, pfn), lambda: entries_at(m, rmap_places(m, pfn)))


def entries_at(m: Machine, places: Places) -> I64:
    """The page-table entry at each of some places; see `rmap_entries`."""
    return m.ptes.values(places.keys)


def _where(m: Machine, pfn: int) -> tuple[int, int]:
    """page->mapping of the page's folio, and its own index there."""
    return int(m.mapping.view[m.compound_head(pfn)]), page_index(m, pfn)


def _places(m: Machine, word: int, index: int) -> Places:
    """The VMAs that cover page `index` of an anon_vma or a file, whose tree is kept for the other pages of it."""
    ids = (m.anon_vma_chain if mapping_flags(word) == MAPPING_ANON else m.i_mmap).of(mapping_number(word))
    if not ids:
        return NOWHERE
    tree = m.trees_memo.get(word, lambda: IntervalTree.of_vmas(sorted(m.vmas.of_each(sorted(ids)), key=_PGOFF)))
    return tree.at(index)


def page_index(m: Machine, pfn: int) -> int:
    """page_to_pgoff(): the page's index in units of 4 KiB; that of a compound tail is counted from its head."""
    head = m.compound_head(pfn)
    return m.index.get(head) + pfn - head


def page_mapped_in_vma(m: Machine, pfn: int, vma: Vma) -> int:
    """The address in bytes at which a PTE of the VMA maps the frame, or -1."""
    return mapped_at(m, pfn, vma, vma.address_of(page_index(m, pfn)))


def mapped_at(m: Machine, pfn: int, vma: Vma, address: int) -> int:
    """`address` if a PTE maps the frame there, else -1. For walks that have computed vma_address() already."""
    if address < 0:
        return -1
    return address if ptes.maps_frame(m.pte(vma.mm, address >> PAGE_SHIFT), pfn) else -1


def mappings_of(m: Machine, pfn: int) -> list[tuple[Vma, int]]:
    """rmap_walk(): every (VMA, address in bytes) at which a PTE maps the frame.

    A KSM page has a different index in each VMA, so all page tables are searched for it.
    """
    if m.page(pfn) & pf.KSM:
        return list(rmap_walk_ksm(m, pfn))
    return [pair for pair in rmap_addresses(m, pfn) if mapped_at(m, pfn, *pair) >= 0]


def rmap_walk_ksm(m: Machine, pfn: int) -> Iterator[tuple[Vma, int]]:
    """Every (VMA, address in bytes) at which a PTE maps a KSM page, found in the page tables."""
    for mm in sorted(m.ptes.view):
        vpns, entries = m.ptes.arrays(mm)
        for vpn in vpns[(entries & ptes.PRESENT != 0) & (entries >> PAGE_SHIFT == pfn)].tolist():
            vma = m.find_vma(mm, vpn << PAGE_SHIFT)
            if vma is not None:
                yield vma, vpn << PAGE_SHIFT


def page_add_rmap(m: Machine, pfn: int, huge: bool = False) -> None:
    """page_add_anon_rmap() and page_add_file_rmap(): increment mapcount, of all 512 frames if `huge`."""
    for frame in range(pfn, pfn + (HPAGE_PMD_NR if huge else 1)):
        m.add_to(m.mapcount, frame, 1)
        m.set_flags(frame, pf.MMAP)


def page_remove_rmap(m: Machine, pfn: int, huge: bool = False) -> None:
    """Decrement mapcount; at 0 clear MMAP (and MLOCKED if the profile does)."""
    if not huge:
        if m.gate.increase(m.mapcount, pfn, -1) == 0:
            m.clear_flags(pfn, _lost_when_unmapped(m, m.page(pfn)))
        return
    frames = np.arange(pfn, pfn + HPAGE_PMD_NR)
    m.put_cells(m.mapcount, frames, m.mapcount.view[frames] - np.int32(1))
    bare = frames[m.mapcount.view[frames] == 0]
    for word in sorted(set(m.flags.view[bare].tolist())):  # np.unique() would import numpy.ma in a click
        m.put_flags(bare[m.flags.view[bare] == word], off=_lost_when_unmapped(m, word))


def _lost_when_unmapped(m: Machine, word: int) -> int:
    """The flags that a page with flag word `word` loses when its mapcount drops to 0."""
    if not m.profile.has("unmap_clears_mlocked"):
        return pf.MMAP
    return pf.MMAP | pf.MLOCKED | (pf.UNEVICTABLE if word & pf.MLOCKED else 0)


def munlock_page(m: Machine, pfn: int) -> None:
    """munlock_vma_folio(): clear MLOCKED of a page that no locked VMA maps any more, or not all pages of its folio."""
    head = m.compound_head(pfn)
    if m.page(head) & pf.MLOCKED and not any(vma.locked for vma, _ in mappings_of(m, pfn)):
        clear_page_mlock(m, head)


def clear_page_mlock(m: Machine, pfn: int) -> None:
    """Clear MLOCKED, and UNEVICTABLE unless the page is isolated from the LRU."""
    if m.page(pfn) & pf.MLOCKED:
        m.clear_flags(pfn, pf.MLOCKED | (pf.UNEVICTABLE if m.page(pfn) & pf.LRU else 0))


def set_anon(m: Machine, pfn: int, vma: Vma, address: int) -> None:
    """__page_set_anon_rmap(): set page->mapping and page->index for the VMA's anon_vma and this address."""
    m.put(m.mapping, pfn, mapping_word(vma.anon_vma, MAPPING_ANON))
    m.put(m.index, pfn, vma.index_of(address) & INDEX_MASK)


def page_mkclean(m: Machine, pfn: int) -> int:
    """Clear the dirty and write bits of every PTE in a shared VMA that maps the folio. Returns how many changed."""
    cleaned = 0
    for frame in range(pfn, pfn + (1 << m.compound_order.view.get(pfn, 0))):
        for vma, address in rmap_addresses(m, frame) if m.mapcount.view[frame] else ():
            if mapped_at(m, frame, vma, address) < 0 or not vma.shared:
                continue
            vpn = address >> PAGE_SHIFT
            entry = m.pte(vma.mm, vpn)
            if entry & (ptes.DIRTY | ptes.RW):  # a huge entry is clean after the first of its frames
                m.set_pte(vma.mm, vpn, entry & ~(ptes.DIRTY | ptes.RW))
                cleaned += 1
    return cleaned


def try_to_unmap(m: Machine, pfn: int, entry_for: str) -> Steps[bool]:
    """Clear every PTE that maps the frame, one step each.

    Parameters
    ----------
    entry_for : str
        What replaces a PTE: `hwpoison`, `swap` or `none` (TTU_IGNORE_HWPOISON).

    Returns
    -------
    bool
        Whether mapcount is 0 now.
    """
    yield from in_runs(m.gate, _unmapped(m, pfn, entry_for))
    return bool(m.mapcount.view[pfn] == 0)


def _unmapped(m: Machine, pfn: int, entry_for: str) -> Iterator[Mark | Run]:
    if m.page(pfn) & pf.KSM:
        places = Places.of_pairs(list(rmap_walk_ksm(m, pfn)))
        entries = entries_at(m, places)
    else:
        places, entries = rmap_places(m, pfn), rmap_entries(m, pfn)
    for numbers in stretches(range(len(places.addresses))):
        these = slice(numbers[0], numbers[-1] + 1)
        run = _unmap_alike(m, pfn, places, these, entries[these], entry_for)
        if run is not None:
            yield run
            continue
        for vma, address in zip(places.of.vmas[these], places.addresses[these].tolist(), strict=True):
            mark = try_to_unmap_one(m, pfn, vma, address, entry_for)
            if mark is not None:
                yield mark


def _unmap_alike(m: Machine, pfn: int, places: Places, these: slice, entries: I64, entry_for: str) -> Run | None:
    """try_to_unmap_one() at many places at once; None where it does more than to replace PTEs and lower the counts.

    `these`: which of the places; `entries`: those there.
    """
    count, word = len(entries), m.page(pfn)
    if count < 2 or entry_for == "swap" or min(m.mapcount.get(pfn), m.refcount.get(pfn)) <= count:
        return None  # also for a tail, whose references are counted on the head
    dirty = (entries & ptes.DIRTY) != 0
    if (entries & ~_HARMLESS != ptes.mk_pte(pfn)).any() or (dirty.any() and not word & pf.DIRTY):
        return None
    keys, addresses = places.keys[these], places.addresses[these]
    mms = keys.outers
    if len(set(mms)) < count:  # each RSS changes once
        return None
    ends = m.gate.put_run(
        count,
        (
            Each(m.ptes, keys, repeat(ptes.hwpoison_pte(pfn) if entry_for == "hwpoison" else ABSENT, count)),
            Each(m.rss, mms, [pages - 1 or ABSENT for pages in m.rss.of_each(mms)]),
            Count(m.mapcount, pfn, -1),
            Count(m.refcount, pfn, -1),
        ),
    )
    args = m.threads_of(mms).process.comm, column(addresses), dirty.tolist()  # a process and its mm have one number
    marks = MarksAlike(UNMAPPED[entry_for], args, (pfn,), mms, places.of.ids[these], keys)
    return Run(BlockList.of(marks), ends)


_HARMLESS: Final = ptes.RW | ptes.ACCESSED | ptes.DIRTY  # of a PTE that maps a small page of the machine


def try_to_unmap_one(
    m: Machine, pfn: int, vma: Vma, address: int, entry_for: str, site: Site | None = None
) -> Mark | None:
    """Clear the PTE at the address: move its dirty bit to the page, decrement mapcount and refcount.

    Returns None if no PTE maps the frame there. `site` is set by callers other than try_to_unmap().
    """
    vpn = address >> PAGE_SHIFT
    old = m.pte(vma.mm, vpn)
    if not ptes.maps_frame(old, pfn):
        return None
    huge = old & ptes.PSE
    dirty = bool(old & ptes.DIRTY)
    if dirty and not m.page(head := m.compound_head(pfn)) & pf.DIRTY:
        m.set_flags(head, pf.DIRTY)
    if entry_for == "swap":
        offset = m.page_private.view[pfn]
        m.add_to(m.swap_map, offset, 1)
        new = ptes.swp_pte(offset, bool(m.page(pfn) & m.profile.mm.exclusive))
        m.clear_flags(pfn, m.profile.mm.exclusive)
    else:
        new = ptes.hwpoison_pte(pfn) | huge if entry_for == "hwpoison" else 0
    m.replace_pte(vma.mm, vpn, old, new)
    page_remove_rmap(m, pfn, huge=bool(huge))
    put_page(m, pfn)
    owner = m.processes.view[vma.mm]
    args = (owner.comm, address, dirty)
    return Mark(site or UNMAPPED[entry_for], args, (pfn,), (vma.id,), ((vma.mm, vpn),), (owner.tgid,))
