"""Lists of marks and changes that also take whole blocks, of which the items are made when one of them is read.

The handler makes eighty thousand changes for ten thousand mappers of a frame: as columns they need a tenth of the
memory, and are recorded in a fraction of the time.
"""

from __future__ import annotations

import gc
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, Final, Protocol, TypeVar, cast, overload

from hwpoison_gui.record import from_columns

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Block(Protocol[T_co]):
    """Many items as columns."""

    @property
    def size(self) -> int:
        """The number of items."""

    def made(self) -> Iterable[T_co]:
        """Make the items. Called once at most."""


class Later(Sequence[T]):
    """So many values, which are made when one of them is read; equal to a tuple of the same."""

    def __init__(self, size: int, make: Callable[[], Iterable[T]]) -> None:
        self.size = size
        self._make: Callable[[], Iterable[T]] | None = make
        self._made: tuple[T, ...] = ()

    def made(self) -> tuple[T, ...]:
        """The values, each time the same."""
        make = self._make
        if make is not None:
            self._made, self._make = tuple(make()), None
        return self._made

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[T]: ...
    def __getitem__(self, at: int | slice) -> T | Sequence[T]:
        return self.made()[at]

    def __iter__(self) -> Iterator[T]:
        return iter(self.made())

    def __eq__(self, other: object) -> bool:
        return self.made() == (other.made() if isinstance(other, Later) else other)

    def __hash__(self) -> int:
        return hash(self.made())

    def __repr__(self) -> str:
        return repr(self.made())


class Alike(Later[T]):
    """Records of one kind as columns. `columns`: a record of that kind whose fields are the columns."""

    def __init__(self, kind: type[T], size: int, *columns: Iterable[Any]) -> None:
        super().__init__(size, partial(from_columns, kind, *columns))
        self.columns: Any = kind(*columns)


class BlockList(Sequence[T]):
    """A list of items, some of which are still in blocks.

    Attributes
    ----------
    items : list
        With None for each item that is not made yet. May be appended to.
    unmade : list of (int, Block)
        The blocks and the places of their first items, ascending.
    """

    __slots__ = ("items", "unmade")

    def __init__(self, items: list[T | None] | None = None, unmade: list[tuple[int, Block[T]]] | None = None) -> None:
        self.items: list[T | None] = [] if items is None else items
        self.unmade: list[tuple[int, Block[T]]] = [] if unmade is None else unmade

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> list[T]: ...
    def __getitem__(self, at: int | slice) -> T | list[T]:
        if self.unmade:
            if isinstance(at, slice):
                places = range(*at.indices(len(self.items)))
                if places:
                    self._make(min(places[0], places[-1]), max(places[0], places[-1]) + 1)
            elif self.items[at] is None:
                place = range(len(self.items))[at]
                self._make(place, place + 1)
        return self.items[at]  # type: ignore[return-value]  # it is made now

    def __iter__(self) -> Iterator[T]:
        return iter(self[:])

    def __reversed__(self) -> Iterator[T]:
        return reversed(self[:])

    def _make(self, low: int, high: int) -> None:
        """Make the items of every block that begins before `high` and ends behind `low`."""
        part = slice(bisect_right(self.unmade, low, key=_end), bisect_left(self.unmade, high, key=_START))
        collects = gc.isenabled()
        gc.disable()  # items make no reference cycles, and looking for them takes longer than to make them
        for start, block in self.unmade[part]:
            self.items[start : start + block.size] = block.made()
        del self.unmade[part]
        if collects:
            gc.enable()

    @classmethod
    def of(cls, block: Block[T]) -> BlockList[T]:
        """A list of the items of one block."""
        return cls([None] * block.size, [(0, block)] if block.size else [])

    def extend(self, more: Iterable[T] | BlockList[T]) -> None:
        """Append items, or those of another list, which is not to be used any more."""
        if isinstance(more, BlockList):
            first = len(self.items)
            self.unmade += [(first + start, block) for start, block in more.unmade]
            self.items += more.items
        else:
            self.items += more

    def parts(self, first: int = 0) -> Iterator[list[T] | Block[T]]:
        """The items from place `first` on, in order: lists of those that are made, and blocks of the others."""
        self._make(first, first)
        at = first
        for start, block in self.unmade[bisect_left(self.unmade, first, key=_START) :]:
            if at < start:
                yield cast("list[T]", self.items[at:start])
            yield block
            at = start + block.size
        if at < len(self.items):
            yield cast("list[T]", self.items[at:] if at else self.items)

    def cut(self, at: int) -> BlockList[T]:
        """Remove the items from place `at` on and return them. A block that this cuts in two is made."""
        self._make(at, at)
        first = bisect_left(self.unmade, at, key=_START)
        tail = BlockList(self.items[at:], [(start - at, block) for start, block in self.unmade[first:]])
        del self.items[at:], self.unmade[first:]
        return tail


_START: Final = itemgetter(0)


def _end(place: tuple[int, Block[T]]) -> int:
    """Return the index of the first item after a block."""
    start, block = place
    return start + block.size
