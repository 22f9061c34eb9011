"""A frame with very many users: one process of each sort stands for all of its sort, and the others are left out.

The handler runs on the frame itself, with fewer VMAs in its reverse map and its counts lowered by what these map.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Hashable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.gate import Whole
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.view.base.slicing import slices_of
from hwpoison_gui.view.outcome.impact import Before
from hwpoison_gui.view.outcome.touch import Place, sort_of_place, sort_of_process

MOST_MAPPERS: Final = 256  # places of a frame on which the handler is run as they are
PLACES_PER_SLICE: Final = 128  # places at a time


class Crowd:
    """The users of a frame by sort. Two processes are of one sort if neither the handler nor the impact depends on
    which of them it is. Complete after `work`.

    `before`: the page with one process of each sort. `alike`: tgid of that process -> all of its sort, itself included.
    """

    def __init__(self, m: Machine, before: Before) -> None:
        self._m, self._pfn = m, before.page.pfn
        self._head = m.compound_head(before.page.pfn)
        self._whole = before
        self._places: Sequence[Place] = before.places  # those that are kept of each sort of process
        self._left_out: list[Place] = []
        self._mapcount = np.zeros(0, np.int32)  # how often those who are left out map each frame of the page
        self._refcount = 0
        self._changes: list[tuple[Any, Any, Any]] = []  # of the reverse map: store, key and new value
        self.before = before
        self.alike: dict[int, list[int]] = {}

    def work(self) -> Generator[None, None, None]:
        """Sort the processes, and count what those that are left out map; in slices, while the machine is at rest."""
        m, of_mm = self._m, self._by_process()
        yield
        groups: dict[Hashable, list[int]] = {}
        for part in slices_of(of_mm.items(), PLACES_PER_SLICE):
            for mm, places in part:
                groups.setdefault(self._sort_of(mm, places), []).append(mm)
            yield
        self.alike = {group[0]: group for group in groups.values()}
        kept = dict.fromkeys(place for place in self._places if place.mm in self.alike)
        self._left_out = [place for place in self._whole.places if place not in kept]
        self.before = self._whole._replace(places=tuple(kept))
        self._mapcount = np.zeros(1 << m.compound_order.view.get(self._head, 0), np.int32)
        for left_out in slices_of(self._left_out, PLACES_PER_SLICE):
            for place in left_out:
                self._count(place)
            yield
        for changes in slices_of(self._find_changes(), PLACES_PER_SLICE):
            self._changes.extend(changes)
            yield

    def _by_process(self) -> dict[int, list[Place]]:
        """The places by address space; none for those that the handler finds without one."""
        of_mm = defaultdict[int, list[Place]](list)
        for place in self._places:
            of_mm[place.mm].append(place)
        return of_mm

    def _sort_of(self, mm: int, places: list[Place]) -> Hashable:
        """The inputs of the handler and the next touch: PTEs and VMAs of a process, its policy and its signals."""
        m, page = self._m, self._whole.page
        there = tuple(sort_of_place(m, page, place) for place in places)
        return there, sort_of_process(m, m.processes.view[mm])

    def _find_changes(self) -> Iterator[tuple[Any, Any, Any]]:
        """Yield the changes by which the reverse map leads to those alone that are kept: store, key and new value."""
        m, gone = self._m, {place.vma for place in self._left_out}
        anon_vma, inode = m.anon_vma_of(self._head), m.inode_of(self._head)
        table, key = (m.anon_vma_chain, anon_vma) if anon_vma else (m.i_mmap, inode.id if inode is not None else 0)
        yield Whole(table), key, {vma: True for vma in table.of(key) if vma not in gone}

    def _count(self, place: Place) -> None:
        """Count the mappings and references of an address space that is left out; the page may have many frames."""
        entry, table = self._m.pte(place.mm, place.vpn), self._m.ptes.of(place.mm)
        if entry & ptes.PSE:
            if ptes.maps_frame(entry, self._pfn):
                self._mapcount += 1
                self._refcount += 1
            return
        vma, first = self._m.vmas.view[place.vma], place.vpn - (self._pfn - self._head)
        inside = range((vma.start >> PAGE_SHIFT) - first, (vma.end >> PAGE_SHIFT) - first)
        for number in range(max(0, inside.start), min(len(self._mapcount), inside.stop)):
            if ptes.maps_frame(table.get(first + number, 0), self._head + number):
                self._mapcount[number] += 1
                self._refcount += 1

    def leave_out(self, m: Machine) -> None:
        """Remove the address spaces left out from the reverse map; the dry run restores them."""
        for change in self._changes:
            m.put(*change)
        frames = np.arange(self._head, self._head + len(self._mapcount))
        m.put_cells(m.mapcount, frames, m.mapcount.view[frames] - self._mapcount)
        m.add_to(m.refcount, self._head, -self._refcount)

    def spread(self, hits: dict[int, str]) -> dict[int, str]:
        """The impact of each process by tgid: those left out get that of their representative."""
        of_all = dict(hits)
        for one, group in self.alike.items():
            if one in hits:
                of_all.update((mm, hits[one]) for mm in group)
        return of_all


def is_crowded(before: Before) -> bool:
    """Return whether too many processes use a page to run the handler on it as it is."""
    return len(before.places) > MOST_MAPPERS
