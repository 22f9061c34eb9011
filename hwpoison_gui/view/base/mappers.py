"""Whether it is known who maps a page: raw page flags say that a page is mapped, but not by which processes."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine

NOT_KNOWN: Final = "which processes map it, and so whether any is signalled, is not known"


def mappers_unknown(m: Machine, pfn: int) -> bool:
    """Whether the page is mapped by its flag MMAP, and the memory was captured without processes."""
    if m.processes.view or pfn >= m.frames:
        return False
    return bool((m.page(pfn) | m.page(m.compound_head(pfn))) & pf.MMAP)
