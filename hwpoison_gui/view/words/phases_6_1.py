"""Words of kernel/phases_6_1.py: what later kernels do otherwise."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import phases as phases_v7
from hwpoison_gui.kernel import phases_6_1 as phases
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.phases import WORDS as OF_V7
from hwpoison_gui.view.words.words import Behaviour, Words

WORDS: Final[dict[Site, Words]] = {
    phases.ONLINE: OF_V7[phases_v7.PFN_VALID],
    phases.OFFLINE: Words("There is no memory at frame number {pfn:#x}: ENXIO."),
    phases.POISONED: Words("PG_hwpoison was clear and is set now."),
    phases.POISONED_BEFORE: Words("PG_hwpoison was set before: EHWPOISON."),
    phases.COUNT_INCREASED: Words("The injector has taken a reference already."),
    phases.OFF_BUDDY: Words("Its free block is split and the page left out: it is never allocated again."),
    phases.SHAKEN: Words(
        lambda handlable: (
            "The per-CPU LRU caches are drained." if handlable else "It is on no LRU list and not free: not handlable."
        )
    ),
    phases.LOCKED: Words("PG_locked was clear: locked, and its flags are saved."),
    phases.LOCK_WAITED: Words("PG_locked was set: locked after its holder unlocked it, and its flags are saved."),
}

BEHAVIOUR: Final[Behaviour] = {
    phases.check_pfn: (
        "pfn_to_online_page(): refuse a pfn without a page. An error that is not simulated disables unpoison for good."
    ),
    phases.set_page_hwpoison: (
        "TestSetPageHWPoison(): mark the page, which the result line will count. Stop if it is marked already."
    ),
    phases.take_reference: (
        "get_hwpoison_page(): take a free page off the buddy lists; stop if the page is neither free nor on the LRU."
    ),
    phases.split_transparent_huge_page: (
        "try_to_split_thp_page(): split a transparent huge page, so that only one page of 4 KiB is lost."
    ),
    phases.shake_page: "Drain the per-CPU LRU caches, to put the page on its LRU list.",
    phases.lock_page: (
        "Lock the page, save its flags, ask hwpoison_filter(). Pages off the LRU skip to the state table."
    ),
    phases.check_truncated: "Stop if the page is on the LRU without a mapping: it was truncated meanwhile.",
    phases.identify_page_state: (
        "Match the current flags, or else the saved ones, with the state table, and run the action of the row."
    ),
}
