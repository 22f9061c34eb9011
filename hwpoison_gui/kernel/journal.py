"""A store of records that are numbered from 0 on, and to which only the next is added, or many at once as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from .block_list import Alike, Block, BlockList
from .gate import ABSENT, _Absent

V = TypeVar("V")


class _Numbered(Mapping[int, V]):
    """The live view of a Journal."""

    def __init__(self, records: BlockList[V]) -> None:
        self._records = records

    def __getitem__(self, key: int) -> V:
        if not 0 <= key < len(self._records):
            raise KeyError(key)
        return self._records[key]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self._records)))


class Journal(Generic[V]):
    """A Table whose keys are 0, 1, 2 and so on: a record may be replaced; only the next may be added, the last deleted.

    Records that are added as `Alike` are made when one of them is read.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._records = BlockList[V]()
        self.view: Mapping[int, V] = _Numbered(self._records)

    def get(self, key: int) -> V | _Absent:
        return self.view.get(key, ABSENT)

    def swap(self, key: int, value: V | _Absent) -> V | _Absent:
        items = self._records.items
        if key == len(items):
            if not isinstance(value, _Absent):
                items.append(value)
            return ABSENT
        old = items[key] or self._records[key]
        if not isinstance(value, _Absent):
            items[key] = value
            return old
        assert key == len(items) - 1, "only the last record of a journal may be deleted"
        del items[key]
        return old

    def swap_many(self, keys: Sequence[int], values: Sequence[V]) -> list[_Absent]:
        """`swap` for each of the next keys."""
        assert keys == range(len(self._records), len(self._records) + len(values))
        self._records.extend(BlockList.of(values) if isinstance(values, Alike) else values)
        return [ABSENT] * len(values)

    def since(self, first: int) -> Iterator[list[V] | Block[V]]:
        """The records from number `first` on, in order: lists of those that are made, and the others as columns."""
        return self._records.parts(first)

    def load(self, records: Mapping[int, V]) -> None:
        """Add the next records at boot, without recording. Raises ValueError for records with other numbers."""
        first = len(self._records)
        if list(records) != list(range(first, first + len(records))):
            raise ValueError(f"{self.name}: records that are not the next")
        self._records.extend(records.values())

    def digest_into(self, hasher: Any) -> None:
        for key in sorted(self.view, key=repr):
            hasher.update(f"{key!r}={self.view[key]!r};".encode())
