"""soft_offline_page(): take a page out of use that still works, without killing anybody.

After mm/memory-failure.c (6.1). Clean page-cache pages are dropped, all others are migrated.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from .get_hwpoison_page import FREE, TAKEN, get_hwpoison_page
from .handler import MF_COUNT_INCREASED, MF_SOFT_OFFLINE, found_poisoned
from .hugetlb_pool import page_handle_poison, update_and_free_page
from .hwpoison_filter import hwpoison_filter, note_filtered
from .hwpoison_inject import pfn_valid
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .migrate import migrate_page
from .page_alloc import put_page
from .profile.type import SYSCTL_ENABLE_SOFT_OFFLINE
from .split_folio import split_huge_page
from .truncate import invalidate_inode_page

NO_PAGE: Final = site("soft_offline_page", Act.DECIDE, "ENXIO", "pfn")
POISONED_BEFORE: Final = site("soft_offline_page", Act.DECIDE, "already poisoned")
DISABLED: Final = site("soft_offline_page", Act.DECIDE, "EOPNOTSUPP")
FILTERED: Final = site("soft_offline_page", Act.DECIDE, "EOPNOTSUPP", "by", name="filtered")
ENTER: Final = site("soft_offline_page")
NOT_SPLIT: Final = site("soft_offline_page", Act.DECIDE, "EBUSY", name="not split")
WRITEBACK_WAITED: Final = site("wait_on_page_writeback", Act.FLAG, "waited", name="soft offline")
INVALIDATED: Final = site("invalidate_inode_page", Act.DROP)
NOT_LRU: Final = site("isolate_lru_page", Act.DECIDE, "EBUSY")
NOT_MOVED: Final = {errno: site("soft_offline_page", Act.DECIDE, errno) for errno in ("EBUSY", "ENOMEM")}
SET_ASIDE: Final = site("page_handle_poison", Act.FLAG)


def soft_offline_page(m: Machine, pfn: int, flags: int = 0) -> Steps[int | str]:
    """Take frame `pfn` out of use.

    Parameters
    ----------
    m
        The machine.
    pfn
        Frame number; need not exist.
    flags
        With MF_COUNT_INCREASED the reference of the caller is consumed.

    Returns
    -------
    0 or the name of an errno.
    """
    if not pfn_valid(m, pfn):
        yield Mark(NO_PAGE, (pfn,))
        return "ENXIO"
    if not m.sysctl.view.get(SYSCTL_ENABLE_SOFT_OFFLINE, 1):
        if flags & MF_COUNT_INCREASED:
            put_page(m, pfn)
        _disabled(m, pfn)
        yield Mark(DISABLED, (), (pfn,))
        return "EOPNOTSUPP"
    if m.page(pfn) & pf.HWPOISON:
        _log(m, "already poisoned", pfn)
        found_poisoned(m)
        if flags & MF_COUNT_INCREASED:
            put_page(m, pfn)
        yield Mark(POISONED_BEFORE, (), (pfn,))
        return 0
    yield Mark(ENTER, (), (pfn,))
    got = yield from get_hwpoison_page(m, pfn, flags | MF_SOFT_OFFLINE)
    by = hwpoison_filter(m, pfn)
    if by:
        if got == TAKEN:
            put_page(m, pfn)
        note_filtered(m)
        yield Mark(FILTERED, (by,), (pfn,))
        return "EOPNOTSUPP"
    if got == TAKEN:
        return (yield from soft_offline_in_use_page(m, pfn))
    if got != FREE:
        return got
    if not (yield from page_handle_poison(m, pfn)):
        return "EBUSY"
    yield set_hwpoison(m, pfn, release=False)
    return 0


def _disabled(m: Machine, pfn: int) -> None:
    """pr_info_once(): said once per boot."""
    if not m.counter("soft_offline_disabled"):
        m.put(m.counters, "soft_offline_disabled", 1)
        _log(m, "disabled", pfn)


def _log(m: Machine, what: str, pfn: int, **values: object) -> None:
    m.printk(m.profile.log.soft_offline[what].format(pfn=pfn, **values), pfn)


def soft_offline_in_use_page(m: Machine, pfn: int) -> Steps[int | str]:
    """Drop a page in use if it is clean and unmapped, else migrate it. Consumes one reference."""
    huge = bool(m.page(pfn) & pf.HUGE)
    if m.page(pfn) & pf.THP and not (yield from split_huge_page(m, pfn)):
        put_page(m, pfn)
        _log(m, "thp split failed", pfn)
        yield Mark(NOT_SPLIT, (), (pfn,))
        return "EBUSY"
    page = m.compound_head(pfn)
    if m.page(page) & pf.WRITEBACK:
        m.clear_flags(page, pf.WRITEBACK)
        yield Mark(WRITEBACK_WAITED, (), (page,))
    if _invalidated(m, page):
        _log(m, "invalidated", pfn)
        yield Mark(INVALIDATED, (), (pfn,))
        yield set_hwpoison(m, pfn, release=True)
        return 0
    if not huge and not m.page(page) & pf.LRU:
        put_page(m, page)
        count = int(m.refcount.view[page])
        _log(m, "isolation failed", pfn, size="page", count=count, flags=_type(m, page))
        yield Mark(NOT_LRU, (), (pfn,))
        return "EBUSY"
    return (yield from _migrate(m, pfn, page, huge))


def _invalidated(m: Machine, page: int) -> bool:
    word = m.page(page)
    if word & (pf.HUGE | pf.SWAPCACHE) or not word & pf.LRU or m.inode_of(page) is None:
        return False
    return invalidate_inode_page(m, page, extra=1)


def _migrate(m: Machine, pfn: int, page: int, huge: bool) -> Steps[int | str]:
    before, pool = _type(m, page), m.counter("nr_huge_pages")
    left = yield from migrate_page(m, page)
    if left:
        put_page(m, page)
        _log(m, "migration failed", pfn, size="hugepage" if huge else "page", left=left, flags=before)
        errno = "EBUSY" if left > 0 else "ENOMEM"
        yield Mark(NOT_MOVED[errno], (), (pfn,))
        return errno
    if huge:
        put_page(m, page)
        if m.counter("nr_huge_pages") > pool:
            update_and_free_page(m, page)  # a fresh page has taken its place in the pool
        if not (yield from page_handle_poison(m, pfn)):
            return "EBUSY"
    yield set_hwpoison(m, pfn, release=not huge)
    return 0


def set_hwpoison(m: Machine, pfn: int, release: bool) -> Mark:
    """page_handle_poison(): poison the empty frame and keep a reference, so that it is never allocated."""
    m.set_flags(pfn, pf.HWPOISON)
    if release:
        put_page(m, pfn)
        m.put(m.refcount, pfn, 1)
    m.add_to(m.counters, "num_poisoned_pages", 1)
    return Mark(SET_ASIDE, (), (pfn,))


def _type(m: Machine, pfn: int) -> str:
    """The flag word as %pGp prints it."""
    return f"{m.page(pfn):#x}({'|'.join(name.lower() for name in pf.names_of(m.page(pfn)))})"
