"""Processes that could have a page, and the impact of their next touch, on the machine as the handler left it.

The same functions serve a prediction, which asks inside a dry run, and the actual impact of a recorded operation.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.filemap import find_get_page
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, MAX_ORDER, PAGE_SHIFT, Delivery, Process
from hwpoison_gui.kernel.rmap import page_index, rmap_vmas
from hwpoison_gui.kernel.split_folio import accounted_references
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.hits import (
    DEAD,
    DROPPED,
    IGNORED,
    PENDING,
    SAFE,
    SIGNALLED,
    USES,
    signalled_and_touched,
    when_read_again,
    when_touched,
    worse,
)
from hwpoison_gui.view.base.slicing import ITEMS_PER_SLICE
from hwpoison_gui.view.outcome.loss_words import Page
from hwpoison_gui.view.rmap.compound import is_per_cpu
from hwpoison_gui.view.rmap.table_scan import entries_naming

EFFECTS: Final = {"killed": DEAD, "handled": SIGNALLED, "pending": PENDING, "ignored": IGNORED, "dropped": DROPPED}
_OF_ANOTHER_ERROR: Final = ""  # the next touch is signalled, for a frame that broke in another error


class Place(Record):
    """A place where a process could map a page: VMA, address space (numbered by tgid) and virtual page."""

    vma: int
    mm: int
    vpn: int


class Before(Record):
    """A page and its users before the handler changes them.

    `places`: all that the reverse map leads to, whether or not an entry stands there; `mapped`: (mm, vpn) of those
    whose entry maps the page; `swapped`: address spaces with a swap entry that leads to it. `unused`: the page has no
    references and is on the buddy or per-CPU lists.
    """

    page: Page
    places: tuple[Place, ...]
    mapped: frozenset[tuple[int, int]]
    swapped: frozenset[int]
    unused: bool


def find_before(
    m: Machine,
    pfn: int,
    places: Sequence[Place] | None = None,
    swapped: set[int] | None = None,
    named: bool = True,
) -> Generator[None, None, Before]:
    """Look a page up in slices; the machine must stay as it is.

    `places`, and `swapped`, the address spaces with a swap entry for it, are given where they are at hand. `named`:
    whether the names of its owners are looked up, and which of the places map it is kept.
    """
    if places is None:
        places = yield from find_places(m, pfn)
    yield
    head = m.page(m.compound_head(pfn))
    mapped, dirty = set[tuple[int, int]](), bool(head & pf.DIRTY)
    for number, (_, mm, vpn) in enumerate(places):
        if number % ITEMS_PER_SLICE == ITEMS_PER_SLICE - 1:
            yield
        entry = m.pte(mm, vpn)
        if ptes.maps_frame(entry, pfn):
            mapped.add((mm, vpn))
            dirty = dirty or bool(entry & ptes.DIRTY)
    if swapped is None:
        swapped = yield from find_swap_holders(m, pfn, places)
    owners = sorted({mm for mm, _ in mapped} | swapped)
    yield
    page = Page(
        pfn,
        m.page(pfn),
        head,
        m.inode_of(m.compound_head(pfn)),
        page_index(m, pfn),
        tuple(m.processes.view[mm].label if named else "" for mm in owners if mm in m.processes.view),
        is_free(m, pfn),
        dirty,
        not m.page(pfn) and not m.refcount.get(pfn),
    )
    unused = not m.refcount.get(m.compound_head(pfn)) and (m.page(pfn) & pf.BUDDY or is_per_cpu(m, pfn))
    return Before(page, tuple(places), frozenset(mapped if named else ()), frozenset(swapped), bool(unused))


def find_places(m: Machine, pfn: int) -> Generator[None, None, list[Place]]:
    """Every place of a page by its reverse map, ordered by process and VMA; those of merged pages by their entries."""
    found: list[Place] = []
    if m.page(pfn) & pf.KSM:
        for places in entries_naming(m, ptes.PRESENT, pfn):
            for mm, vpn in places:
                vma = m.find_vma(mm, vpn << PAGE_SHIFT)
                if vma is not None:
                    found.append(Place(vma.id, mm, vpn))
            yield
    else:
        index = page_index(m, pfn)
        for number, vma in enumerate(rmap_vmas(m, pfn)):
            if number % ITEMS_PER_SLICE == ITEMS_PER_SLICE - 1:
                yield
            found.append(Place(vma.id, vma.mm, vma.address_of(index) >> PAGE_SHIFT))
    return sorted(found, key=_by_process)


def _by_process(place: Place) -> tuple[int, int, int]:
    return place.mm, place.vma, place.vpn


def find_swap_holders(m: Machine, pfn: int, places: Iterable[Place]) -> Generator[None, None, set[int]]:
    """Address spaces with a swap entry that leads to the frame. All page tables are searched where `places`, those of
    the reverse map, do not account for every user of the entry."""
    offset = m.page_private.view.get(pfn)
    users = m.swap_map.view.get(offset, 0) if offset is not None and m.page(pfn) & pf.SWAPCACHE else 0
    if not users or offset is None:
        return set()
    entry = ptes.swp_pte(offset)
    near = [place.mm for place in places if m.pte(place.mm, place.vpn) & ~ptes.SWP_EXCLUSIVE == entry]
    if len(near) == users:
        return set(near)
    found = set[int]()
    for there in entries_naming(m, ptes.SWAP, offset):
        found.update(mm for mm, _ in there)
        yield
    return found


def is_free(m: Machine, pfn: int) -> bool:
    """Whether the frame is in a free block of any order, on a per-CPU list, or in the pool of huge pages."""
    in_block = any(m.free_area.get((order, pfn & -(1 << order))) is True for order in range(MAX_ORDER + 1))
    return in_block or is_per_cpu(m, pfn) or m.huge_free.get((0, m.compound_head(pfn))) is True


def covering_only(before: Before, signalled: Collection[int]) -> list[int]:
    """Those of the signalled processes whose VMA covers the page, but without an entry for it.

    collect_procs_file() does not ask whether a PTE maps the page.
    """
    had = {mm for mm, _ in before.mapped} | before.swapped
    return [mm for mm in dict.fromkeys(place.mm for place in before.places) if mm in signalled and mm not in had]


def effects_of(m: Machine, deliveries: Iterable[Delivery]) -> dict[int, str]:
    """tgid -> the worst that signals did to the process (hits.MEANINGS)."""
    found = dict[int, str]()
    for delivery in deliveries:
        tgid = m.tasks.view[delivery.tid].tgid
        found[tgid] = worse(found.get(tgid, ""), EFFECTS[delivery.effect])
    return found


def find_hits(m: Machine, before: Before, effects: Mapping[int, str]) -> Generator[None, None, dict[int, str]]:
    """tgid -> how each process is hit: the worse of what signals did to it (`effects`) and what its next touch does.

    The machine is as the handler left it.
    """
    found = yield from find_next_touches(m, before)
    for tgid, effect in effects.items():
        found[tgid] = signalled_and_touched(effect, found.get(tgid, SAFE))
    return found


def find_next_touches(m: Machine, before: Before) -> Generator[None, None, dict[int, str]]:
    """tgid -> what the next touch of the page does to a process, of the living."""
    found = dict[int, str]()
    for tgid in before.swapped:
        process = m.processes.view.get(tgid)
        if process is not None:
            found[tgid] = _when_swapped_in(m, before.page.pfn, process)
    for number, place in enumerate(before.places):
        if number % ITEMS_PER_SLICE == 0:
            yield
        process = m.processes.view[place.mm]
        if not process.ended:
            kind = worse(found.get(process.tgid, ""), _left_with(m, place, before, process))
            if kind:
                found[process.tgid] = kind
    return found


def find_touches_by_now(m: Machine, before: Before, suspects: Iterable[int]) -> Generator[None, None, dict[int, str]]:
    """tgid -> what the next touch of a page that broke earlier does to a process, as the machine is now.

    `suspects`: address spaces that may have got entries for it since, by fork() or mremap().
    """
    pfn = before.page.pfn
    spots = {(place.mm, place.vpn) for place in before.places}
    for mm in suspects:
        yield
        spots.update((mm, vpn) for vpn in _vpns_of(m, mm, before.page))
    for place in (yield from find_places(m, pfn)):
        spots.add((place.mm, place.vpn))
    places = []
    for number, (mm, vpn) in enumerate(sorted(spots)):
        if number % ITEMS_PER_SLICE == 0:
            yield
        vma = m.find_vma(mm, vpn << PAGE_SHIFT)
        if vma is not None:
            places.append(Place(vma.id, mm, vpn))
    swapped = yield from find_swap_holders(m, pfn, places)
    page, inode = before.page, m.inode_of(m.compound_head(pfn))
    if inode is not None:  # perhaps another one: an early kernel may hand out a huge page that broke
        page = page._replace(inode=inode, number=page_index(m, pfn))
    return (yield from find_next_touches(m, Before(page, tuple(places), before.mapped, frozenset(swapped), False)))


def _vpns_of(m: Machine, mm: int, page: Page) -> list[int]:
    """Virtual pages of an address space with the hwpoison entry of the page, or an entry that counts as a mapping."""
    vpns, words = m.ptes.arrays(mm)
    into = page.pfn - (words >> PAGE_SHIFT)
    counted = words & (ptes.PRESENT | ptes.SPECIAL) == ptes.PRESENT
    maps = counted & (into >= 0) & (into < np.where(words & ptes.PSE, HPAGE_PMD_NR, 1))
    found = maps | (words == page.hwpoison_entry)
    return list((vpns[found] + into[found]).tolist())


def _left_with(m: Machine, place: Place, before: Before, process: Process) -> str:
    """The impact of the next touch, by the PTE at the place."""
    entry, pfn = m.pte(place.mm, place.vpn), before.page.pfn
    if entry & ptes.HWPOISON:
        return when_touched(m, process) if entry == before.page.hwpoison_entry else _OF_ANOTHER_ERROR
    if ptes.maps_frame(entry, pfn):
        return USES
    if entry & ptes.SWAP and not entry & ptes.PRESENT:
        leads = ptes.value_of(entry) == m.page_private.view.get(pfn)
        return _when_swapped_in(m, pfn, process) if leads else SAFE
    return SAFE if entry & ptes.PRESENT else _when_faulted(m, before.page, place, process)


def _when_swapped_in(m: Machine, pfn: int, process: Process) -> str:
    still_there = m.page(pfn) & pf.SWAPCACHE and m.page(pfn) & pf.HWPOISON
    return when_touched(m, process) if still_there else SAFE


def _when_faulted(m: Machine, page: Page, place: Place, process: Process) -> str:
    """No entry: the next fault asks the page cache of the file; empty if the file has no such page any more."""
    vma = m.vmas.view.get(place.vma)
    if page.inode is None or vma is None or vma.mapping != page.inode.id:
        return SAFE
    if vma.index_of(place.vpn << PAGE_SHIFT) != page.number:
        return SAFE
    cached = find_get_page(m, page.inode.id, page.number)
    if cached == page.pfn:
        if _is_poisoned(m, cached) and _dropped_at_fault(m, cached):
            return SAFE
        checked = not page.word & pf.HUGE or m.profile.has("hugetlb_fault_checks_poison")
        return when_touched(m, process) if checked and _is_poisoned(m, cached) else USES
    if cached is not None and _is_poisoned(m, cached):
        return _OF_ANOTHER_ERROR
    inode = m.inodes.view[vma.mapping]  # as it is now: the file may have been truncated since, or extended again
    if page.number >= inode.pages:
        return ""  # the fault sends BUS_ADRERR, with or without the error
    if not page.dirty or (cached is not None and m.page(cached) & pf.DIRTY):
        return SAFE
    return when_read_again(m, inode, page.number)


def _dropped_at_fault(m: Machine, pfn: int) -> bool:
    """Whether the fault drops the poisoned page from the page cache, so that it is read in again."""
    head = m.compound_head(pfn)
    word, inode = m.page(head), m.inode_of(head)
    if inode is None or word & (pf.HUGE | pf.DIRTY | pf.WRITEBACK) or not m.profile.has("fault_drops_clean_poison"):
        return False
    return int(m.refcount.view[head]) == accounted_references(m, head)


def _is_poisoned(m: Machine, pfn: int) -> bool:
    """Of a page of hugetlb HWPOISON stands on the head."""
    return bool((m.page(m.compound_head(pfn)) if m.page(pfn) & pf.HUGE else m.page(pfn)) & pf.HWPOISON)
