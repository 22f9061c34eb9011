"""Words of kernel/hwpoison_filter.py, and of whatever else the filter refuses."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import hwpoison_filter as filters
from hwpoison_gui.kernel import hwpoison_inject, soft_offline
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

_NOTHING: Final = "Filtered: nothing happens."
_LEFT: Final = "Filtered: no process is signalled, but the frame keeps PG_hwpoison."

_WHY: Final = {
    filters.BY_DEVICE: "it is no page of a file on the device of corrupt-filter-dev-major and -minor",
    filters.BY_FLAGS: "its flags under corrupt-filter-flags-mask are not corrupt-filter-flags-value",
    filters.BY_CGROUP: "it is not charged to the memory cgroup of corrupt-filter-memcg",
    filters.BY_KIND: "with corrupt-filter-enable the injector hits only LRU, hugetlb and free pages",
}


def why_filtered(by: str) -> str:
    """Why the filter `by` refuses a page, as it stands after "because"."""
    return _WHY[by]


WORDS: Final[dict[Site, Words]] = {
    filters.FILTERED: Words(lambda poisoned: _LEFT if poisoned else _NOTHING, why_filtered),
    hwpoison_inject.NOT_HIT: Words(_NOTHING, why_filtered),
    hwpoison_inject.FILTERED: Words(_NOTHING, why_filtered),
    soft_offline.FILTERED: Words("Filtered: EOPNOTSUPP; nothing has changed.", why_filtered),
}
