"""Results that are kept while the stores that they were computed from stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Versioned(Protocol):
    """A store with a number that is another one after each change."""

    @property
    def version(self) -> int: ...


class Memo(Generic[K, V]):
    """The results of a function for its last arguments, at most `most` of them."""

    def __init__(self, most: int, *stores: Versioned) -> None:
        self._most, self._stores = most, stores
        self._versions: list[int] = []
        self._kept: dict[K, V] = {}

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The result for `key`, by `make` unless it is kept."""
        versions = [store.version for store in self._stores]
        if versions != self._versions:
            self._kept.clear()
            self._versions = versions
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= self._most:
                self._kept.clear()
            found = self._kept[key] = make()
        return found
