"""Words of kernel/phases_6_12.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import phases_6_1, user_mappings
from hwpoison_gui.kernel import phases_6_12 as phases
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.phases_6_1 import WORDS as OF_6_1
from hwpoison_gui.view.words.user_mappings import WORDS as OF_USER_MAPPINGS
from hwpoison_gui.view.words.words import Behaviour, Words


def _huge_page(known: bool, errno: int | str) -> str:
    listed = ", and this frame is on its list" if known else "; this frame joins its list"
    return f"PG_hwpoison was set on the head of the huge page before{listed}: {errno}."


def _poisoned_before(errno: int | str, counted: bool) -> str:
    return f"PG_hwpoison was set before: {errno}, and a result line{'' if counted else ' that counts nothing'}."


WORDS: Final[dict[Site, Words]] = {
    phases.POISONED: OF_6_1[phases_6_1.POISONED],
    phases.PASSES: Words("No filter of the injector rejects it."),
    phases.DRAINED: OF_6_1[phases_6_1.SHAKEN],
    phases.DRAINED_AFTER_MLOCK: OF_USER_MAPPINGS[user_mappings.SHAKEN],
    phases.LOCKED: OF_6_1[phases_6_1.LOCKED],
    phases.LOCK_WAITED: OF_6_1[phases_6_1.LOCK_WAITED],
    phases.POISONED_BEFORE: Words(_poisoned_before),
    phases.HUGE_PAGE_POISONED_BEFORE: Words(_huge_page),
}

BEHAVIOUR: Final[Behaviour] = {
    phases.set_page_hwpoison: (
        "TestSetPageHWPoison(): mark the page. One that is marked already has a result line, which counts nothing."
    ),
    phases.try_memory_failure_hugetlb: (
        "Handle an error in a hugetlb page to the end, with a result line for a further frame; other pages go on."
    ),
    phases.check_filter: "hwpoison_filter(), asked before the split: a test with injected errors may spare pages.",
    phases.split_transparent_huge_page: (
        "try_to_split_thp_page(): split a large folio; if it cannot be split, signal its processes and stop."
    ),
    phases.shake_page: "shake_folio(): drain the per-CPU LRU caches, to put the page on its LRU list.",
    phases.lock_page: (
        "Lock the page and save its flags; the filter was asked before. Pages off the LRU skip to the state table."
    ),
    phases.hwpoison_user_mappings: (
        "Collect the processes of the page, KSM or not, unmap it, and signal them. Stops if it stays mapped."
    ),
}
