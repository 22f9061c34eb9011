"""Words of kernel/hugetlb_pool.py: a free huge page is dissolved."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import hugetlb_pool
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    hugetlb_pool.DISSOLVED: Words("The huge page is dissolved into 512 free pages."),
    hugetlb_pool.NOT_DISSOLVED: Words("The huge page is reserved for a mapping: it is not dissolved."),
    hugetlb_pool.OFF_BUDDY: Words(
        lambda taken: "The bad page alone is taken off the free lists." if taken else "It is not on the free lists."
    ),
}
