"""madvise(), and injection by a process.

After mm/madvise.c. Addresses are in bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from . import pte as ptes
from .anon_folio import maps_whole_folio
from .folio import folio_frames, folio_test_large
from .gup import follow_page
from .handler import MF_ACTION_REQUIRED, MF_COUNT_INCREASED, MF_SW_SIMULATED
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .memory_failure import memory_failure
from .mmap import covered, overlapping
from .page_alloc import get_page, put_page
from .records import HPAGE_PMD_NR, PAGE_SHIFT, PAGE_SIZE, Vma
from .soft_offline import soft_offline_page
from .split_folio import split_huge_page
from .swap import is_reclaimed_whole, pageout

REFERENCE_DROPPED: Final = site("madvise_hwpoison", Act.FLAG)


def madvise_hwpoison(m: Machine, mm: int, address: int, current: int) -> Steps[int | str]:
    """madvise(MADV_HWPOISON): run the handler, with trap number 0, on the page at `address`, holding a reference.

    `current` is the thread that calls it. Returns 0 or the name of an errno.
    """
    found = yield from follow_page(m, mm, address)
    if isinstance(found, str):
        return _not_injected(found)
    get_page(m, found)
    flags = MF_COUNT_INCREASED | MF_SW_SIMULATED
    if m.profile.has("madvise_action_required"):
        flags |= MF_ACTION_REQUIRED
    errno = yield from memory_failure(m, found, trapno=0, extra=1, flags=flags, current=current)
    if m.panicked:
        return errno
    if m.profile.has("madvise_keeps_reference"):
        put_page(m, found)
        yield Mark(REFERENCE_DROPPED, (), (found,))
    return errno if m.profile.has("madvise_returns_errno") and errno != "EOPNOTSUPP" else 0


def _not_injected(why: str) -> str:
    """Errno of madvise_inject_error() for a failure of get_user_pages(), which without FOLL_HWPOISON hides poison."""
    return "ENOMEM" if why == "ENOMEM" else "EFAULT"


def madvise_pageout(m: Machine, mm: int, start: int, end: int) -> Steps[int | str]:
    """MADV_PAGEOUT: reclaim the pages of a range, VMA by VMA.

    Returns 0 or the name of an errno; a locked VMA stops it where the kernel refuses those.
    """
    for vma in overlapping(m, mm, start, end):
        if m.profile.has("pageout_spares_shared") and (vma.locked or vma.huge == "hugetlb"):
            return "EINVAL"
        yield from _pageout_vma(m, vma, max(start, vma.start), min(end, vma.end))
    return 0 if covered(m, mm, start, end) else "ENOMEM"


def _pageout_vma(m: Machine, vma: Vma, start: int, end: int) -> Steps[None]:
    """madvise_cold_or_pageout_pte_range(): each page of its own once, each large folio once."""
    tried = -1
    for address in _mapped_addresses(m, vma, start, end):
        entry = m.pte(vma.mm, address >> PAGE_SHIFT)
        if not entry & ptes.PRESENT or entry & ptes.SPECIAL:
            continue
        pfn, pages = ptes.value_of(entry), 1
        if m.profile.has("pageout_spares_shared") and m.mapcount.view[pfn] != 1:
            continue
        if entry & ptes.PSE:
            pfn += (address >> PAGE_SHIFT) % HPAGE_PMD_NR
            pages = min((end - address) >> PAGE_SHIFT, HPAGE_PMD_NR - (address >> PAGE_SHIFT) % HPAGE_PMD_NR)
        if folio_test_large(m, pfn):
            if m.compound_head(pfn) == tried:
                continue
            tried = m.compound_head(pfn)
            yield from _reclaim_large(m, vma, address, range(start, end), pfn)
            if folio_test_large(m, pfn) or not ptes.maps_frame(m.pte(vma.mm, address >> PAGE_SHIFT), pfn):
                continue  # it was reclaimed; or it was a file's, and remap_page() restores no entries of those
        for frame in range(pfn, pfn + pages):
            yield from pageout(m, frame)


def _reclaim_large(m: Machine, vma: Vma, address: int, within: range, pfn: int) -> Steps[None]:
    """Reclaim a folio of a file on disk as a whole, if the range maps all of it, and nobody else any; split any other.

    `within`: the range, in bytes.
    """
    frames = folio_frames(m, pfn)
    first = address - (pfn - frames.start << PAGE_SHIFT)
    inside = within.start <= first and first + (len(frames) << PAGE_SHIFT) <= within.stop
    if not (inside and is_reclaimed_whole(m, pfn) and maps_whole_folio(m, vma, address >> PAGE_SHIFT, pfn)):
        yield from _split(m, pfn)
    elif int(m.mapcount.view[frames.start : frames.stop].sum()) == len(frames):
        yield from pageout(m, pfn)


def _mapped_addresses(m: Machine, vma: Vma, start: int, end: int) -> Iterator[int]:
    """The addresses in a range, in bytes, that have an entry now, of their own or a huge one."""
    first, last = start >> PAGE_SHIFT, end >> PAGE_SHIFT
    for vpn, entry in m.ptes.between(vma.mm, first & -HPAGE_PMD_NR, last):
        span = range(vpn, vpn + (HPAGE_PMD_NR if entry & ptes.PSE else 1))
        yield from (page << PAGE_SHIFT for page in span if first <= page < last)


def _split(m: Machine, pfn: int) -> Steps[None]:
    """Split a transparent huge page before its pages are reclaimed one by one."""
    get_page(m, pfn)
    yield from split_huge_page(m, pfn)
    put_page(m, pfn)


def madvise_populate_read(m: Machine, mm: int, start: int, end: int) -> Steps[int | str]:
    """MADV_POPULATE_READ: read-fault all pages of a range. Returns 0 or the name of an errno."""
    for address in range(start, end, PAGE_SIZE):
        vma = m.find_vma(mm, address)
        if vma is None or vma.prot == "none":
            return "ENOMEM" if vma is None else "EINVAL"
        found = yield from follow_page(m, mm, address)
        if isinstance(found, str):
            return found
    return 0


def madvise_soft_offline(m: Machine, mm: int, address: int, current: int) -> Steps[int | str]:
    """madvise(MADV_SOFT_OFFLINE), by thread `current`, on the page at `address`. Returns 0 or the name of an errno."""
    found = yield from follow_page(m, mm, address)
    if isinstance(found, str):
        return _not_injected(found)
    get_page(m, found)
    return (yield from soft_offline_page(m, found, MF_COUNT_INCREASED))


def address_of_frame(m: Machine, mm: int, pfn: int) -> int:
    """The lowest address at which `mm` maps frame `pfn`, or -1."""
    for vpn, entry in sorted(m.ptes.of(mm).items()):
        if ptes.maps_frame(entry, pfn):
            return vpn + pfn - ptes.value_of(entry) << PAGE_SHIFT
    return -1
