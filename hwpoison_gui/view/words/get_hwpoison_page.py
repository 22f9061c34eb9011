"""Words of kernel/get_hwpoison_page.py: whether a page can be handled."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import get_hwpoison_page
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    get_hwpoison_page.DRAINED: Words("The per-CPU lists are drained, so that a free page is on the buddy lists."),
    get_hwpoison_page.FREE_PAGE: Words("Its refcount is 0 and it lies in a free block: free."),
    get_hwpoison_page.LRU_PAGE: Words(
        lambda count, held: (
            f"An LRU page with refcount {count}: "
            + ("one reference is the handler's already." if held else "the handler takes one more reference.")
        )
    ),
    get_hwpoison_page.HUGE_PAGE: Words(
        lambda count: f"A hugetlb page with refcount {count}" + ("." if count else ": it is free.")
    ),
    get_hwpoison_page.SHAKEN: Words(
        "Neither on an LRU list nor free: the per-CPU caches are drained in case it is in one of them (try {attempt})."
    ),
    get_hwpoison_page.UNHANDLABLE: Words(
        lambda word: (
            f"Neither PG_lru nor PG_buddy is set ({', '.join(pf.names_of(word)) or 'no flags'}):"
            " it is in use by the kernel and cannot be handled."
        )
    ),
}
