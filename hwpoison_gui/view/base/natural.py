"""The order of names that end in numbers: worker-2 comes before worker-10."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_DIGITS: Final = re.compile(r"\d+")
_MOST: Final = 1 << 16  # names: a table asks for each many times while it is sorted


@lru_cache(_MOST)
def natural(name: str) -> str:
    """Return a key that sorts, as text, names without regard to case, and the numbers in them by value."""
    return _DIGITS.sub(_counted, name.casefold())


def _counted(digits: re.Match[str]) -> str:
    """A number after the count of its digits."""
    value = digits[0].lstrip("0")
    return f"{len(value):03}{value}"
