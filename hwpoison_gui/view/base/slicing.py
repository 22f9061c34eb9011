"""Work that may take long is a generator: it yields now and then, so that something else can be done meanwhile."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final, TypeVar

R = TypeVar("R")

SLICE: Final = 500  # users of a frame, or steps, between two yields


def to_the_end(work: Generator[Any, None, R]) -> R:
    """Does all of it now; what it returns."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            result: R = stop.value
            return result
