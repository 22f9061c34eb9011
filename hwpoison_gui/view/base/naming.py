"""Lists of names in a sentence: all of a few, or the first ones and the number of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_MOST: Final = 4


def names(who: Sequence[str], most: int = _MOST) -> str:
    """Return `a, b and c`; if there are more than `most`, the first ones and the number of the others."""
    if len(who) > most:
        return listed(who, most)
    return ", ".join(who[:-1]) + " and " + who[-1] if len(who) > 1 else "".join(who)


def listed(who: Sequence[str], most: int) -> str:
    """Return `a, b, c`; if there are more than `most`, the first ones and the number of the others."""
    more = f" and {len(who) - most:,} more" if len(who) > most else ""
    return ", ".join(who[:most]) + more
