"""Who uses one frame, found by walking its reverse map: what outcome/users.py counts for many.

Besides the counts it is known of each process what it has there, and what telling it or its own touch would do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import PAGE_SHIFT, Process, Vma
from hwpoison_gui.kernel.rmap import page_index, rmap_vmas
from hwpoison_gui.view.base.hits import DEAD, when_told, when_touched
from hwpoison_gui.view.outcome.cases import USER_COUNTS
from hwpoison_gui.view.rmap.table_scan import entries_naming

_SLICE: Final = 256  # areas at a time
_PEOPLE: Final = 2048  # processes at a time

# What a process has where the page could be.
MAPS: Final = 1
HUGE: Final = 2  # by a huge entry
SWAPPED: Final = 4  # a swap entry that leads to the page
BARE: Final = 8  # nothing: a fault asks the file


class Person(NamedTuple):
    """A living process: what it has there, whether the handler tells it at once if it tells anybody, what that
    does to it (hits.when_told), and what its own touch of a poisoned page does."""

    has: int
    listed: bool
    told: str
    touched: str


def count_one(m: Machine, pfn: int) -> dict[str, int]:
    """The counts of assess_cases.USER_COUNTS for one frame."""
    counting = Counting(m, pfn)
    for _ in counting.work():
        pass
    return counting.counts


class Counting:
    """The same in slices, for a frame that thousands of processes map; complete after `work`.

    `counts` is as of `count_one`; `people`: what is known of processes -> the address spaces of all of which it is.
    """

    def __init__(self, m: Machine, pfn: int) -> None:
        self._m, self._pfn = m, pfn
        self._file = m.inode_of(m.compound_head(pfn)) is not None
        self._by_mm: dict[int, Person] = {}
        self.counts = dict.fromkeys(USER_COUNTS, 0)
        self.people: dict[Person, list[int]] = {}

    def work(self) -> Iterator[None]:
        """Walks the reverse map; yields every few hundred areas, while the machine must not change."""
        m, pfn = self._m, self._pfn
        if m.page(pfn) & pf.KSM:
            yield from self._scan(ptes.PRESENT, pfn, MAPS)
        else:
            vmas, index = rmap_vmas(m, pfn), page_index(m, pfn)
            for start in range(0, len(vmas), _SLICE):
                yield
                for vma in vmas[start : start + _SLICE]:
                    self._look(vma, vma.address_of(index) >> PAGE_SHIFT)
        yield from self._swapped()
        for number, (mm, one) in enumerate(self._by_mm.items()):
            if number % _PEOPLE == 0:
                yield
            self.people.setdefault(one, []).append(mm)
        self._sum_up()

    def _look(self, vma: Vma, vpn: int) -> None:
        entry, counts = self._m.pte(vma.mm, vpn), self.counts
        counts["areas"] += self._file
        if self._file and not entry:
            self._meet(vma.mm, BARE)
        elif ptes.maps_frame(entry, self._pfn):
            huge, dirty = bool(entry & ptes.PSE), bool(entry & ptes.DIRTY)
            self._meet(vma.mm, MAPS | (HUGE if huge else 0))
            counts["found"] += 1
            counts["dirty"] += dirty
            counts["written"] += vma.shared and bool(entry & (ptes.DIRTY | ptes.RW))
            counts["huge_found"] += huge
            counts["huge_dirty"] += huge and dirty
        else:
            self._meet(vma.mm, 0)
            counts["taken"] += self._file

    def _meet(self, mm: int, has: int) -> None:
        known = self._by_mm.get(mm)
        if known is not None:
            if has & ~known.has:
                self._by_mm[mm] = known._replace(has=known.has | has)
            return
        process = self._m.processes.view.get(mm)
        if process is not None and not process.ended and process.mm == mm:
            self._by_mm[mm] = person(self._m, process, has)

    def _scan(self, sort: int, value: int, has: int) -> Iterator[None]:
        for places in entries_naming(self._m, sort, value):
            for mm, _ in places:
                self._meet(mm, has)
            yield

    def _swapped(self) -> Iterator[None]:
        """Swap entries that lead to the frame, wherever they are: where it was never mapped, no area is known."""
        m = self._m
        offset = m.page_private.view.get(self._pfn)
        left = m.swap_map.view.get(offset, 0) if offset is not None and m.page(self._pfn) & pf.SWAPCACHE else 0
        if not left or offset is None:
            return
        for mm, _ in _swap_places(m, self._pfn, offset):
            self._meet(mm, SWAPPED)
            left -= 1
        if left:
            yield from self._scan(ptes.SWAP, offset, SWAPPED)

    def _sum_up(self) -> None:
        counts, merged = self.counts, bool(self._m.page(self._pfn) & pf.KSM)
        for one, mms in self.people.items():
            maps, listed = one.has & MAPS and not merged, one.listed and (self._file or one.has & MAPS) and not merged
            for name, which in (
                ("listed", listed),
                ("listed_die", listed and one.told == DEAD),
                ("holders", maps),
                ("holders_listed", maps and listed),
                ("holders_die", maps and listed and one.told == DEAD),
                ("swap_holders", maps or one.has & SWAPPED),
                ("huge_holders", one.has & HUGE),
                ("huge_listed", one.has & HUGE and listed),
                ("huge_die", one.has & HUGE and listed and one.told == DEAD),
            ):
                counts[name] += len(mms) if which else 0


def person(m: Machine, process: Process, has: int) -> Person:
    """What is known of a process that could have the page."""
    tid = m.profile.early_kill_thread(m, process)
    told = when_told(m, process, tid) if tid is not None else ""
    return Person(has, tid is not None, told, when_touched(m, process))


def swap_holders(m: Machine, pfn: int) -> set[int]:
    """Address spaces with a swap entry that leads to the frame."""
    offset = m.page_private.view.get(pfn)
    if not m.page(pfn) & pf.SWAPCACHE or offset is None or not m.swap_map.view.get(offset, 0):
        return set()
    near = _swap_places(m, pfn, offset)
    if len(near) == m.swap_map.view.get(offset, 0):
        return {mm for mm, _ in near}
    return {mm for places in entries_naming(m, ptes.SWAP, offset) for mm, _ in places}


def _swap_places(m: Machine, pfn: int, offset: int) -> list[tuple[int, int]]:
    """Where the areas that the reverse map leads to have the swap entry."""
    at = [(vma.mm, vma.address_of(page_index(m, pfn)) >> PAGE_SHIFT) for vma in rmap_vmas(m, pfn)]
    return [(mm, vpn) for mm, vpn in at if m.pte(mm, vpn) & ~ptes.SWP_EXCLUSIVE == ptes.swp_pte(offset)]
