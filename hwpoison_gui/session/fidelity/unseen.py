"""Reasons why no case can show some differences: they are known from the kernel's source alone."""

from __future__ import annotations

from typing import Final

_UNMAP: Final = "unmapping never fails here"
_DRAINED: Final = "pages are on their LRU lists at once here"
_ISOLATED: Final = "needs a page that leaves its LRU list meanwhile"

# Difference -> reason. Any other difference without a case could have one.
SOURCE_ONLY: Final = {
    "phases.shake_page": _DRAINED,
    "phases.check_pfn": "the injectors that were recorded refuse such a pfn first",
    "features.shake_mlocked": _DRAINED,
    "features.collect_procs_of_clean": "the list is discarded, so nobody is signalled",
    "features.sigkill_is_sent": _UNMAP,
    "features.sigkill_if_still_mapped": _UNMAP,
    "features.unpoison_spares_offline": "no page is offline here",
    "features.result_says_dirty": "the result line shows it",
    "log.unmap_failed": _UNMAP,
    "log.soft_offline.isolation failed": _ISOLATED,
    "results.states": "no slab page reaches the table",
    "results.actions.me_unknown": "no page reaches it",
    "users.unmap_tries": _UNMAP,
    "users.must_kill": _UNMAP,
}
