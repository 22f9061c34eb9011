"""Who uses one frame, found by walking its reverse map: what assess_users.py counts for many.

Besides the counts it is known of each process what it has there, and what telling it or its own touch would do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, PAGE_SHIFT, Process, Vma
from hwpoison_gui.kernel.rmap import page_index, rmap_vmas
from hwpoison_gui.view.hits import DEAD, when_told, when_touched
from hwpoison_gui.view.table_scan import entries_naming

_SLICE: Final = 256  # areas at a time

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

    `counts` is as of `count_one`, `people` are the processes by their address spaces.
    """

    def __init__(self, m: Machine, pfn: int) -> None:
        self._m, self._pfn = m, pfn
        self._file = m.inode_of(m.compound_head(pfn)) is not None
        self._found: list[tuple[Vma, int]] = []
        self._taken = self._areas = 0
        self.counts: dict[str, int] = {}
        self.people: dict[int, Person] = {}

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
        yield
        self._sum_up()

    def _look(self, vma: Vma, vpn: int) -> None:
        entry = self._m.pte(vma.mm, vpn)
        if self._file and not entry:
            self._meet(vma.mm, BARE)
        elif _leads_to(entry, self._pfn):
            self._meet(vma.mm, MAPS | (HUGE if entry & ptes.PSE else 0))
            self._found.append((vma, entry))
        else:
            self._meet(vma.mm, 0)
            self._taken += self._file
        self._areas += self._file

    def _meet(self, mm: int, has: int) -> None:
        known = self.people.get(mm)
        if known is not None:
            if has & ~known.has:
                self.people[mm] = known._replace(has=known.has | has)
            return
        process = self._m.processes.view.get(mm)
        if process is not None and not process.ended and process.mm == mm:
            self.people[mm] = person(self._m, process, has)

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
        found, people = self._found, self.people
        listed = {mm for mm, one in people.items() if one.listed and (self._file or one.has & MAPS)}
        dies = {mm for mm in listed if people[mm].told == DEAD}
        holders = {vma.mm for vma, _ in found}
        huge = {vma.mm for vma, entry in found if entry & ptes.PSE}
        swapped = {mm for mm, one in people.items() if one.has & SWAPPED}
        self.counts = {
            "found": len(found),
            "dirty": sum(1 for _, entry in found if entry & ptes.DIRTY),
            "written": sum(1 for vma, entry in found if vma.shared and entry & (ptes.DIRTY | ptes.RW)),
            "listed": len(listed) if found or self._file else 0,
            "listed_die": len(dies) if found or self._file else 0,
            "holders": len(holders),
            "holders_listed": len(holders & listed),
            "holders_die": len(holders & dies),
            "swap_holders": len(holders | swapped),
            "huge_found": sum(1 for _, entry in found if entry & ptes.PSE),
            "huge_dirty": sum(1 for _, entry in found if entry & ptes.PSE and entry & ptes.DIRTY),
            "huge_holders": len(huge),
            "huge_listed": len(huge & listed),
            "huge_die": len(huge & dies),
            "areas": self._areas,
            "taken": self._taken,
        }


def _leads_to(entry: int, pfn: int) -> bool:
    if not entry & ptes.PRESENT:
        return False
    return ptes.value_of(entry) <= pfn < ptes.value_of(entry) + (HPAGE_PMD_NR if entry & ptes.PSE else 1)


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
