"""Blocks of 512 keys, as packed stores divide their records: which are leaves, and what each holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]

BITS: Final = 9
LAST: Final = (1 << BITS) - 1
NONE: Final = -1  # marks an empty place in a leaf; values are never negative
TYPES: Final = (np.int8, np.int32, np.int64)  # of the places in a leaf, the narrowest first
MOST: Final = np.array([(1 << 7) - 1, (1 << 31) - 1])  # the greatest value of a leaf of each type except the widest
# Number of records in a block from which a leaf of each width needs less memory than the dictionary.
DENSE: Final = np.array([8, 20, 32])


class Leaves:
    """All leaves of a store: rows of one array, so that a place of ten thousand of them is read at once.

    A leaf is known by the number of its first place.

    Attributes
    ----------
    places : array
        All places, as narrow as the values allow. Another one when there are more leaves, or when it becomes wider.
    cells : memoryview
        The same; one of them takes a third of the time of numpy.
    version : int
        Another number when leaves are made or given back.
    """

    __slots__ = ("_free", "_used", "_width", "cells", "places", "version")

    def __init__(self) -> None:
        self._width = self._used = self.version = 0
        self._free: list[int] = []
        self._replace(np.zeros(0, TYPES[0]))

    def _replace(self, places: npt.NDArray[Any]) -> None:
        self.places: npt.NDArray[Any] = places
        self.cells: Any = places.data

    def new(self, count: int) -> I64:
        """So many leaves without records."""
        self.version += 1
        free = [self._free.pop() for _ in range(min(count, len(self._free)))]
        first = self._first_of(count - len(free))
        made = np.array([*free, *range(first, self._used, LAST + 1)], np.int64)
        self.places.reshape(-1, LAST + 1)[made >> BITS] = NONE
        return made

    def _first_of(self, count: int) -> int:
        """The first of so many leaves behind all others."""
        first, self._used = self._used, self._used + (count << BITS)
        if self._used > len(self.places):
            room = max(self._used, first + (first >> BITS + 3 << BITS))  # an eighth more, so that it is seldom copied
            grown = np.empty(room, self.places.dtype)
            grown[:first] = self.places[:first]
            self._replace(grown)
        return first

    def give_back(self, leaves: Iterable[int]) -> None:
        """Use the room of leaves for others."""
        self.version += 1
        self._free += leaves

    def copies_of(self, leaves: Collection[int]) -> list[int]:
        """Leaves with the same records."""
        made = self.new(len(leaves))
        rows = self.places.reshape(-1, LAST + 1)
        rows[made >> BITS] = rows[np.fromiter(leaves, np.int64) >> BITS]
        return made.tolist()  # type: ignore[no-any-return]

    def widen(self, value: int) -> int:
        """Make all places wide enough for a value. Returns how wide they are, as an index of TYPES."""
        width = int(np.searchsorted(MOST, value))
        if width > self._width:
            self._width = width
            self._replace(self.places.astype(TYPES[width]))
        return self._width


NO_PLACES: Final[I64] = np.zeros(0, np.int64)


class Pairs(Sequence[tuple[int, int]]):
    """Keys of a nested table, as many of both columns; a pair is made when it is read.

    `places`: those of the keys in the leaves of the table (`PackedNestedTable`), as they were in that version of them.
    """

    __slots__ = ("inners", "outers", "places", "version")

    def __init__(self, outers: Sequence[int], inners: Sequence[int]) -> None:
        self.outers, self.inners = outers, inners
        self.places, self.version = NO_PLACES, NONE

    def __len__(self) -> int:
        return len(self.inners)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.outers, self.inners, strict=True)

    @overload
    def __getitem__(self, at: int) -> tuple[int, int]: ...
    @overload
    def __getitem__(self, at: slice) -> Pairs: ...
    def __getitem__(self, at: int | slice) -> tuple[int, int] | Pairs:
        if isinstance(at, slice):
            part = Pairs(self.outers[at], self.inners[at])
            part.places, part.version = self.places[at], self.version
            return part
        return self.outers[at], self.inners[at]


def ascending(keys: I64, values: I64) -> tuple[I64, I64]:
    """Records ascending by key; of several with the same key the last one."""
    if not (keys[1:] > keys[:-1]).all():
        order = np.argsort(keys, kind="stable")
        keys, values = keys[order], values[order]
        last = np.append(keys[1:] != keys[:-1], True)[: len(keys)]
        keys, values = keys[last], values[last]
    return keys, values


def blocks_in(keys: I64, ends: I64 | None = None) -> tuple[I64, I64]:
    """Return the index of the first record of each block, and the number of its records.

    Keys ascend, again from each but the last of `ends` on; without `ends` all ascend.
    """
    blocks = keys >> BITS
    begins = np.ones(len(keys), np.bool_)
    begins[1:] = blocks[1:] != blocks[:-1]
    if ends is not None:
        begins[ends[:-1]] = True
    starts = np.flatnonzero(begins)
    counts = np.full(len(starts), len(keys))
    counts[:-1] = starts[1:]
    return starts, counts - starts


def packed(
    leaves: Leaves, keys: I64, values: I64, ends: I64
) -> tuple[Iterable[tuple[int, int, int, int]], list[tuple[int, int]], list[int]]:
    """Make leaves of several rows of records; the records of blocks that are none, and where those of each row end.

    Parameters
    ----------
    keys, values
        Shape (records,), not negative. The keys of each row ascend.
    ends
        Where the records of each row end, shape (rows,); none is empty.

    Returns
    -------
    leaves : iterable of (int, int, int, int)
        The number of its row, keys divided by 512, number of records, and the leaf.
    """
    starts, counts = blocks_in(keys, ends)
    dense = counts >= DENSE[leaves.widen(int(values.max()))]
    loose = np.repeat(~dense, counts)
    items = list(zip(keys[loose].tolist(), values[loose].tolist(), strict=True))
    starts, counts = starts[dense], counts[dense]
    made, numbers = leaves.new(len(starts)).tolist(), np.searchsorted(ends, starts, "right")
    for leaf, start, count in zip(made, starts.tolist(), counts.tolist(), strict=True):
        part = slice(start, start + count)
        leaves.places[leaf | keys[part] & LAST] = values[part]
    found = zip(numbers.tolist(), (keys[starts] >> BITS).tolist(), counts.tolist(), made, strict=True)
    return found, items, np.cumsum(loose)[ends - 1].tolist()
