"""Whether it is known who maps a page: page flags alone, or the page tables of some processes, do not say it."""

from __future__ import annotations

from typing import Final

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.view.base.naming import names

NOT_KNOWN: Final = "which processes map it, and so whether any is signalled, is not known"
_OTHERS_NOT_KNOWN: Final = "which other processes map it, and so whether they are signalled, is not known: {}"


def mappers_unknown(m: Machine, pfn: int) -> bool:
    """Return whether processes that were not captured map a page, by its flag MMAP or the kernel's count."""
    if pfn >= m.frames:
        return False
    head = m.compound_head(pfn)
    if m.uncaptured is not None:
        return bool(m.uncaptured[pfn] or m.uncaptured[head])
    return not m.processes.view and bool((m.page(pfn) | m.page(head)) & pf.MMAP)


def some_mappers_unknown(m: Machine) -> bool:
    """Return whether there is a page of which `mappers_unknown` is true."""
    if m.uncaptured is not None:
        return bool(m.uncaptured.any())
    return not m.processes.view and bool((m.flags.view & np.uint64(pf.MMAP)).any())


def captured_words(m: Machine) -> str:
    """Name the only processes that were captured; empty if the source names none."""
    pids = [str(pid) for pid in m.capture.pids]
    return (
        f"only {'PID' if len(pids) == 1 else 'PIDs'} {names(pids)} {'was' if len(pids) == 1 else 'were'} captured"
        * bool(pids)
    )


def not_known(m: Machine) -> str:
    """Explain what is not known of a page for which `mappers_unknown` is true."""
    captured = captured_words(m)
    return _OTHERS_NOT_KNOWN.format(captured) if captured else NOT_KNOWN


def why_unknown(m: Machine) -> str:
    """Why it is not known who maps a page, in a clause."""
    return captured_words(m) or "page flags do not say who maps a page"
