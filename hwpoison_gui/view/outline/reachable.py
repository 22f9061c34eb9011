"""Reachable rows of a state table, derived from the checks of the handler before the table.

An entrance is a way to reach the table: flags that are set on every page that takes it, and flags that are clear on all
of them, with the reason. A row is reachable if, for some entrance, a page matches it and no earlier row.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import chain, combinations
from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import phases, phases_6_1, phases_7_2
from hwpoison_gui.kernel.handler import Verdict, matching_row
from hwpoison_gui.kernel.profile.type import StateRow
from hwpoison_gui.kernel.profile.variants import Variant, nearest
from hwpoison_gui.record import Record


class Entrance(Record):
    """A way to reach the table. `has`: flags set on every such page; `never`: flag -> why it is clear on all."""

    has: int
    never: Mapping[int, str]


_ON_NO_LIST: Final = "on no LRU list, the handler stops before"
_SPLIT: Final = "a huge page is handled on its own, or split before"

_ON_A_LIST: Final = Entrance(
    pf.LRU,
    {
        pf.RESERVED: f"reserved pages are {_ON_NO_LIST}",
        pf.SLAB: f"slab pages are {_ON_NO_LIST} (unhandlable page)",
        pf.COMPOUND_HEAD: _SPLIT,
        pf.MLOCKED: "unmapping takes MLOCKED away, and the flags of now are tried first",
    },
)
# By the saved flags of its head.
_HUGETLB: Final = Entrance(pf.COMPOUND_HEAD, {pf.LRU: "", pf.RESERVED: "", pf.SLAB: "", pf.MLOCKED: ""})

# By the variant of the phase that takes a reference, which decides which pages reach the table.
ENTRANCES: Final[dict[Variant[Verdict], tuple[Entrance, ...]]] = {
    phases.take_reference: (
        Entrance(
            pf.LRU,
            {
                pf.RESERVED: f"reserved pages are {_ON_NO_LIST} (non LRU)",
                pf.BUDDY: "nobody refers to a free page, the handler stops before (free or high order kernel)",
                pf.SLAB: f"slab pages are {_ON_NO_LIST} (non LRU)",
                pf.COMPOUND_HEAD: f"huge pages are {_ON_NO_LIST} (non LRU)",
                pf.COMPOUND_TAIL: f"huge pages are {_ON_NO_LIST} (non LRU)",
            },
        ),
    ),
    phases_6_1.take_reference: (
        _ON_A_LIST,
        _HUGETLB,
        # madvise() has a reference already, so LRU is not tested.
        Entrance(0, {pf.LRU: "", pf.SLAB: "", pf.COMPOUND_HEAD: "", pf.MLOCKED: ""}),
    ),
    phases_7_2.take_reference: (_ON_A_LIST, _HUGETLB),
}
_SHADOWED: Final = "every page that gets so far matches an earlier row"


@cache
def unreachable(states: tuple[StateRow, ...], phase: Variant[Verdict]) -> dict[int, str]:
    """Map the number of each unreachable row to the reason.

    Parameters
    ----------
    states
        The state table.
    phase
        The variant of the phase that takes a reference.
    """
    entrances = nearest(ENTRANCES, phase) or ()
    reached = set[int]()
    for entrance in entrances:
        reached |= _rows_reached(states, entrance)
    return {number: _reason(row, entrances[0]) for number, row in enumerate(states) if number not in reached}


def _rows_reached(states: tuple[StateRow, ...], entrance: Entrance) -> set[int]:
    asked = 0
    for row in states:
        asked |= row.mask
    free = [1 << bit for bit in range(64) if asked >> bit & 1 and not entrance.has >> bit & 1]
    free = [flag for flag in free if flag not in entrance.never]
    words = chain.from_iterable(combinations(free, count) for count in range(len(free) + 1))
    return {states.index(matching_row(states, entrance.has | sum(word))) for word in words}


def _reason(row: StateRow, entrance: Entrance) -> str:
    return next((why for flag, why in entrance.never.items() if row.res & flag and why), _SHADOWED)
