"""A page that KSM merged, with very many users: of each process that is kept, one entry of each sort stands for all.

Rmap items lead to processes as well, whether or not these map the page (kernel/collect_ksm.py).
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterator
from typing import Any

from hwpoison_gui.kernel.collect_ksm import rmap_items_of
from hwpoison_gui.kernel.gate import ABSENT, Whole
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import mapping_number
from hwpoison_gui.kernel.records import RmapItem
from hwpoison_gui.view.outcome.crowd import PLACES_PER_SLICE, Crowd
from hwpoison_gui.view.outcome.impact import Before
from hwpoison_gui.view.outcome.touch import Place, sort_of_place


class MergedCrowd(Crowd):
    """The users of a merged page by sort: those who map it, and those to whom its rmap items lead."""

    def __init__(self, m: Machine, before: Before) -> None:
        super().__init__(m, before)
        self._items: dict[int, RmapItem] = {}  # one of each anon_vma
        self._linked: dict[int, set[int]] = {}  # anon_vma -> the address spaces with a VMA linked to it
        self._reached = set[int]()  # all of these
        self._in_swap = {place.mm for place in before.swapped}

    def work(self) -> Generator[None, None, None]:
        """Sort as Crowd does, one place of each sort for a process: the impact on it is the worst of its places."""
        m, of_sort = self._m, dict[Hashable, Place]()
        for number, place in enumerate(self._whole.places):
            if number % PLACES_PER_SLICE == PLACES_PER_SLICE - 1:
                yield
            of_sort.setdefault((place.mm, sort_of_place(m, self._whole.page, place)), place)
        self._places = list(of_sort.values())
        yield
        self._items = {item.anon_vma: item for item in rmap_items_of(m, self._pfn)}
        for number, anon_vma in enumerate(self._items):
            if number % PLACES_PER_SLICE == PLACES_PER_SLICE - 1:
                yield
            self._linked[anon_vma] = {m.vmas.view[vma].mm for vma in m.anon_vma_chain.of(anon_vma)}
            self._reached |= self._linked[anon_vma]
        yield from super().work()

    def _by_process(self) -> dict[int, list[Place]]:
        return {mm: [] for mm in sorted(self._reached)} | super()._by_process()

    def _sort_of(self, mm: int, places: list[Place]) -> Hashable:
        return super()._sort_of(mm, places), mm in self._reached, mm if mm in self._in_swap else 0

    def _find_changes(self) -> Iterator[tuple[Any, Any, Any]]:
        """Remove the entries of those left out, and the rmap items and links that lead to nobody who is kept."""
        m, found, items = self._m, set[int](), list[RmapItem]()
        for place in self._left_out:
            yield m.ptes, (place.mm, place.vpn), ABSENT
        for anon_vma, item in self._items.items():
            here = self._linked[anon_vma] & self.alike.keys()
            if not items or not here <= found:
                items.append(item)
                found |= here
        yield Whole(m.rmap_items), mapping_number(int(m.mapping.view[self._pfn])), dict(enumerate(items)) or ABSENT
        for item in items:
            links = m.anon_vma_chain.of(item.anon_vma)
            left = {vma: True for vma in links if m.vmas.view[vma].mm in self.alike}
            if len(left) < len(links):
                yield Whole(m.anon_vma_chain), item.anon_vma, left or ABSENT
