"""Records from integers to integers, of which one needs 1 to 8 bytes: those of a packed store, or of an outer key.

They are built like page tables. Keys are divided into blocks of 512. A block with enough records is a leaf, with one
place per key in an array, as narrow as its values allow; the records of all other blocks are in a dictionary.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, Sequence, ValuesView
from typing import Any, Final, TypeVar, overload

import numpy as np
import numpy.typing as npt

from .gate import ABSENT, _Absent
from .packed_blocks import BITS, DENSE, LAST, NONE, Leaves, ascending, blocks_in, packed

I64 = npt.NDArray[np.int64]
D = TypeVar("D")

_FIRST_LOOK: Final = 64  # number of loose records at which blocks that became dense are first packed
_NO_LEAVES: Final[dict[int, int]] = {}  # shared: ten thousand small mappings stay in the CPU cache


class _Values(ValuesView[int]):
    _mapping: PackedRecords

    def __iter__(self) -> Iterator[int]:
        return iter(self._mapping.arrays()[1].tolist())


class _Items(ItemsView[int, int]):
    _mapping: PackedRecords

    def __iter__(self) -> Iterator[tuple[int, int]]:
        keys, values = self._mapping.arrays()
        return zip(keys.tolist(), values.tolist(), strict=True)


class PackedRecords(Mapping[int, int]):
    """The records of a table, or of one outer key: a live mapping; iterates over a snapshot, ascending by key."""

    __slots__ = ("_all", "_leaves", "_look_at", "_loose", "_packed")

    def __init__(self, leaves: Leaves | None = None) -> None:
        self._all = leaves or Leaves()  # leaves of the whole store
        self._leaves = _NO_LEAVES  # places of leaves in the store, by key >> 9
        self._packed = 0  # number of records in leaves
        self._loose: dict[int, int] = {}  # records of blocks without a leaf
        self._look_at = _FIRST_LOOK

    @overload
    def get(self, key: int) -> int | None: ...
    @overload
    def get(self, key: int, default: D) -> int | D: ...
    def get(self, key: int, default: Any = None) -> Any:
        """Return the value of a key, or `default`."""
        leaf = self._leaves.get(key >> BITS)
        if leaf is None:
            return self._loose.get(key, default)
        value = self._all.cells[leaf | key & LAST]
        return default if value < 0 else value

    def __getitem__(self, key: int) -> int:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return isinstance(key, int) and self.get(key) is not None

    def __len__(self) -> int:
        return self._packed + len(self._loose)

    def __iter__(self) -> Iterator[int]:
        return iter(self.arrays()[0].tolist())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PackedRecords):
            return len(self) == len(other) and all(map(np.array_equal, self.arrays(), other.arrays()))
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self.items())!r})"

    def values(self) -> ValuesView[int]:
        return _Values(self)

    def items(self) -> ItemsView[int, int]:
        return _Items(self)

    def arrays(self) -> tuple[I64, I64]:
        """Return all keys, ascending, and their values as new arrays of shape (records,)."""
        loose = np.fromiter(self._loose, np.int64, len(self._loose))
        values = np.fromiter(self._loose.values(), np.int64, len(self._loose))
        if not self._leaves:
            order = np.argsort(loose)
            return loose[order], values[order]
        blocks = np.fromiter(self._leaves, np.int64, len(self._leaves))
        leaves = np.fromiter(self._leaves.values(), np.int64, len(self._leaves))
        places = self._all.places.reshape(-1, LAST + 1)[leaves >> BITS].ravel()
        used = np.flatnonzero(places != NONE)
        keys = np.concatenate((blocks[used >> BITS] << BITS | used & LAST, loose))
        values = np.concatenate((places[used], values))
        order = np.argsort(keys, kind="stable")  # stable: fast for keys that are nearly sorted
        return keys[order], values[order]

    def between(self, first: int, last: int) -> list[tuple[int, int]]:
        """Return the records with first <= key < last, ascending."""
        loose, leaves = self._loose, self._leaves
        if last - first < len(loose):
            found = [(key, loose[key]) for key in range(first, last) if key in loose]
        else:
            found = [(key, value) for key, value in loose.items() if first <= key < last]
        blocks = range(first >> BITS, (last >> BITS) + 1)
        nearer, farther = (blocks, leaves) if len(blocks) < len(leaves) else (leaves, blocks)
        for block in (block for block in nearer if block in farther):
            to_place = leaves[block] - (block << BITS)  # added to a key gives its place
            start = max(first, block << BITS)
            end = min(max(start, last), block + 1 << BITS)
            places = self._all.cells[start + to_place : end + to_place]
            found += [(key, value) for key, value in enumerate(places, start) if value >= 0]
        return sorted(found)

    def copy(self) -> PackedRecords:
        """Return an independent copy."""
        made = PackedRecords(self._all)
        if self._leaves:
            made._leaves = dict(zip(self._leaves, self._all.copies_of(self._leaves.values()), strict=True))
        made._packed, made._loose, made._look_at = self._packed, dict(self._loose), self._look_at
        return made

    def __del__(self) -> None:
        if self._leaves:
            self._all.give_back(self._leaves.values())

    # -- used by the stores only

    def swap(self, key: int, value: int | _Absent) -> int | _Absent:
        """Set a record, or delete it (ABSENT), and return the old value."""
        leaf = self._leaves.get(key >> BITS)
        if leaf is not None:
            cells, at = self._all.cells, leaf | key & LAST
            packed: int = cells[at]
            if isinstance(value, _Absent):
                cells[at] = NONE
                self._packed -= packed >= 0
            else:
                try:
                    cells[at] = value
                except ValueError:
                    self._all.widen(value)
                    self._all.cells[at] = value
                self._packed += packed < 0
            return ABSENT if packed < 0 else packed
        loose = self._loose
        if value is ABSENT:
            return loose.pop(key, ABSENT)
        old = loose.get(key, ABSENT)
        loose[key] = value  # type: ignore[assignment]
        if len(loose) >= self._look_at:
            self._look_through()
        return old

    def _look_through(self) -> None:
        """Pack the blocks that have become dense into leaves."""
        keys = np.fromiter(self._loose, np.int64, len(self._loose))
        values = np.fromiter(self._loose.values(), np.int64, len(self._loose))
        self._loose = {}
        order = np.argsort(keys)
        self._pack(keys[order], values[order])
        self._look_at = 2 * len(self._loose) + _FIRST_LOOK

    def load(self, keys: I64, values: I64) -> None:
        """Set many records; of several with the same key the last one counts."""
        if not len(keys):
            return
        keys, values = ascending(keys, values)
        if self._leaves:
            keys, values = self._into_leaves(keys, values)
        if self._loose:
            keys, values = self._with_loose(keys, values)
        self._pack(keys, values)

    def _into_leaves(self, keys: I64, values: I64) -> tuple[I64, I64]:
        """Set the records whose blocks have a leaf; returns the others. Keys ascend."""
        starts, counts = blocks_in(keys)
        self._all.widen(int(values.max()))
        rest = np.ones(len(keys), np.bool_)
        for start, count in zip(starts.tolist(), counts.tolist(), strict=True):
            first, part = int(keys[start]), slice(start, start + count)
            if first >> BITS not in self._leaves:
                continue
            places, at = self._all.places, self._leaves[first >> BITS] | keys[part] & LAST
            self._packed += int(np.count_nonzero(places[at] == NONE))
            places[at] = values[part]
            rest[part] = False
        return keys[rest], values[rest]

    def _with_loose(self, keys: I64, values: I64) -> tuple[I64, I64]:
        """The records, and those that are loose in the same blocks, which are taken out. Keys ascend."""
        loose = np.fromiter(self._loose, np.int64, len(self._loose))
        loose = loose[np.isin(loose >> BITS, keys >> BITS)]
        old = np.fromiter((self._loose.pop(key) for key in loose.tolist()), np.int64, len(loose))
        return ascending(np.concatenate((loose, keys)), np.concatenate((old, values)))

    def _pack(self, keys: I64, values: I64) -> None:
        """Add records, ascending by key, of blocks that have none yet."""
        if len(keys) < DENSE[0]:
            self._loose.update(zip(keys.tolist(), values.tolist(), strict=True))
            return
        pack_rows(self._all, (self,), np.array([len(keys)]), keys, values)


def pack_rows(all_: Leaves, rows: Sequence[PackedRecords], ends: I64, keys: I64, values: I64) -> None:
    """Add records of blocks that have none yet: the first of `rows` gets those before the first of `ends`, and so on.

    Within each the keys ascend. `all_`: the leaves of their store.
    """
    leaves, loose, loose_ends = packed(all_, keys, values, ends)
    start = 0
    for row, end in zip(rows, loose_ends, strict=True):
        if end > start:
            row._loose.update(loose[start:end])
        start = end
    for number, block, count, leaf in leaves:
        row = rows[number]
        if not row._leaves:
            row._leaves = {}
        row._leaves[block] = leaf
        row._packed += count
