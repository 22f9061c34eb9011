"""Limits of one operation: what would take minutes, or makes no sense, is refused before anything has changed."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mmap import overlapping
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, MAX_ORDER, PAGE_SHIFT, Vma
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.outcome import Args

MOST_AT_ONCE: Final = 1 << 18  # pages that one operation creates, or faults in: 1 GiB, some ten seconds
MOST_ALLOCATED: Final = 1 << 20  # frames that one `alloc` takes, which is faster per frame


def whole_huge_pages(a: Args, huge: bool, key: str) -> None:
    """Raise ScenarioError unless an argument is a multiple of a huge page, where huge pages are concerned."""
    if huge and a[key] % HPAGE_PMD_NR:
        raise ScenarioError(f"expected a multiple of {HPAGE_PMD_NR} for huge pages, not {a[key]}", key=key)


def free_frames(m: Machine) -> int:
    """The number of free frames, those that are poisoned included."""
    return len(m.pcp.of(0)) + sum(len(m.free_area.of(order)) << order for order in range(MAX_ORDER + 1))


def check_created(m: Machine, pages: int) -> bool:
    """Return whether a file of `pages` pages fits into memory. Raises ScenarioError if it fits but is too large."""
    if pages > free_frames(m):
        return False
    _check(pages, "create")
    return True


def check_allocated(m: Machine, frames: int) -> None:
    """Raise ScenarioError if that many frames would be taken, and are too many."""
    taken = min(frames, free_frames(m))
    if taken > MOST_ALLOCATED:
        raise ScenarioError(f"one step allocates at most {MOST_ALLOCATED:,} frames, not {taken:,}", key="frames")


def check_populated(m: Machine, mm: int, start: int, end: int, write: bool | None = None) -> None:
    """Raise ScenarioError if too many pages would be faulted in; see populate_vma() for `write`."""
    missing = 0
    for vma in overlapping(m, mm, start, end):
        first, last = max(start, vma.start) >> PAGE_SHIFT, min(end, vma.end) >> PAGE_SHIFT
        missing += min(last - first - len(m.ptes.between(mm, first, last)), most_faults(m, vma, write))
    _check(missing, "fault in")


def check_mapped(m: Machine, vma: Vma, pages: int) -> None:
    """Raise ScenarioError if populating a new VMA would fault in too many pages. The VMA needs no address yet."""
    _check(min(pages, most_faults(m, vma, None)), "fault in")


def most_faults(m: Machine, vma: Vma, write: bool | None) -> int:
    """Return the most pages that memory allows to fault in: its frames, or the zero-page entries of its page tables."""
    if vma.huge == "hugetlb" or vma.prot == "none":
        return 0
    if vma.mapping:
        return min(m.inodes.view[vma.mapping].pages, m.frames)
    writes = m.profile.mm.populate_writes(vma) if write is None else write
    return free_frames(m) if writes or vma.shared else free_frames(m) * HPAGE_PMD_NR


def _check(pages: int, what: str) -> None:
    if pages > MOST_AT_ONCE:
        raise ScenarioError(f"one step can {what} at most {MOST_AT_ONCE:,} pages (1 GiB), not {pages:,}", key="pages")
