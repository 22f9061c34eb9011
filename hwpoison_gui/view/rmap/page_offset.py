"""page->index in full: the machine's column has 31 bits of that of an anonymous page, its VMA has the others."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import PAGE_SHIFT, anon_pgoff
from hwpoison_gui.kernel.rmap import page_index
from hwpoison_gui.record import Record

_LOW: Final = (1 << 31) - 1


def high_bits(m: Machine, anon_vma: int) -> int | None:
    """Offset to add to the column's index of the pages of an anon_vma; None if its oldest VMA has been moved."""
    vmas = m.anon_vma_chain.of(anon_vma)
    oldest = m.vmas.view.get(min(vmas)) if vmas else None
    if oldest is None or oldest.mapping or oldest.pgoff != anon_pgoff(oldest.start):
        return None
    return oldest.start >> PAGE_SHIFT & ~_LOW


class Offset(Record):
    """page->index, in pages; without `is_whole` only its lower 31 bits are known."""

    pages: int
    is_whole: bool

    @property
    def words(self) -> str:
        """The index as text; a `…` stands for unknown bits."""
        return f"{self.pages:#x}" if self.is_whole else f"…{self.pages:08x}"


def offset_of(m: Machine, pfn: int) -> Offset | None:
    """page->index of a frame; None if it has none, or its file is unknown."""
    head = m.compound_head(pfn)
    anon_vma = m.anon_vma_of(head)
    inode = None if anon_vma else m.inode_of(head)
    if (not anon_vma and (inode is None or inode.is_unknown)) or m.page(head) & pf.KSM:
        return None
    high = high_bits(m, anon_vma) if anon_vma else 0
    return Offset(page_index(m, pfn) + (high or 0), high is not None)
