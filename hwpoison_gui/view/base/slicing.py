"""Long work is written as generators that yield regularly, so that the caller can process events in between."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final, TypeVar

R = TypeVar("R")

ITEMS_PER_SLICE: Final = 500  # mappers of a frame, or steps, between two yields


def to_the_end(work: Generator[Any, None, R]) -> R:
    """Run a generator to its end and return its result."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            result: R = stop.value
            return result
