"""Who uses one frame, counted by walking its reverse map: what assess_users.py counts for many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import PAGE_SHIFT, Vma
from hwpoison_gui.kernel.rmap import page_index, page_mapped_in_vma, rmap_vmas
from hwpoison_gui.view.assess_users import dies_of_sigbus

_SLICE: Final = 256  # areas at a time


def count_one(m: Machine, pfn: int) -> dict[str, int]:
    """The counts of assess_cases.USER_COUNTS for one frame."""
    counting = Counting(m, pfn)
    for _ in counting.work():
        pass
    return counting.counts


class Counting:
    """The same in slices, for a frame that thousands of processes map; `counts` are complete after `work`."""

    def __init__(self, m: Machine, pfn: int) -> None:
        self._m, self._pfn = m, pfn
        self.counts: dict[str, int] = {}

    def work(self) -> Iterator[None]:
        """Walks the reverse map; yields every few hundred areas, while the machine must not change."""
        m, pfn = self._m, self._pfn
        vmas = [] if m.page(pfn) & pf.KSM else rmap_vmas(m, pfn)
        found: list[tuple[Vma, int]] = []
        listed, dies = set[int](), set[int]()
        anon = m.anon_vma_of(m.compound_head(pfn)) != 0
        for start in range(0, len(vmas), _SLICE):
            yield
            part = vmas[start : start + _SLICE]
            mapping = [(vma, entry) for vma in part if (entry := _entry(m, pfn, vma))]
            found += mapping
            told(m, {vma.mm for vma, _ in mapping} if anon else {vma.mm for vma in part}, listed, dies)
        yield
        self._sum_up(found, listed, dies)

    def _sum_up(self, found: list[tuple[Vma, int]], listed: set[int], dies: set[int]) -> None:
        holders = {vma.mm for vma, _ in found}
        huge = {vma.mm for vma, entry in found if entry & ptes.PSE}
        self.counts = {
            "found": len(found),
            "dirty": sum(1 for _, entry in found if entry & ptes.DIRTY),
            "written": sum(1 for vma, entry in found if vma.shared and entry & (ptes.DIRTY | ptes.RW)),
            "listed": len(listed),
            "listed_die": len(dies),
            "holders": len(holders),
            "holders_listed": len(holders & listed),
            "holders_die": len(holders & dies),
            "swap_holders": len(holders | swap_holders(self._m, self._pfn)),
            "huge_found": sum(1 for _, entry in found if entry & ptes.PSE),
            "huge_dirty": sum(1 for _, entry in found if entry & ptes.PSE and entry & ptes.DIRTY),
            "huge_holders": len(huge),
            "huge_listed": len(huge & listed),
            "huge_die": len(huge & dies),
        }


def _entry(m: Machine, pfn: int, vma: Vma) -> int:
    address = page_mapped_in_vma(m, pfn, vma)
    return m.pte(vma.mm, address >> PAGE_SHIFT) if address >= 0 else 0


def told(m: Machine, mms: set[int], listed: set[int], dies: set[int]) -> None:
    """Adds to `listed` the address spaces whose process is told at once, and to `dies` those which die of it."""
    for mm in mms:
        process = m.processes.view.get(mm)
        if process is None or process.ended or process.mm != mm:
            continue
        tid = m.profile.early_kill_thread(m, process)
        if tid is not None:
            listed.add(mm)
            if dies_of_sigbus(m, process, tid):
                dies.add(mm)


def swap_holders(m: Machine, pfn: int) -> set[int]:
    """Address spaces with a swap entry that leads to the frame."""
    offset = m.page_private.view.get(pfn)
    if not m.page(pfn) & pf.SWAPCACHE or offset is None or not m.swap_map.view.get(offset, 0):
        return set()
    at = [(vma.mm, vma.address_of(page_index(m, pfn)) >> PAGE_SHIFT) for vma in rmap_vmas(m, pfn)]
    found = {mm for mm, vpn in at if m.pte(mm, vpn) & ~ptes.SWP_EXCLUSIVE == ptes.swp_pte(offset)}
    if len(found) == m.swap_map.view.get(offset, 0):
        return found
    # It was never mapped since it was read in, so that its areas are not known: all page tables are looked through.
    for mm, table in m.ptes.view.items():
        words = np.fromiter(table.values(), np.int64, len(table))
        swapped = (words & (ptes.SWAP | ptes.PRESENT)) == ptes.SWAP
        if (swapped & (words >> PAGE_SHIFT == offset)).any():
            found.add(mm)
    return found
