"""The gate: the only way to change a machine, which remembers each change with its old value.

A machine's state is a set of stores (columns of frames, tables of records). A change is
(store, key, old, new); the inverse swaps the last two, so nothing else in the program has undo code.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

K = TypeVar("K")
V = TypeVar("V")
O = TypeVar("O")  # noqa: E741  (outer key of a nested table)
I = TypeVar("I")  # noqa: E741  (inner key)
_Outer = TypeVar("_Outer", contravariant=True)


class _Absent:
    """The value of a key that a table does not have; as `new` it deletes the key."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


class Store(Protocol):
    """Anything that holds state behind the gate."""

    name: str

    def get(self, key: Any) -> Any: ...

    def swap(self, key: Any, value: Any) -> Any:
        """Set a cell and return its old value. All changes come through here."""
        ...


class DigestibleStore(Store, Protocol):
    """A store that is part of a machine's digest."""

    def digest_into(self, hasher: Any) -> None: ...


class Change(NamedTuple):
    """One change of one cell: walking forward sets `new`, walking back sets `old`."""

    store: Store
    key: Any
    old: Any
    new: Any


_made: Final = tuple.__new__  # a change costs as much to name as to make, and there are many


class Column:
    """One numpy value a frame, index = pfn. `view` is read-only and always current."""

    def __init__(self, name: str, data: npt.NDArray[Any]) -> None:
        self.name = name
        self._data = data
        self.cells: Any = data.data  # for the gate alone; one cell of it costs a third of what numpy takes
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

    def load(self, where: Any, values: Any) -> None:
        """Fill a slice or an index array at boot, before anything is recorded."""
        self._data[where] = values

    def digest_into(self, hasher: Any) -> None:
        hasher.update(np.ascontiguousarray(self._data).data)


class Cells:
    """Many cells of a column as one: key an int64 array of pfns, value their bytes, so that values compare.

    For changes that are uniform over thousands of frames, such as the end of an address space.
    """

    def __init__(self, column: Column) -> None:
        self.name = column.name
        self.column = column

    def get(self, key: npt.NDArray[np.int64]) -> bytes:
        return self.column.view[key].tobytes()

    def swap(self, key: npt.NDArray[np.int64], value: bytes) -> bytes:
        old = self.get(key)
        self.column.load(key, np.frombuffer(value, self.column.view.dtype))
        return old


class Table(Generic[K, V]):
    """Records by key; a missing key reads as ABSENT. Values are immutable."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._data: dict[K, V] = {}
        self.view: Mapping[K, V] = MappingProxyType(self._data)

    def get(self, key: K) -> V | _Absent:
        return self._data.get(key, ABSENT)

    def swap(self, key: K, value: V | _Absent) -> V | _Absent:
        data = self._data
        if value is ABSENT:
            return data.pop(key, ABSENT)
        old = data.get(key, ABSENT)
        data[key] = value  # type: ignore[assignment]  # there is one ABSENT
        return old

    def load(self, data: Mapping[K, V]) -> None:
        """Fill at boot, before anything is recorded."""
        self._data.update(data)

    def digest_into(self, hasher: Any) -> None:
        for key in sorted(self._data, key=repr):
            hasher.update(f"{key!r}={self._data[key]!r};".encode())


class WholeTable(Protocol[_Outer, I, V]):
    """A table by (outer, inner) key whose records of one outer key can be exchanged at once."""

    name: str

    def copy_of(self, outer: _Outer) -> Mapping[I, V] | _Absent:
        """The records of an outer key as they are now."""

    def take(self, outer: _Outer) -> Mapping[I, V] | _Absent:
        """Forget an outer key; its records, which nobody changes any more."""

    def give(self, outer: _Outer, records: Mapping[I, V]) -> None:
        """Set all records of an outer key that has none; they are copied."""


class Whole(Generic[O, I, V]):
    """All records of an outer key of a nested table as one value, a mapping that is never changed."""

    def __init__(self, table: WholeTable[O, I, V]) -> None:
        self.name = table.name
        self._table = table

    def get(self, key: O) -> Mapping[I, V] | _Absent:
        return self._table.copy_of(key)

    def swap(self, key: O, value: Mapping[I, V] | _Absent) -> Mapping[I, V] | _Absent:
        old = self._table.take(key)
        if not isinstance(value, _Absent):
            self._table.give(key, value)
        return old


class NestedTable(Generic[O, I, V]):
    """Records by (outer, inner) key, so that all of one outer key are at hand: `of(outer)`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._data: dict[O, dict[I, V]] = {}
        self.view: Mapping[O, Mapping[I, V]] = MappingProxyType(self._data)

    def of(self, outer: O) -> Mapping[I, V]:
        """All inner records of `outer`, empty when there are none. Not to be changed."""
        return self._data.get(outer, _EMPTY)

    def get(self, key: tuple[O, I]) -> V | _Absent:
        return self.of(key[0]).get(key[1], ABSENT)

    def swap(self, key: tuple[O, I], value: V | _Absent) -> V | _Absent:
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
        """Fill one outer key at boot, before anything is recorded."""
        if records:
            self._data.setdefault(outer, {}).update(records)

    # for Whole alone

    def copy_of(self, outer: O) -> Mapping[I, V] | _Absent:
        records = self._data.get(outer)
        return ABSENT if records is None else dict(records)

    def take(self, outer: O) -> Mapping[I, V] | _Absent:
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
    """A sorted set of integers for each small integer: the free lists of the buddy allocator.

    Key (which, member), value True or ABSENT. The order of a set depends on its members alone,
    so walking back and forth can never reorder a free list.
    """

    def __init__(self, name: str, count: int) -> None:
        self.name = name
        self.count = count
        self._data: list[list[int]] = [[] for _ in range(count)]

    def of(self, which: int) -> Sequence[int]:
        """Members of set `which`, ascending. Not to be changed."""
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

    def load(self, which: int, members: Iterable[int]) -> None:
        """Fill one set at boot, before anything is recorded."""
        self._data[which] = sorted(members)

    def digest_into(self, hasher: Any) -> None:
        for members in self._data:
            hasher.update(f"{members!r};".encode())


class Gate:
    """Holds the stores and takes every change. `recording` is None only while a machine boots."""

    def __init__(self) -> None:
        self._stores: dict[str, DigestibleStore] = {}
        self._recording: list[Change] | None = None

    def add(self, store: Any) -> Any:
        """Put a store behind the gate and return it; its name must be new."""
        assert store.name not in self._stores, store.name
        self._stores[store.name] = store
        return store

    def put(self, store: Store, key: Any, new: Any) -> None:
        """Set `store[key]` to `new` (ABSENT deletes it) and remember it. No change, no record."""
        old = store.swap(key, new)
        if old is new or old == new or self._recording is None:
            return
        self._recording.append(_made(Change, (store, key, old, new)))

    def increase(self, column: Column, key: int, amount: int) -> int:
        """Add to a cell of a column and remember it; returns the new value. `amount` is not 0."""
        cells = column.cells
        old: int = cells[key]
        cells[key] = new = old + amount
        if self._recording is not None:
            self._recording.append(_made(Change, (column, key, old, new)))
        return new

    def record(self) -> None:
        """From now on every change is remembered."""
        self._recording = []

    @property
    def recorded(self) -> Sequence[Change]:
        """The changes since the last `take`, oldest first; it grows with each `put`."""
        assert self._recording is not None, "the machine is still booting"
        return self._recording

    @property
    def changed(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._recording)

    def take(self) -> tuple[Change, ...]:
        """The changes since the last call, oldest first."""
        assert self._recording is not None, "the machine is still booting"
        taken = tuple(self._recording)
        self._recording.clear()
        return taken

    def forward(self, changes: Iterable[Change]) -> None:
        """Make recorded changes again, oldest first."""
        for store, key, old, new in changes:
            found = store.swap(key, new)
            if found is not old and found != old:
                raise AssertionError(store.name, key, old, new, found)

    def backward(self, changes: Sequence[Change]) -> None:
        """Take recorded changes back, newest first."""
        for store, key, old, new in reversed(changes):
            found = store.swap(key, old)
            if found is not new and found != new:
                raise AssertionError(store.name, key, old, new, found)

    def digest(self) -> str:
        """SHA-256 over all stores in their order of addition, hexadecimal."""
        import hashlib  # a start has no time for it

        hasher = hashlib.sha256()
        for store in self._stores.values():
            hasher.update(store.name.encode())
            store.digest_into(hasher)
        return hasher.hexdigest()

    def stores(self) -> Iterator[Store]:
        return iter(self._stores.values())
