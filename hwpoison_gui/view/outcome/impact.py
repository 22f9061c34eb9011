"""Processes that could have a page, and the impact of their next touch, on the machine as the handler left it.

The same functions serve a prediction, which asks inside a dry run, and the actual impact of a recorded operation.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.filemap import ZERO, disk_content
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, MAX_ORDER, PAGE_SHIFT, Delivery
from hwpoison_gui.kernel.rmap import page_index, rmap_vmas
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.impacts import (
    DEAD,
    DROPPED,
    IGNORED,
    PENDING,
    SAFE,
    SIGNALLED,
    signalled_and_touched,
    worse,
)
from hwpoison_gui.view.base.slicing import ITEMS_PER_SLICE, slices_of
from hwpoison_gui.view.outcome.loss_words import Page
from hwpoison_gui.view.outcome.touch import Place, Touches
from hwpoison_gui.view.rmap.compound import is_per_cpu
from hwpoison_gui.view.rmap.table_scan import entries_naming

EFFECTS: Final = {"killed": DEAD, "handled": SIGNALLED, "pending": PENDING, "ignored": IGNORED, "dropped": DROPPED}


class Before(Record):
    """A page and its users before the handler changes them.

    `places`: all that the reverse map leads to, whether or not an entry stands there; `mapped`: (mm, vpn) of those
    whose entry maps the page; `swapped`: places of swap entries that lead to it. `unused`: the page has no
    references and is on the buddy or per-CPU lists.
    """

    page: Page
    places: tuple[Place, ...]
    mapped: frozenset[tuple[int, int]]
    swapped: tuple[Place, ...]
    unused: bool


def find_before(
    m: Machine,
    pfn: int,
    places: Sequence[Place] | None = None,
    swapped: Sequence[Place] | None = None,
    named: bool = True,
) -> Generator[None, None, Before]:
    """Look a page up in slices; the machine must stay as it is.

    `places`, and `swapped`, those of swap entries for it, are given where they are at hand. `named`:
    whether the names of its owners are looked up, and which of the places map it is kept.
    """
    if places is None:
        places = yield from find_places(m, pfn)
    yield
    head = m.page(m.compound_head(pfn))
    mapped, dirty = set[tuple[int, int]](), bool(head & pf.DIRTY)
    for part in slices_of(places, ITEMS_PER_SLICE):
        for _, mm, vpn in part:
            entry = m.pte(mm, vpn)
            if ptes.maps_frame(entry, pfn):
                mapped.add((mm, vpn))
                dirty = dirty or bool(entry & ptes.DIRTY)
        yield
    if swapped is None:
        swapped = yield from find_swap_holders(m, pfn, places)
    owners = sorted({mm for mm, _ in mapped} | {place.mm for place in swapped})
    yield
    names: list[str] = []
    for mms in slices_of(owners, ITEMS_PER_SLICE):
        names += [m.processes.view[mm].label if named else "" for mm in mms]
        yield
    inode, number = m.inode_of(m.compound_head(pfn)), page_index(m, pfn)
    page = Page(
        pfn,
        m.page(pfn),
        head,
        inode,
        number,
        tuple(names),
        is_free(m, pfn),
        dirty,
        ZERO if inode is None else disk_content(m, inode, number),
        not m.page(pfn) and not m.refcount.get(pfn),
    )
    unused = not m.refcount.get(m.compound_head(pfn)) and (m.page(pfn) & pf.BUDDY or is_per_cpu(m, pfn))
    return Before(page, tuple(places), frozenset(mapped if named else ()), tuple(swapped), bool(unused))


def find_places(m: Machine, pfn: int) -> Generator[None, None, list[Place]]:
    """Every place of a page by its reverse map, ordered by process and VMA; those of merged pages by their entries."""
    found: list[Place] = []
    if m.page(pfn) & pf.KSM:
        for places in entries_naming(m, ptes.PRESENT, pfn):
            found += places_at(m, places)
            yield
    else:
        index = page_index(m, pfn)
        for vmas in slices_of(rmap_vmas(m, pfn), ITEMS_PER_SLICE):
            found += [Place(vma.id, vma.mm, vma.address_of(index) >> PAGE_SHIFT) for vma in vmas]
            yield
    return sorted(found, key=_by_process)


def _by_process(place: Place) -> tuple[int, int, int]:
    return place.mm, place.vma, place.vpn


def places_at(m: Machine, spots: Iterable[tuple[int, int]]) -> Iterator[Place]:
    """The places of (mm, virtual page) that are in a VMA."""
    for mm, vpn in spots:
        vma = m.find_vma(mm, vpn << PAGE_SHIFT)
        if vma is not None:
            yield Place(vma.id, mm, vpn)


def find_swap_holders(m: Machine, pfn: int, places: Iterable[Place]) -> Generator[None, None, list[Place]]:
    """Places of the swap entries that lead to the frame, ordered by process. All page tables are searched where
    `places`, those of the reverse map, do not account for every user of the entry."""
    offset = m.page_private.view.get(pfn)
    users = m.swap_map.view.get(offset, 0) if offset is not None and m.page(pfn) & pf.SWAPCACHE else 0
    if not users or offset is None:
        return []
    entry = ptes.swp_pte(offset)
    near = [place for place in places if m.pte(place.mm, place.vpn) & ~ptes.SWP_EXCLUSIVE == entry]
    if len(near) == users:
        return near
    found = list[Place]()
    for there in entries_naming(m, ptes.SWAP, offset):
        found += places_at(m, there)
        yield
    return found


def is_free(m: Machine, pfn: int) -> bool:
    """Return whether the frame is in a free block of any order, on a per-CPU list, or in the pool of huge pages."""
    in_block = any(m.free_area.get((order, pfn & -(1 << order))) is True for order in range(MAX_ORDER + 1))
    return in_block or is_per_cpu(m, pfn) or m.huge_free.get((0, m.compound_head(pfn))) is True


def covering_only(before: Before, signalled: Collection[int]) -> list[int]:
    """Those of the signalled processes whose VMA covers the page, but without an entry for it.

    collect_procs_file() does not ask whether a PTE maps the page; and a later fault finds the page in the page cache.
    """
    had = {mm for mm, _ in before.mapped} | {place.mm for place in before.swapped}
    return [mm for mm in dict.fromkeys(place.mm for place in before.places) if mm in signalled and mm not in had]


def effects_of(m: Machine, deliveries: Iterable[Delivery]) -> dict[int, str]:
    """tgid -> the worst that signals did to the process (impacts.IMPACTS)."""
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
    yield
    for tgid, effect in effects.items():
        found[tgid] = signalled_and_touched(effect, found.get(tgid, SAFE))
    return found


def find_next_touches(
    m: Machine, before: Before, touches: Touches | None = None
) -> Generator[None, None, dict[int, str]]:
    """tgid -> what the next touch of the page does to a process, of the living.

    `touches`: those of the machine as it is, where other pages are asked about, too.
    """
    touches, found = touches or Touches(m), dict[int, str]()
    for part in slices_of((*before.swapped, *before.places), ITEMS_PER_SLICE):
        for place in part:
            process = m.processes.view[place.mm]
            if not process.ended:
                kind = worse(found.get(process.tgid, ""), touches.impact(before.page, place))
                if kind:
                    found[process.tgid] = kind
        yield
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
    places = list[Place]()
    for part in slices_of(places_at(m, sorted(spots)), ITEMS_PER_SLICE):
        places += part
        yield
    swapped = yield from find_swap_holders(m, pfn, places)
    page, inode = before.page, m.inode_of(m.compound_head(pfn))
    if inode is not None:  # perhaps another one: an early kernel may hand out a huge page that broke
        page = page._replace(inode=inode, number=page_index(m, pfn))
    return (yield from find_next_touches(m, Before(page, tuple(places), before.mapped, tuple(swapped), False)))


def _vpns_of(m: Machine, mm: int, page: Page) -> list[int]:
    """Virtual pages of an address space with the hwpoison entry of the page, or an entry that counts as a mapping."""
    vpns, words = m.ptes.arrays(mm)
    into = page.pfn - (words >> PAGE_SHIFT)
    counted = words & (ptes.PRESENT | ptes.SPECIAL) == ptes.PRESENT
    maps = counted & (into >= 0) & (into < np.where(words & ptes.PSE, HPAGE_PMD_NR, 1))
    found = maps | (words == page.hwpoison_entry)
    return list((vpns[found] + into[found]).tolist())
