"""kill_accessing_process(): signal a thread that accessed a page which was poisoned before.

After mm/memory-failure.c (6.1). The virtual address is unknown, so the page tables are searched for it.
"""

from __future__ import annotations

from typing import Final

from hwpoison_gui.record import Record

from . import pte as ptes
from .collect import ToKill
from .handler import MF_ACTION_REQUIRED, MF_COUNT_INCREASED, Handler, found_poisoned
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .page_alloc import put_page
from .records import HPAGE_PMD_NR, PAGE_SHIFT
from .user_mappings import kill_proc

FOUND: Final = site("kill_accessing_process", Act.DECIDE, "found", "comm address")
NOT_FOUND: Final = site("kill_accessing_process", Act.DECIDE, "not found", "comm")


class Found(Record):
    """The address at which an address space maps the page, and the size of the loss as a power of two."""

    address: int
    lsb: int


def poisoned_before(h: Handler, page: int, found: Mark) -> Steps[int | str]:
    """Stop the handler at a page that was poisoned before.

    Parameters
    ----------
    h
        The handler.
    page
        The frame that page tables and references name: the head of a hugetlb page, else the frame itself.
    found
        The mark of the step that found PG_hwpoison set.

    Returns
    -------
    "EHWPOISON", or what kill_accessing_process() returns for an action-required error.
    """
    h.log(h.m.profile.log.already_poisoned)
    found_poisoned(h.m)
    yield found
    errno: int | str = "EHWPOISON"
    if h.flags & MF_ACTION_REQUIRED:
        errno = yield from kill_accessing_process(h, page)
    if h.flags & MF_COUNT_INCREASED:
        put_page(h.m, page)
    return errno


def kill_accessing_process(h: Handler, page: int) -> Steps[int | str]:
    """Send BUS_MCEERR_AR if the page tables of the current thread have the page, mapped or as a hwpoison entry.

    `page` is as of poisoned_before(). Of a hugetlb page the kernel looks for the bad 4 KiB, or for the head.
    Returns EHWPOISON after a signal, 0 if the thread no longer has the page and can just retry.
    """
    m = h.m
    pfn = h.pfn if m.profile.has("hugetlb_accessed_address") else page
    process = m.processes.view[m.tasks.view[h.current].tgid]
    found = find_hwpoisoned_entry(m, process.mm, pfn)
    if found is None:
        yield Mark(NOT_FOUND, (process.comm,), (pfn,), tasks=(h.current,))
        return 0
    yield Mark(FOUND, (process.comm, found.address), (pfn,), tasks=(h.current,))
    yield kill_proc(h, ToKill(h.current, found.address, 0, found.lsb))
    return "EHWPOISON"


def find_hwpoisoned_entry(m: Machine, mm: int, pfn: int) -> Found | None:
    """hwpoison_pte_range() and hwpoison_hugetlb_range(): the lowest address whose PTE maps the frame or is its hwpoison
    entry.
    """
    vpns, entries = m.ptes.arrays(mm)
    into = pfn - (entries >> PAGE_SHIFT)
    near = (entries & (ptes.PRESENT | ptes.HWPOISON) != 0) & (into >= 0) & (into < HPAGE_PMD_NR)
    for vpn, entry in zip(vpns[near].tolist(), entries[near].tolist(), strict=True):
        first = ptes.value_of(entry)
        vma = m.find_vma(mm, vpn << PAGE_SHIFT)
        if vma is not None and vma.huge == "hugetlb" and entry & ptes.PSE:
            if first == pfn or m.profile.has("hugetlb_accessed_address"):
                return Found((vpn + pfn - first) << PAGE_SHIFT, 21)
        elif entry & ptes.PSE and entry & ptes.PRESENT and first <= pfn < first + HPAGE_PMD_NR:
            return Found((vpn + pfn - first) << PAGE_SHIFT, PAGE_SHIFT)
        elif first == pfn:
            return Found(vpn << PAGE_SHIFT, PAGE_SHIFT)
    return None
