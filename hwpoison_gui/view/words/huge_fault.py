"""Words of kernel/huge_fault.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import huge_fault, hugetlb
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.hugetlb import WORDS as OF_HUGETLB
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    huge_fault.REUSED: OF_HUGETLB[hugetlb.REUSED],
    huge_fault.SPLIT: Words("The huge page is shared: its entry is split, so that only one small page is copied."),
}
