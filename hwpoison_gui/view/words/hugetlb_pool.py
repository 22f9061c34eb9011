"""Words of kernel/hugetlb_pool.py: the pool changes its size, a free huge page is dissolved."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import hugetlb_pool
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words, counted


def _grown(pages: int, missing: int) -> str:
    added = f"{counted(pages, 'huge page')} allocated for the pool"
    none = f"memory has no free block of 2 MiB for {missing:,} more, and nothing is moved to make one"
    return f"{added}; {none}." if missing else f"{added}."


def _shrunk(pages: int, kept: int) -> str:
    freed = f"{counted(pages, 'free huge page')} given back to the page allocator"
    return (
        f"{freed}; {kept:,} in use or reserved are surplus now, and leave when they are free." if kept else f"{freed}."
    )


WORDS: Final[dict[Site, Words]] = {
    hugetlb_pool.GROWN: Words(_grown),
    hugetlb_pool.SHRUNK: Words(_shrunk),
    hugetlb_pool.ABSORBED: Words(lambda pages: f"{counted(pages, 'surplus huge page')} taken into the pool for good."),
    hugetlb_pool.RESIZED: Words(
        lambda asked, old, new: f"vm.nr_hugepages reads {new:,} now (was {old:,}, {asked:,} written)."
    ),
    hugetlb_pool.DISSOLVED: Words("The huge page is dissolved into 512 free pages."),
    hugetlb_pool.NOT_DISSOLVED: Words("The huge page is reserved for a mapping: it is not dissolved."),
    hugetlb_pool.OFF_BUDDY: Words(
        lambda taken: "The bad page alone is taken off the free lists." if taken else "It is not on the free lists."
    ),
}
