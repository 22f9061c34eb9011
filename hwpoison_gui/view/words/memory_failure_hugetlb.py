"""Words of kernel/memory_failure_hugetlb.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import memory_failure_hugetlb as hugetlb
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Behaviour, Words

WORDS: Final[dict[Site, Words]] = {
    hugetlb.HUGE_PAGE: Words(
        "It belongs to a hugetlb page: PG_hwpoison is set on the head, frame {frame:#x}, for all 2 MiB."
    ),
    hugetlb.FREE_HUGE_PAGE: Words(
        "It belongs to a free hugetlb page, with PG_hwpoison on its head, frame {frame:#x}, for now: it is to be"
        " dissolved, so that only the bad 4 KiB are withheld."
    ),
    hugetlb.LOCKED: Words("Locked, and its flags are saved."),
    hugetlb.POISONED_BEFORE: Words("PG_hwpoison was set on the head of the huge page before: EHWPOISON."),
}

BEHAVIOUR: Final[Behaviour] = {
    hugetlb.try_memory_failure_hugetlb: (
        "Handle an error in a hugetlb page to the end; other pages go on to the next phase."
    ),
}
