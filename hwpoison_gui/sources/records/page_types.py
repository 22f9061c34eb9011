"""The page types of the kernel's tracepoint by number, and the names that rasdaemon gives to the numbers.

memory_failure_event has the type as a number. rasdaemon looks the number up in a table of its own, of 2021 or,
from 0.8.1 on, of 6.1; on a kernel that counts otherwise it stores the name of another type. Where the kernel is known,
the number and with it the right name can be found again.

Sources: include/linux/mm.h (enum mf_action_page_type) of the kernels, ras-memory-failure-handler.c of rasdaemon.
"""

from __future__ import annotations

from typing import Final

from hwpoison_gui.record import Record

OLD: Final = "rasdaemon before 0.8.1"
NEW: Final = "rasdaemon 0.8.1 or later"
EITHER: Final = (OLD, NEW)

_LRU: Final = (
    "dirty swapcache page",
    "clean swapcache page",
    "dirty mlocked LRU page",
    "clean mlocked LRU page",
    "dirty unevictable LRU page",
    "clean unevictable LRU page",
    "dirty LRU page",
    "clean LRU page",
    "already truncated LRU page",
    "free buddy page",
)
_KERNEL: Final = ("reserved kernel page", "high-order kernel page")
_SLAB: Final = (*_KERNEL, "kernel slab page", "different compound page after locking")
_POISONED_HUGE: Final = (*_SLAB, "huge page already hardware poisoned", "huge page", "free huge page")
_NON_PMD: Final = "non-pmd-sized huge page"
_UNMAP: Final = "unmapping failed page"
_UNKNOWN: Final = "unknown page"

_T_5_10: Final = (*_POISONED_HUGE, _NON_PMD, _UNMAP, *_LRU, "free buddy page (2nd try)", "dax page", "unsplit thp",
                  _UNKNOWN)  # fmt: skip
_T_6_1: Final = (*_SLAB, "huge page", "free huge page", _UNMAP, *_LRU, "dax page", "unsplit thp", _UNKNOWN)
_T_6_12: Final = (*_KERNEL, "different compound page after locking", "huge page", "free huge page",
                  "get hwpoison page", _UNMAP, *_LRU, "dax page", "unsplit thp", "already poisoned page")  # fmt: skip

# By the first kernel that counts so, as far as is known. None: kernels in between, whose numbers were not looked up.
_NUMBERED: Final[tuple[tuple[tuple[int, int], tuple[str, ...] | None], ...]] = (
    ((4, 2), (*_POISONED_HUGE, _UNMAP, *_LRU, "free buddy page (2nd try)", _UNKNOWN)),
    ((4, 5), None),
    ((4, 20), (*_POISONED_HUGE, _NON_PMD, _UNMAP, *_LRU, "free buddy page (2nd try)", "dax page", _UNKNOWN)),
    ((5, 0), None),
    ((5, 10), _T_5_10),
    ((5, 11), None),
    ((5, 17), (*_SLAB, "huge page", "free huge page", _NON_PMD, _UNMAP, *_LRU, "dax page", "unsplit thp", _UNKNOWN)),
    ((5, 18), None),
    ((6, 1), _T_6_1),
    ((6, 2), None),
    ((6, 11), (*_T_6_12, _UNKNOWN)),
    ((7, 0), (*_T_6_12, "non struct page pfn", _UNKNOWN)),
)
_TABLES: Final = {OLD: _T_5_10, NEW: _T_6_1}
_TIMES: Final = {OLD: ((4, 20), (5, 10)), NEW: ((6, 1), (9, 0))}
_POISONED: Final = "already poisoned page"


class Read(Record):
    """Meaning of a recorded page type: `kinds` are the possible types; `certain` if there is only one."""

    kinds: tuple[str, ...]
    certain: bool

    @property
    def kind(self) -> str:
        """The most likely type."""
        return self.kinds[0]


def read_again(recorded: str, result: str, kernel: tuple[int, int] | None, by: tuple[str, ...]) -> Read:
    """Find the kernel's page type behind the name that rasdaemon recorded.

    Parameters
    ----------
    recorded, result
        The columns page_type and action_result.
    kernel
        Its version; None if it is not known.
    by
        The tables that rasdaemon may have used: OLD, NEW or both.
    """
    found: list[str] = []
    for name in by:
        for numbers in _of_its_time(name) if kernel is None else [_numbers_of(kernel)]:
            if numbers is None:
                return Read((recorded,), False)
            found += [kind for kind in _meant(recorded, numbers, _TABLES[name]) if kind not in found]
    if kernel is not None and result == "Failed" and _POISONED in found:
        found = [_POISONED]  # me_unknown() gives Ignored, and no other of these types has an action that fails
    if recorded in found:
        found = [recorded, *(kind for kind in found if kind != recorded)]
    return Read(tuple(found) or (recorded,), len(found) == 1)


def _of_its_time(name: str) -> list[tuple[str, ...] | None]:
    """The number tables of the kernels on which a rasdaemon most likely ran."""
    first, last = _TIMES[name]
    return [table for version, table in _NUMBERED if first <= version <= last and table is not None]


def _numbers_of(kernel: tuple[int, int]) -> tuple[str, ...] | None:
    return next((table for first, table in reversed(_NUMBERED) if first <= kernel), None)


def _meant(recorded: str, numbers: tuple[str, ...], table: tuple[str, ...]) -> list[str]:
    """The types of a kernel that rasdaemon records by this name. A number beyond its table becomes "unknown page"."""
    names = (*table, *([_UNKNOWN] * max(0, len(numbers) - len(table))))
    return [kind for kind, name in zip(numbers, names, strict=False) if name == recorded]
