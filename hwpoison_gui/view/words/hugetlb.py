"""Words of kernel/hugetlb.py: faults on hugetlb pages."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import hugetlb
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    hugetlb.POISON: Words(
        lambda path: f"{path} keeps a poisoned huge page here." if path else "The huge entry is a hwpoison entry."
    ),
    hugetlb.MAPPED: Words("2 MiB at {address:#x} are mapped: the huge page at frame {frame:#x}."),
    hugetlb.REUSED: Words("The huge page at frame {frame:#x} has no other user: its entry is made writable."),
    hugetlb.NOT_COPIED: Words("The huge page at frame {frame:#x} must be copied, but no huge page is to spare."),
    hugetlb.TAKEN: Words(
        "{comm}:{task} loses its entry at {address:#x}, so that the owner of the mapping has the huge page alone; its "
        "VMA is marked HPAGE_RESV_UNMAPPED."
    ),
    hugetlb.TAKEN_BEFORE: Words(
        "A huge page of this VMA was taken away for the owner of the mapping: VM_FAULT_SIGBUS, instead of a page of "
        "zeros in its place."
    ),
}
