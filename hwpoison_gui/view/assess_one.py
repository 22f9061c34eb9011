"""Who uses one frame, counted by walking its reverse map: what assess_users.py counts for many."""

from __future__ import annotations

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import PAGE_SHIFT, Vma
from hwpoison_gui.kernel.rmap import page_mapped_in_vma, rmap_vmas
from hwpoison_gui.view.assess_users import dies_of_sigbus


def count_one(m: Machine, pfn: int) -> dict[str, int]:
    """The counts of assess_cases.USER_COUNTS for one frame."""
    vmas = [] if m.page(pfn) & pf.KSM else rmap_vmas(m, pfn)
    found = [(vma, entry) for vma in vmas if (entry := _entry(m, pfn, vma))]
    holders = {vma.mm for vma, _ in found}
    huge = {vma.mm for vma, entry in found if entry & ptes.PSE}
    anon = m.anon_vma_of(m.compound_head(pfn)) != 0
    listed, dies = told(m, holders if anon else {vma.mm for vma in vmas})
    return {
        "found": len(found),
        "dirty": sum(1 for _, entry in found if entry & ptes.DIRTY),
        "written": sum(1 for vma, entry in found if vma.shared and entry & (ptes.DIRTY | ptes.RW)),
        "listed": len(listed),
        "listed_die": len(dies),
        "holders": len(holders),
        "holders_listed": len(holders & listed),
        "holders_die": len(holders & dies),
        "swap_holders": len(holders | swap_holders(m, pfn)),
        "huge_found": sum(1 for _, entry in found if entry & ptes.PSE),
        "huge_dirty": sum(1 for _, entry in found if entry & ptes.PSE and entry & ptes.DIRTY),
        "huge_holders": len(huge),
        "huge_listed": len(huge & listed),
        "huge_die": len(huge & dies),
    }


def _entry(m: Machine, pfn: int, vma: Vma) -> int:
    address = page_mapped_in_vma(m, pfn, vma)
    return m.pte(vma.mm, address >> PAGE_SHIFT) if address >= 0 else 0


def told(m: Machine, mms: set[int]) -> tuple[set[int], set[int]]:
    """Of some address spaces: those whose process is told at once, and those which die of it."""
    listed, dies = set(), set()
    for mm in mms:
        process = m.processes.view.get(mm)
        if process is None or process.ended or process.mm != mm:
            continue
        tid = m.profile.early_kill_thread(m, process)
        if tid is not None:
            listed.add(mm)
            if dies_of_sigbus(m, process, tid):
                dies.add(mm)
    return listed, dies


def swap_holders(m: Machine, pfn: int) -> set[int]:
    """Address spaces with a swap entry that leads to the frame."""
    offset = m.page_private.view.get(pfn)
    if not m.page(pfn) & pf.SWAPCACHE or offset is None or not m.swap_map.view.get(offset, 0):
        return set()
    # Which areas they are in is not known before they are swapped in: all page tables are looked through.
    found = set()
    for mm, table in m.ptes.view.items():
        words = np.fromiter(table.values(), np.int64, len(table))
        swapped = (words & (ptes.SWAP | ptes.PRESENT)) == ptes.SWAP
        if (swapped & (words >> PAGE_SHIFT == offset)).any():
            found.add(mm)
    return found
