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
from hwpoison_gui.view.base.slicing import slices_of
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
        for places in slices_of(self._whole.places, PLACES_PER_SLICE):
            for place in places:
                of_sort.setdefault((place.mm, sort_of_place(m, self._whole.page, place)), place)
            yield
        self._places = list(of_sort.values())
        self._items = {item.anon_vma: item for item in rmap_items_of(m, self._pfn)}
        yield
        for anon_vmas in slices_of(self._items, PLACES_PER_SLICE):
            for anon_vma in anon_vmas:
                self._linked[anon_vma] = {m.vmas.view[vma].mm for vma in m.anon_vma_chain.of(anon_vma)}
            yield
        self._reached = set[int]().union(*self._linked.values())
        yield from super().work()

    def _by_process(self) -> dict[int, list[Place]]:
        return {mm: [] for mm in self._reached} | super()._by_process()

    def _sort_of(self, mm: int, places: list[Place]) -> Hashable:
        return super()._sort_of(mm, places), mm in self._reached, mm if mm in self._in_swap else None

    def _find_changes(self) -> Iterator[tuple[Any, Any, Any]]:
        """Remove the entries of those left out, and the links that lead to them; of the rmap items that lead to the
        same of those who are kept, one stands for all."""
        m = self._m
        for place in self._left_out:
            yield m.ptes, (place.mm, place.vpn), ABSENT
        items = {frozenset(self._linked[item.anon_vma] & self.alike.keys()): item for item in self._items.values()}
        yield Whole(m.rmap_items), mapping_number(int(m.mapping.view[self._pfn])), dict(enumerate(items.values()))
        for item in items.values():
            left = {vma: True for vma in m.anon_vma_chain.of(item.anon_vma) if m.vmas.view[vma].mm in self.alike}
            yield Whole(m.anon_vma_chain), item.anon_vma, left or ABSENT
