"""Reachable rows of a state table, by the checks of the handler before the table.

The checks are declared in the outline of each kernel as entrances, ways to reach the table: flags that are set on every
page that takes it, and flags that are clear on all of them, with the reason. A row is reachable if, for some entrance,
a page matches it and no earlier row. tests/view/outline/test_reachable.py holds the entrances to dry runs of the
handler.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import chain, combinations
from typing import Final

from hwpoison_gui.kernel.handler import matching_row
from hwpoison_gui.kernel.profile.type import Profile, StateRow
from hwpoison_gui.kernel.profile.variants import nearest
from hwpoison_gui.view.outline.part import Ending, Entrance, endings
from hwpoison_gui.view.outline.tables import ENTRANCES

_SHADOWED: Final = "every page that gets so far matches an earlier row"


@cache
def unreachable(profile: Profile) -> dict[int, str]:
    """Map the number of each row of a kernel's state table that no page reaches to the reason."""
    entrances = nearest(ENTRANCES, profile.phase("take_reference")) or ()
    states, exits = profile.results.states, endings(profile)
    reached = set[int]()
    for entrance in entrances:
        reached |= _rows_reached(states, entrance)
    return {number: _reason(row, entrances[0], exits) for number, row in enumerate(states) if number not in reached}


def _rows_reached(states: tuple[StateRow, ...], entrance: Entrance) -> set[int]:
    asked = 0
    for row in states:
        asked |= row.mask
    free = [1 << bit for bit in range(64) if asked >> bit & 1 and not entrance.has >> bit & 1]
    free = [flag for flag in free if flag not in entrance.never]
    words = chain.from_iterable(combinations(free, count) for count in range(len(free) + 1))
    return {states.index(matching_row(states, entrance.has | sum(word))) for word in words}


def _reason(row: StateRow, entrance: Entrance, exits: Mapping[str, Ending]) -> str:
    """Return why no page reaches a row, with the page kind of the exit if the kernel has that exit."""
    flag, why = next(((flag, why) for flag, why in entrance.never.items() if row.res & flag and why), (0, _SHADOWED))
    ending = exits.get(entrance.exits.get(flag, ""))
    return why if ending is None else f"{why} ({ending.kind})"
