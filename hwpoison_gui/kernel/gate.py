"""The gate: the only way to change a machine. It records each change together with the old value.

The state of a machine is a set of stores (columns of frames, tables of records). A change is (store, key, old, new);
its inverse swaps the last two, so nothing else in the program has undo code.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from types import MappingProxyType
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from .block_list import BlockList
from .changes_alike import ChangesAlike, Count, Each

K = TypeVar("K")
V = TypeVar("V")
O = TypeVar("O")  # noqa: E741  (outer key of a nested table)
I = TypeVar("I")  # noqa: E741  (inner key)
_Outer = TypeVar("_Outer", contravariant=True)


class _Absent:
    """The value read for a key that a table does not have; writing it deletes the key."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


class Store(Protocol):
    """A part of the machine's state that is changed through the gate."""

    name: str

    def swap(self, key: Any, value: Any) -> Any:
        """Set a value and return the old one; the gate makes every change through this method."""
        ...


class Many(Store, Protocol):
    """A store that can change many values at once."""

    def swap_many(self, keys: Sequence[Any], values: Sequence[Any]) -> list[Any]:
        """`swap` for each of different keys."""
        ...


class DigestibleStore(Store, Protocol):
    """A store that is included in the machine's digest."""

    def digest_into(self, hasher: Any) -> None: ...


# One change of one value: store, key, old, new. Walking forward sets the new value, walking back the old one. A plain
# tuple: a click may make half a million, and a record would take twice as long to make and to unpack.
Change: TypeAlias = tuple[Store, Any, Any, Any]


class Column:
    """One value per frame, in a numpy array indexed by pfn. `view` is read-only and always current."""

    def __init__(self, name: str, data: npt.NDArray[Any]) -> None:
        self.name = name
        self._data = data
        self.cells: Any = data.data  # written by the gate alone; a cell of it takes a third of the time of numpy
        self.view = data.view()
        self.view.flags.writeable = False

    def get(self, key: int) -> int:
        value: int = self.cells[key]
        return value

    def swap(self, key: int, value: int) -> int:
        cells = self.cells
        old: int = cells[key]
        cells[key] = value
        return old

    def swap_many(self, keys: Sequence[int], values: Iterable[int]) -> list[int]:
        """`swap` for each of different keys."""
        return list(map(self.swap, keys, values))

    def count(self, key: int, by: int, times: int) -> tuple[range, range]:
        """Add `by` to a cell `times` times; the values before and after each time."""
        old: int = self.cells[key]
        self.cells[key] = last = old + by * times
        return range(old, last, by), range(old + by, last + by, by)

    def load(self, where: Any, values: Any) -> None:
        """Set a slice or an index array at boot, without recording."""
        self._data[where] = values

    def digest_into(self, hasher: Any) -> None:
        hasher.update(np.ascontiguousarray(self._data).data)


class Cells:
    """Many cells of a column as one value: the key is an int64 array of pfns, the value their bytes (so they compare).

    For changes of thousands of frames at once, such as the end of an address space.
    """

    def __init__(self, column: Column) -> None:
        self.name = column.name
        self.column = column

    def swap(self, key: npt.NDArray[np.int64], value: bytes) -> bytes:
        old: bytes = self.column.view[key].tobytes()
        self.column.load(key, np.frombuffer(value, self.column.view.dtype))
        return old


class Table(Generic[K, V]):
    """A table of records by key; a missing key reads as ABSENT. Values must be immutable.

    `version` is another number after each change.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.version = 0
        self._data: dict[K, V] = {}
        self.view: Mapping[K, V] = MappingProxyType(self._data)

    def get(self, key: K) -> V | _Absent:
        return self._data.get(key, ABSENT)

    def swap(self, key: K, value: V | _Absent) -> V | _Absent:
        self.version += 1
        data = self._data
        if value is ABSENT:
            return data.pop(key, ABSENT)
        old = data.get(key, ABSENT)
        data[key] = value  # type: ignore[assignment]  # there is one ABSENT
        return old

    def swap_many(self, keys: Sequence[K], values: Iterable[V | _Absent]) -> list[V | _Absent]:
        """`swap` for each of different keys."""
        self.version += 1
        data, values = self._data, tuple(values)
        absent = sum([value is ABSENT for value in values])
        if absent:
            every = absent == len(values)
            return list(map(data.pop, keys, repeat(ABSENT)) if every else map(self.swap, keys, values))
        olds = list(map(data.get, keys, repeat(ABSENT)))
        data.update(zip(keys, values, strict=True))  # type: ignore[arg-type]  # none is ABSENT
        return olds

    def of_each(self, keys: Iterable[K]) -> list[V]:
        """The record of each key: several times as fast as by `view`. Raises KeyError where there is none."""
        return list(map(self._data.__getitem__, keys))

    def load(self, data: Mapping[K, V]) -> None:
        """Add records at boot, without recording."""
        self.version += 1
        self._data.update(data)

    def digest_into(self, hasher: Any) -> None:
        for key in sorted(self._data, key=repr):
            hasher.update(f"{key!r}={self._data[key]!r};".encode())


class WholeTable(Protocol[_Outer, I, V]):
    """A table with (outer, inner) keys in which all records of one outer key can be replaced at once."""

    name: str

    def take(self, outer: _Outer) -> Mapping[I, V] | _Absent:
        """Remove an outer key and return its records, which the table does not change any more, or ABSENT."""

    def give(self, outer: _Outer, records: Mapping[I, V]) -> None:
        """Set all records of an outer key that has none; the mapping is copied."""


class Whole(Generic[O, I, V]):
    """All records of an outer key as one value, a mapping that is never changed."""

    def __init__(self, table: WholeTable[O, I, V]) -> None:
        self.name = table.name
        self._table = table

    def swap(self, key: O, value: Mapping[I, V] | _Absent) -> Mapping[I, V] | _Absent:
        old = self._table.take(key)
        if not isinstance(value, _Absent):
            self._table.give(key, value)
        return old


class NestedTable(Generic[O, I, V]):
    """A table with (outer, inner) keys that gives access to all records of an outer key. `version`: see Table."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.version = 0
        self._data: dict[O, dict[I, V]] = {}
        self.view: Mapping[O, Mapping[I, V]] = MappingProxyType(self._data)

    def of(self, outer: O) -> Mapping[I, V]:
        """Return all records of `outer` by inner key, empty if there are none. Must not be changed by the caller."""
        return self._data.get(outer, _EMPTY)

    def get(self, key: tuple[O, I]) -> V | _Absent:
        return self.of(key[0]).get(key[1], ABSENT)

    def swap(self, key: tuple[O, I], value: V | _Absent) -> V | _Absent:
        self.version += 1
        outer, inner = key
        records = self._data.get(outer)
        if value is not ABSENT:
            if records is None:
                records = self._data[outer] = {}
            old = records.get(inner, ABSENT)
            records[inner] = value  # type: ignore[assignment]  # there is one ABSENT
            return old
        if records is None:
            return ABSENT
        old = records.pop(inner, ABSENT)
        if not records:
            del self._data[outer]
        return old

    def load(self, outer: O, records: Mapping[I, V]) -> None:
        """Add records of one outer key at boot, without recording."""
        self.version += 1
        if records:
            self._data.setdefault(outer, {}).update(records)

    # used by Whole only

    def take(self, outer: O) -> Mapping[I, V] | _Absent:
        self.version += 1
        return self._data.pop(outer, ABSENT)

    def give(self, outer: O, records: Mapping[I, V]) -> None:
        self.load(outer, records)

    def digest_into(self, hasher: Any) -> None:
        for outer in sorted(self._data, key=repr):
            hasher.update(f"[{outer!r}]".encode())
            records = self._data[outer]
            for inner in sorted(records, key=repr):
                hasher.update(f"{inner!r}={records[inner]!r};".encode())


_EMPTY: Final[Mapping[Any, Any]] = MappingProxyType({})


class SortedSets:
    """A number of sorted sets of integers: the free lists of the buddy allocator.

    The key is (which, member), the value True or ABSENT. The order of a set depends only on its members, so walking
    back and forth can never reorder a free list.
    """

    def __init__(self, name: str, count: int) -> None:
        self.name = name
        self.count = count
        self._data: list[list[int]] = [[] for _ in range(count)]

    def of(self, which: int) -> Sequence[int]:
        """Return the members of set `which`, ascending. Must not be changed by the caller."""
        return self._data[which]

    def get(self, key: tuple[int, int]) -> bool | _Absent:
        members = self._data[key[0]]
        at = bisect_left(members, key[1])
        return True if at < len(members) and members[at] == key[1] else ABSENT

    def swap(self, key: tuple[int, int], value: bool | _Absent) -> bool | _Absent:
        members = self._data[key[0]]
        at = bisect_left(members, key[1])
        there = at < len(members) and members[at] == key[1]
        if value is ABSENT and there:
            del members[at]
        elif value is not ABSENT and not there:
            members.insert(at, key[1])
        return True if there else ABSENT

    def has(self, which: int, member: int) -> bool:
        """Return whether `member` is in set `which`."""
        members = self._data[which]
        at = bisect_left(members, member)
        return at < len(members) and members[at] == member

    def swap_many(self, keys: Sequence[tuple[int, int]], values: Iterable[bool | _Absent]) -> list[bool | _Absent]:
        """`swap` for each of different keys."""
        return list(map(self.swap, keys, values))

    def load(self, which: int, members: Iterable[int]) -> None:
        """Set the members of one set at boot, without recording."""
        self._data[which] = sorted(members)

    def digest_into(self, hasher: Any) -> None:
        for members in self._data:
            hasher.update(f"{members!r};".encode())


class Gate:
    """Holds the stores and makes every change. `_recording` is None while the machine boots."""

    def __init__(self) -> None:
        self._stores: dict[str, DigestibleStore] = {}
        self._recorded = BlockList[Change]()
        self._recording: list[Change | None] | None = None  # its items

    def add(self, store: Any) -> Any:
        """Register a store and return it; its name must be unique."""
        assert store.name not in self._stores, store.name
        self._stores[store.name] = store
        return store

    def put(self, store: Store, key: Any, new: Any) -> None:
        """Set `store[key]` to `new` (ABSENT deletes it) and record the change, unless the value is the same."""
        old = store.swap(key, new)
        if old is new or old == new or self._recording is None:
            return
        self._recording.append((store, key, old, new))

    def delete(self, store: Store, key: Any) -> None:
        """Remove `store[key]` and record the change, if it is there."""
        old = store.swap(key, ABSENT)
        if old is not ABSENT and self._recording is not None:
            self._recording.append((store, key, old, ABSENT))

    def put_each(self, store: Many, keys: Sequence[Any], news: Sequence[Any]) -> None:
        """`put` for each of different keys, none of which has its new value yet."""
        olds = store.swap_many(keys, news)
        if self._recording is not None:
            self._recording += zip(repeat(store), keys, olds, news)

    def increase(self, column: Column, key: int, amount: int) -> int:
        """Add `amount` (not 0) to a cell of a column, record the change, and return the new value."""
        cells = column.cells
        old: int = cells[key]
        cells[key] = new = old + amount
        if self._recording is not None:
            self._recording.append((column, key, old, new))
        return new

    def put_run(self, steps: int, columns: Sequence[Each | Count]) -> array[int]:
        """Make and remember the changes of many like steps, one of each column per step.

        Returns
        -------
        array of int64
            For each step, how many changes are recorded by its end.
        """
        changes, width = self.recorded, len(columns)
        first = len(changes)
        changes.extend(BlockList.of(ChangesAlike([column.make(steps) for column in columns], steps)))
        return array("q", np.arange(first + width, first + width * steps + 1, width).tobytes())

    def record(self) -> None:
        """Start to record changes."""
        self._recorded = BlockList()
        self._recording = self._recorded.items

    @property
    def recorded(self) -> BlockList[Change]:
        """The changes since the last `take`, oldest first, as a live view."""
        assert self._recording is not None, "the machine is still booting"
        return self._recorded

    @property
    def changed(self) -> bool:
        """True if there are changes to take."""
        return bool(self._recording)

    def take(self) -> BlockList[Change]:
        """Return the changes since the last call, oldest first."""
        return self.recorded.cut(0)

    def forward(self, changes: Iterable[Change]) -> None:
        """Redo recorded changes, oldest first; each value must be the recorded old one."""
        for store, key, old, new in changes:
            found = store.swap(key, new)
            if found is not old and found != old:
                raise AssertionError(store.name, key, old, new, found)

    def backward(self, changes: Sequence[Change]) -> None:
        """Undo recorded changes, newest first; each value must be the recorded new one."""
        for store, key, old, new in reversed(changes):
            found = store.swap(key, old)
            if found is not new and found != new:
                raise AssertionError(store.name, key, old, new, found)

    def digest(self) -> str:
        """Return the SHA-256 over all stores, in the order in which they were added, as hexadecimal digits."""
        import hashlib  # imported here to keep start-up fast

        hasher = hashlib.sha256()
        for store in self._stores.values():
            hasher.update(store.name.encode())
            store.digest_into(hasher)
        return hasher.hexdigest()

    def stores(self) -> Iterator[Store]:
        return iter(self._stores.values())
