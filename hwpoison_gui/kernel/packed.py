"""Stores that need 1 to 8 bytes per record (packed_records.py): page tables, page caches, the swap map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from hwpoison_gui.record import Record

from .gate import ABSENT, _Absent
from .packed_blocks import BITS, I64, LAST, NO_PLACES, NONE, Leaves, Pairs
from .packed_records import PackedRecords, pack_rows


class _Crowd(Record):
    """The leaves of keys of a nested table (`blocks`: the inner ones >> 9), in that version of its leaves."""

    outers: Sequence[int]
    blocks: I64
    leaves: I64
    version: int


_NOTHING: Final = PackedRecords()
_NO_RECORDS: Final[tuple[I64, I64]] = (np.zeros(0, np.int64), np.zeros(0, np.int64))


class PackedNestedTable:
    """A NestedTable from integers to integers. Values must not be negative nor need more than 63 bits."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.version = 0  # see Table
        self._leaves = Leaves()
        self._data: dict[int, PackedRecords] = {}
        self.view: Mapping[int, Mapping[int, int]] = MappingProxyType(self._data)
        self._crowd = _Crowd((), NO_PLACES, NO_PLACES, NONE)

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
        value: int = self._leaves.cells[leaf | inner & LAST]
        return 0 if value < 0 else value

    def values(self, keys: Pairs) -> I64:
        """`value` for each key."""
        places, data = self._places_of(keys), self._data
        found, packed = np.zeros(len(keys), np.int64), places >= 0
        found[packed] = self._leaves.places[places[packed]]
        if not packed.all():
            loose = np.flatnonzero(~packed)
            others = [keys[number] for number in loose.tolist()] if packed.any() else keys
            found[loose] = [data.get(outer, _NOTHING)._loose.get(inner, 0) for outer, inner in others]
        return np.maximum(found, 0)

    def _places_of(self, keys: Pairs) -> I64:
        """The place of each key in the leaves, negative if the key is in none. They are kept with the keys."""
        if keys.version != self._leaves.version:
            inners = np.asarray(keys.inners, np.int64)
            keys.places = self._leaf_of_each(keys.outers, inners >> BITS) | inners & LAST
            keys.version = self._leaves.version
        return keys.places

    def _leaf_of_each(self, outers: Sequence[int], blocks: I64) -> I64:
        """The leaf of each key, or NONE. The last are kept: whoever reads a page of a crowd reads another one next."""
        last, version = self._crowd, self._leaves.version
        if last.outers is not outers or last.version != version or not np.array_equal(last.blocks, blocks):
            of_each = map(self._data.get, outers, repeat(_NOTHING))
            found = [one._leaves.get(block, NONE) for one, block in zip(of_each, blocks.tolist(), strict=True)]
            self._crowd = last = _Crowd(outers, blocks, np.array(found, np.int64), version)
        return last.leaves

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
            records = self._data[outer] = PackedRecords(self._leaves)
        if value is ABSENT:
            old = records.swap(inner, value) if records._leaves else records._loose.pop(inner, ABSENT)
            if not (records._loose or records._packed):
                self._forget(outer)
            return old
        return records.swap(inner, value)

    def _forget(self, outer: int) -> PackedRecords | _Absent:
        """Remove an outer key; whoever has its records keeps their leaves, which are no places of its keys any more."""
        self._leaves.version += 1
        return self._data.pop(outer, ABSENT)

    def swap_many(self, keys: Sequence[tuple[int, int]], values: Sequence[int | _Absent]) -> list[int | _Absent]:
        """`swap` for each of different keys."""
        self.version += 1
        if isinstance(keys, Pairs) and (replaced := self._replace(keys, values)):
            return replaced
        data, olds = self._data, list[int | _Absent]()
        for key, value in zip(keys, values, strict=True):
            outer, inner = key
            loose = data.get(outer, _NOTHING)._loose
            old = loose.get(inner, NONE)
            if old < 0 or isinstance(value, _Absent):
                olds.append(self.swap(key, value))
            else:
                loose[inner] = value
                olds.append(old)
        return olds

    def _replace(self, keys: Pairs, values: Sequence[int | _Absent]) -> list[int | _Absent]:
        """Replace records in leaves by others, at once; does nothing, and returns no old values, if any is not so."""
        places, distinct = self._places_of(keys), set(values)
        if not distinct or ABSENT in distinct or places.min() < 0:
            return []
        olds = self._leaves.places[places]
        if olds.min() < 0:
            return []
        self._leaves.widen(max(distinct))  # type: ignore[type-var,arg-type]  # none is ABSENT
        self._leaves.places[places] = values
        return olds.tolist()  # type: ignore[no-any-return]

    def load(self, outer: int, records: Mapping[int, int]) -> None:
        """Add records of one outer key at boot, without recording."""
        keys, values = np.fromiter(records, np.int64), np.fromiter(records.values(), np.int64)
        self.load_arrays(outer, keys, values)

    def load_arrays(self, outer: int, keys: I64, values: I64) -> None:
        """Add records of one outer key at boot, given as arrays of shape (records,)."""
        self.version += 1
        if len(keys):
            self._records(outer).load(keys, values)

    def _records(self, outer: int) -> PackedRecords:
        """The records of `outer`, which may be none yet."""
        records = self._data.get(outer)
        if records is None:
            records = self._data[outer] = PackedRecords(self._leaves)
        return records

    def load_rows(self, counts: Mapping[int, int], keys: I64, values: I64) -> None:
        """Add at boot the records of outer keys that have none: as many as `counts` says, one outer key after another.

        Keys are not negative and ascend within each outer key.
        """
        self.version += 1
        rows = [PackedRecords(self._leaves) for _ in counts]
        if rows:
            pack_rows(self._leaves, rows, np.cumsum([*counts.values()]), keys, values)
        self._data.update(zip(counts, rows, strict=True))

    # used by Whole only

    def take(self, outer: int) -> Mapping[int, int] | _Absent:
        """Remove an outer key and return its records, or ABSENT."""
        self.version += 1
        return self._forget(outer)

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
