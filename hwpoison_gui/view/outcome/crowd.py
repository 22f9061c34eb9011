"""A frame with very many users: one process of each sort stands for all of its sort, and the others are left out.

The handler runs on the frame itself, with fewer VMAs in its reverse map and its counts lowered by what these map.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Hashable
from typing import Final

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.gate import Whole
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.view.outcome.impact import Before
from hwpoison_gui.view.outcome.touch import Place, sort_of_place, sort_of_process

MOST_MAPPERS: Final = 256  # places of a frame on which the handler is run as they are
_PLACES_PER_SLICE: Final = 128  # places at a time


class Crowd:
    """The users of a frame by sort. Two processes are of one sort if neither the handler nor the impact depends on
    which of them it is. Complete after `work`.

    `before`: the page with one process of each sort. `alike`: tgid of that process -> all of its sort, itself included.
    """

    def __init__(self, m: Machine, before: Before) -> None:
        self._m, self._pfn = m, before.page.pfn
        self._head = m.compound_head(before.page.pfn)
        self._whole = before
        self._left_out: list[Place] = []
        self._mapcount = np.zeros(0, np.int32)  # how often those who are left out map each frame of the page
        self._refcount = 0
        self._reverse_map: tuple[Whole[int, int, bool], int, dict[int, bool]]  # the table, its key, who is left
        self.before = before
        self.alike: dict[int, list[int]] = {}

    def work(self) -> Generator[None, None, None]:
        """Sort the processes, and count what those that are left out map; in slices, while the machine is at rest."""
        m, of_mm = self._m, defaultdict[int, list[Place]](list)
        for place in self._whole.places:
            of_mm[place.mm].append(place)
        yield
        groups: dict[Hashable, list[int]] = {}
        for number, (mm, places) in enumerate(of_mm.items()):
            if number % _PLACES_PER_SLICE == _PLACES_PER_SLICE - 1:
                yield
            groups.setdefault(self._sort_of(mm, places), []).append(mm)
        self.alike = {group[0]: group for group in groups.values()}
        kept = tuple(place for place in self._whole.places if place.mm in self.alike)
        self._left_out = [place for place in self._whole.places if place.mm not in self.alike]
        self.before = self._whole._replace(places=kept)
        self._mapcount = np.zeros(1 << m.compound_order.view.get(self._head, 0), np.int32)
        for number, place in enumerate(self._left_out):
            if number % _PLACES_PER_SLICE == _PLACES_PER_SLICE - 1:
                yield
            self._count(place)
        gone = {place.vma for place in self._left_out}
        anon_vma, inode = m.anon_vma_of(self._head), m.inode_of(self._head)
        table, key = (m.anon_vma_chain, anon_vma) if anon_vma else (m.i_mmap, inode.id if inode is not None else 0)
        self._reverse_map = Whole(table), key, {vma: True for vma in table.of(key) if vma not in gone}
        yield

    def _sort_of(self, mm: int, places: list[Place]) -> Hashable:
        """The inputs of the handler and the next touch: PTEs and VMAs of a process, its policy and its signals."""
        m, page = self._m, self._whole.page
        there = tuple(sort_of_place(m, page, place) for place in places)
        return there, sort_of_process(m, m.processes.view[mm])

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
        m.put(*self._reverse_map)
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


def is_crowded(m: Machine, before: Before) -> bool:
    """Return whether too many processes use a page to run the handler on it as it is.

    Merged pages are not unmapped, so their number does not matter.
    """
    return len(before.places) > MOST_MAPPERS and not before.page.word & pf.KSM
