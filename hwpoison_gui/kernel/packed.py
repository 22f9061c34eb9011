"""Stores that need 1 to 8 bytes per record: page tables, page caches, the swap map.

They are built like page tables. Keys are divided into blocks of 512. A block with enough records is a leaf, an array
with one place per key, as narrow as its values allow; the records of all other blocks are in a dictionary.
"""

from __future__ import annotations

from array import array
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from itertools import repeat
from types import MappingProxyType
from typing import Any, Final, TypeVar, overload

import numpy as np
import numpy.typing as npt

from .gate import ABSENT, _Absent
from .packed_blocks import BITS, CODES, DENSE, EMPTY, LAST, MOST, NONE, ascending, blocks_in, packed, places_of

I64 = npt.NDArray[np.int64]
D = TypeVar("D")

_FIRST_LOOK: Final = 64  # number of loose records at which blocks that became dense are first packed
_NO_LEAVES: Final[dict[int, array[int]]] = {}  # shared, so that ten thousand small ones stay in the cache


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

    __slots__ = ("_block", "_leaf", "_leaves", "_look_at", "_loose", "_packed")

    def __init__(self) -> None:
        self._leaves = _NO_LEAVES  # by key >> 9
        # The leaf read last, and its key there. In a crowd each address space is read at one place, and the memory of
        # ten thousand dictionaries is not in the processor's caches.
        self._block, self._leaf = NONE, EMPTY[0]
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
        value = leaf[key & LAST]
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
        places = np.concatenate([places_of(leaf) for leaf in self._leaves.values()])
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
            begin = block << BITS
            start = max(first, begin)
            places = leaves[block][start - begin : max(start, last) - begin]
            found += [(key, value) for key, value in enumerate(places, start) if value >= 0]
        return sorted(found)

    def copy(self) -> PackedRecords:
        """Return an independent copy."""
        made = PackedRecords()
        made._leaves = {block: leaf[:] for block, leaf in self._leaves.items()}
        made._packed, made._loose, made._look_at = self._packed, dict(self._loose), self._look_at
        return made

    # -- used by the stores only

    def read(self, block: int, key: int) -> int:
        """The value of a key, negative if there is none; remembers the leaf. `block` is key >> 9."""
        leaf = self._leaves.get(block)
        if leaf is None:
            return self._loose.get(key, NONE)
        self._block, self._leaf = block, leaf
        return leaf[key & LAST]

    def swap(self, key: int, value: int | _Absent) -> int | _Absent:
        """Set a record, or delete it (ABSENT), and return the old value."""
        leaf = self._leaves.get(key >> BITS)
        if leaf is not None:
            at = key & LAST
            packed = leaf[at]
            if value is ABSENT:
                leaf[at] = NONE
                self._packed -= packed >= 0
            else:
                try:
                    leaf[at] = value  # type: ignore[assignment]  # there is one ABSENT
                except OverflowError:
                    self.leaf_for(key, value)[at] = value  # type: ignore[arg-type,assignment]
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

    def leaf_for(self, key: int, value: int) -> array[int]:
        """Return the leaf of a key, which is there, after making it as wide as `value` needs."""
        leaf, width = self._leaves[key >> BITS], int(np.searchsorted(MOST, value))
        if width > CODES.index(leaf.typecode):
            leaf = self._leaves[key >> BITS] = array(CODES[width], leaf)
            self._block = NONE  # what was read last may be the narrower leaf
        return leaf

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
        keys, values = ascending(keys, values)
        if self._leaves:
            keys, values = self._into_leaves(keys, values)
        if self._loose:
            keys, values = self._with_loose(keys, values)
        self._pack(keys, values)

    def _into_leaves(self, keys: I64, values: I64) -> tuple[I64, I64]:
        """Set the records whose blocks have a leaf; returns the others. Keys ascend."""
        starts, counts = blocks_in(keys)
        rest = np.ones(len(keys), np.bool_)
        for start, count in zip(starts.tolist(), counts.tolist(), strict=True):
            first, part = int(keys[start]), slice(start, start + count)
            if first >> BITS not in self._leaves:
                continue
            places, at = places_of(self.leaf_for(first, int(values[part].max()))), keys[part] & LAST
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
        _pack_rows((self,), np.array([len(keys)]), keys, values)


def _pack_rows(rows: Sequence[PackedRecords], ends: I64, keys: I64, values: I64) -> None:
    """Add records of blocks that have none yet: the first of `rows` gets those before the first of `ends`, and so on.

    Within each the keys ascend.
    """
    leaves, loose, loose_ends = packed(keys, values, ends)
    start = 0
    for row, end in zip(rows, loose_ends, strict=True):
        if end > start:
            row._loose.update(loose[start:end])
        start = end
    for number, block, count, leaf in leaves:
        row = rows[number]
        if not row._leaves:
            row._leaves = {}
        row._leaves[block] = row._leaf = leaf
        row._block = block
        row._packed += count


class Pairs(Sequence[tuple[int, int]]):
    """Keys of a nested table, as many of both columns; a pair is made when it is read."""

    __slots__ = ("inners", "outers")

    def __init__(self, outers: Sequence[int], inners: Sequence[int]) -> None:
        self.outers, self.inners = outers, inners

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
            return Pairs(self.outers[at], self.inners[at])
        return self.outers[at], self.inners[at]


_NOTHING: Final = PackedRecords()
_NO_RECORDS: Final[tuple[I64, I64]] = (np.zeros(0, np.int64), np.zeros(0, np.int64))


class PackedNestedTable:
    """A NestedTable from integers to integers. Values must not be negative nor need more than 63 bits."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.version = 0  # as of Table
        self._data: dict[int, PackedRecords] = {}
        self.view: Mapping[int, Mapping[int, int]] = MappingProxyType(self._data)

    def of(self, outer: int) -> Mapping[int, int]:
        """Return all records of `outer` by inner key, empty if there are none."""
        return self._data.get(outer, _NOTHING)

    def arrays(self, outer: int) -> tuple[I64, I64]:
        """Return the inner keys of `outer`, ascending, and their values: faster than `of` for reading all records."""
        records = self._data.get(outer)
        return _NO_RECORDS if records is None else records.arrays()

    def pairs(self, outer: int) -> list[tuple[int, int]]:
        """Return the records of `outer`, ascending: faster than `arrays` where they are few."""
        records = self._data.get(outer)
        if records is None:
            return []
        return list(records.items()) if records._leaves else sorted(records._loose.items())

    def between(self, outer: int, first: int, last: int) -> list[tuple[int, int]]:
        """Return the records of `outer` with first <= inner key < last, ascending."""
        records = self._data.get(outer)
        return [] if records is None else records.between(first, last)

    def value(self, outer: int, inner: int) -> int:
        """Return the value of a record, or 0 if there is none; faster than `get` and `of`."""
        records = self._data.get(outer)
        if records is None:
            return 0
        leaf = records._leaves.get(inner >> BITS)
        if leaf is None:
            return records._loose.get(inner, 0)
        value = leaf[inner & LAST]
        return 0 if value < 0 else value

    def values(self, keys: Pairs) -> I64:
        """`value` for each key."""
        of_each = map(self._data.get, keys.outers, repeat(_NOTHING))
        found = [
            records._leaf[inner & LAST] if records._block == inner >> BITS else records.read(inner >> BITS, inner)
            for records, inner in zip(of_each, keys.inners, strict=True)
        ]
        return np.maximum(np.array(found, np.int64), 0)

    def get(self, key: tuple[int, int]) -> int | _Absent:
        records = self._data.get(key[0])
        return ABSENT if records is None else records.get(key[1], ABSENT)

    def swap(self, key: tuple[int, int], value: int | _Absent) -> int | _Absent:
        self.version += 1
        outer, inner = key
        records = self._data.get(outer)
        if records is None:
            if value is ABSENT:
                return ABSENT
            records = self._data[outer] = PackedRecords()
        if value is ABSENT:
            old = records.swap(inner, value) if records._leaves else records._loose.pop(inner, ABSENT)
            if not (records._loose or records._packed):
                del self._data[outer]
            return old
        # The same as PackedRecords.swap(), inlined: this is the innermost loop for frames with many mappers.
        leaf = records._leaves.get(inner >> BITS)
        if leaf is None:
            return records.swap(inner, value)
        before = leaf[inner & LAST]
        try:
            leaf[inner & LAST] = value  # type: ignore[assignment]  # there is one ABSENT
        except OverflowError:
            records.leaf_for(inner, value)[inner & LAST] = value  # type: ignore[arg-type,assignment]
        if before < 0:
            records._packed += 1
            return ABSENT
        return before

    def swap_many(self, keys: Sequence[tuple[int, int]], values: Iterable[int | _Absent]) -> list[int | _Absent]:
        """`swap` for each of different keys."""
        self.version += 1
        data, olds = self._data, list[int | _Absent]()
        for key, value in zip(keys, values, strict=True):
            outer, inner = key
            records = data.get(outer, _NOTHING)
            in_leaf = records._block == inner >> BITS
            place, at = (records._leaf, inner & LAST) if in_leaf else (records._loose, inner)
            old = place[at] if in_leaf else records._loose.get(inner, NONE)
            if old < 0 or value is ABSENT:
                olds.append(self.swap(key, value))
            else:  # a record replaced by another stays where it is
                try:
                    place[at] = value  # type: ignore[assignment]  # there is one ABSENT
                except OverflowError:
                    self.swap(key, value)
                olds.append(old)
        return olds

    def load(self, outer: int, records: Mapping[int, int]) -> None:
        """Add records of one outer key at boot, without recording."""
        keys, values = np.fromiter(records, np.int64), np.fromiter(records.values(), np.int64)
        self.load_arrays(outer, keys, values)

    def load_arrays(self, outer: int, keys: I64, values: I64) -> None:
        """Add records of one outer key at boot, given as arrays of shape (records,)."""
        self.version += 1
        if len(keys):
            self._data.setdefault(outer, PackedRecords()).load(keys, values)

    def load_rows(self, counts: Mapping[int, int], keys: I64, values: I64) -> None:
        """Add at boot the records of outer keys that have none: as many as `counts` says, one outer key after another.

        Keys are not negative and ascend within each outer key.
        """
        self.version += 1
        rows = [PackedRecords() for _ in counts]
        if rows:
            _pack_rows(rows, np.cumsum([*counts.values()]), keys, values)
        self._data.update(zip(counts, rows, strict=True))

    # used by Whole only

    def take(self, outer: int) -> Mapping[int, int] | _Absent:
        """Remove an outer key and return its records, or ABSENT."""
        self.version += 1
        return self._data.pop(outer, ABSENT)

    def give(self, outer: int, records: Mapping[int, int]) -> None:
        """Set all records of an outer key that has none; the mapping is copied."""
        self.version += 1
        if isinstance(records, PackedRecords):
            self._data[outer] = records.copy()
        else:
            self.load(outer, records)

    def digest_into(self, hasher: Any) -> None:
        for outer in sorted(self._data):
            keys, values = self._data[outer].arrays()
            hasher.update(f"[{outer}]{len(keys)};".encode())
            hasher.update(keys.data)
            hasher.update(values.data)


class PackedTable:
    """A Table from integers to integers, with the same limits on values."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._records = PackedRecords()
        self.view: Mapping[int, int] = self._records

    def get(self, key: int) -> int | _Absent:
        return self._records.get(key, ABSENT)

    def swap(self, key: int, value: int | _Absent) -> int | _Absent:
        return self._records.swap(key, value)

    def load(self, records: Mapping[int, int]) -> None:
        """Add records at boot, without recording."""
        self.load_arrays(np.fromiter(records, np.int64), np.fromiter(records.values(), np.int64))

    def load_arrays(self, keys: I64, values: I64) -> None:
        """Add records at boot, given as arrays of shape (records,)."""
        self._records.load(keys, values)

    def arrays(self) -> tuple[I64, I64]:
        """Return all keys, ascending, and their values."""
        return self._records.arrays()

    def digest_into(self, hasher: Any) -> None:
        for column in self.arrays():
            hasher.update(column.data)
