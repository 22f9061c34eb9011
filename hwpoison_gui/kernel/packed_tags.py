"""A store of strings of which few are distinct, such as the content of frames, at 1 to 8 bytes per record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

import numpy as np

from .gate import ABSENT, _Absent
from .packed_records import I64, PackedRecords

D = TypeVar("D")


class _Tags(Mapping[int, str]):
    """The live view of a PackedTags."""

    def __init__(self, numbers: PackedRecords, tags: list[str]) -> None:
        self._numbers = numbers
        self._tags = tags

    @overload
    def get(self, key: int) -> str | None: ...
    @overload
    def get(self, key: int, default: D) -> str | D: ...
    def get(self, key: int, default: Any = None) -> Any:
        """Return the value of a key, or `default`."""
        number = self._numbers.get(key)
        return default if number is None else self._tags[number]

    def __getitem__(self, key: int) -> str:
        return self._tags[self._numbers[key]]

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)


class PackedTags:
    """A Table from integers to strings of which few are distinct, such as the content of frames."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._records = PackedRecords()
        self._tags: list[str] = []  # the record of a key is an index into it
        self._numbers: dict[str, int] = {}
        self.view: Mapping[int, str] = _Tags(self._records, self._tags)

    def get(self, key: int) -> str | _Absent:
        number = self._records.get(key)
        return ABSENT if number is None else self._tags[number]

    def swap(self, key: int, value: str | _Absent) -> str | _Absent:
        old = self._records.swap(key, value if isinstance(value, _Absent) else self._number_of(value))
        return old if isinstance(old, _Absent) else self._tags[old]

    def _number_of(self, tag: str) -> int:
        number = self._numbers.setdefault(tag, len(self._tags))
        if number == len(self._tags):
            self._tags.append(tag)
        return number

    def load(self, keys: I64, tag: str) -> None:
        """Add records of one value at boot, given their keys."""
        self.load_arrays(keys, np.zeros(len(keys), np.int64), [tag])

    def load_arrays(self, keys: I64, numbers: I64, tags: Sequence[str]) -> None:
        """Add records at boot: each key has the value `tags[number]`."""
        ours = np.array([self._number_of(tag) for tag in tags], np.int64)
        self._records.load(keys, ours[numbers])

    def arrays(self) -> tuple[I64, I64, tuple[str, ...]]:
        """Return all keys, ascending, and for each the place of its value among the values, which come last."""
        return *self._records.arrays(), tuple(self._tags)

    def digest_into(self, hasher: Any) -> None:
        keys, numbers = self._records.arrays()
        for number in sorted(np.unique(numbers).tolist(), key=self._tags.__getitem__):
            found = keys[numbers == number]
            hasher.update(f"[{self._tags[number]!r}]{len(found)};".encode())
            hasher.update(found.data)
