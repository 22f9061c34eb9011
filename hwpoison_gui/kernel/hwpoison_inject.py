"""Injection of errors by files of debugfs and sysfs.

After mm/hwpoison-inject.c and drivers/base/memory.c (6.1).
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from .handler import MF_SW_SIMULATED
from .hwpoison_filter import BY_KIND, hwpoison_filter, is_filtering, note_filtered
from .hwpoison_filter import FILTERED as FILTERED_BY_HANDLER
from .machine import Machine
from .mark import Act, Mark, Site, Steps, site
from .memory_failure import memory_failure

NO_PAGE: Final = site("hwpoison_inject", Act.DECIDE, "ENXIO", "pfn")
NOT_HIT: Final = site("hwpoison_inject", Act.DECIDE, "kind", "by pfn")
FILTERED: Final = site("hwpoison_inject", Act.DECIDE, "filtered", "by pfn")
# An injected error is refused, by the injector or in the handler; both marks name the filter as `by`.
REFUSED: Final[frozenset[Site]] = frozenset({NOT_HIT, FILTERED, FILTERED_BY_HANDLER})


def hwpoison_inject(m: Machine, pfn: int) -> Steps[int | str]:
    """A write to hwpoison/corrupt-pfn. Some kernels refuse a pfn without a page before they call the handler."""
    if m.profile.has("inject_checks_pfn") and not pfn_valid(m, pfn):
        yield Mark(NO_PAGE, (pfn,))
        return "ENXIO"
    by = _refused_by(m, pfn) if is_filtering(m) else ""
    if by:
        note_filtered(m)
        yield Mark(NOT_HIT if by == BY_KIND else FILTERED, (by, pfn), (pfn,))
        return 0
    return _unless_filtered((yield from memory_failure(m, pfn, flags=MF_SW_SIMULATED)))


def _refused_by(m: Machine, pfn: int) -> str:
    """Return what refuses a page before the handler is called: its kind, or the filter, which is asked for its head.

    The kind: only pages on the LRU, of hugetlb and in free blocks pass. shake_page() drains no list of free pages.
    """
    head = m.compound_head(pfn)
    if not m.page(head) & (pf.LRU | pf.HUGE) and not m.page(pfn) & pf.BUDDY:
        return BY_KIND
    return hwpoison_filter(m, head)


def _unless_filtered(errno: int | str) -> int | str:
    """EOPNOTSUPP of the handler says that it was filtered, which is no error of the injector."""
    return 0 if errno == "EOPNOTSUPP" else errno


def hard_offline_page(m: Machine, pfn: int) -> Steps[int | str]:
    """A write to /sys/devices/system/memory/hard_offline_page."""
    return _unless_filtered((yield from memory_failure(m, pfn, flags=MF_SW_SIMULATED)))


def pfn_valid(m: Machine, pfn: int) -> bool:
    """Return whether a pfn has a struct page: it is one of the machine, and in no hole."""
    return 0 <= pfn < m.frames and not m.page(pfn) & pf.NOPAGE
