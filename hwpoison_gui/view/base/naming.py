"""Names in a sentence: all of a few, and of very many the first ones and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_MOST: Final = 4


def names(who: Sequence[str], most: int = _MOST) -> str:
    """`a, b and c`; of very many the first few and how many more."""
    if len(who) > most:
        return listed(who, most)
    return ", ".join(who[:-1]) + " and " + who[-1] if len(who) > 1 else "".join(who)


def listed(who: Sequence[str], most: int) -> str:
    """`a, b, c`; of more than `most` the first and how many more."""
    more = f" and {len(who) - most:,} more" if len(who) > most else ""
    return ", ".join(who[:most]) + more
