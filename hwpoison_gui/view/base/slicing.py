"""Long work is written as generators that yield regularly, so that the caller can process events in between."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from typing import Any, Final, TypeVar

R = TypeVar("R")
T = TypeVar("T")
Y = TypeVar("Y")

ITEMS_PER_SLICE: Final = 250  # mappers of a frame, or steps, between two yields


def slices_of(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the things in lists of `size`, the last one with what is left."""
    rest = iter(things)
    while part := list(islice(rest, size)):
        yield part


def to_the_end(work: Generator[Any, None, R]) -> R:
    """Run a generator to its end and return its result."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            result: R = stop.value
            return result


def as_part(work: Generator[Y, None, R], share: Callable[[Y], float]) -> Generator[float, None, R]:
    """Work as a part of longer work: yields the share of all that is done, by what the part yields."""
    while True:
        try:
            done = next(work)
        except StopIteration as stop:
            result: R = stop.value
            return result
        yield share(done)
