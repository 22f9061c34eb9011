"""Changes of many steps that are alike, as columns: what `Gate.put_run` makes, and the gate records as one block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from hwpoison_gui.record import Record

if TYPE_CHECKING:
    from .gate import Change, Column, Many


class Changed(Record):
    """A column of changes: the store, its keys, and their values before and after each step."""

    store: Many
    keys: Sequence[Any]
    olds: Sequence[Any]
    news: Sequence[Any]


class Each(Record):
    """One change of a store per step: different keys, and for each a value that it does not have yet."""

    store: Many
    keys: Sequence[Any]
    news: Iterable[Any]

    def make(self, steps: int) -> Changed:
        """Make the changes; the gate alone calls it."""
        values = self.news if isinstance(self.news, Sequence) else tuple(self.news)
        assert len(self.keys) == len(values) == steps
        return Changed(self.store, self.keys, self.store.swap_many(self.keys, values), values)


class Count(Record):
    """A change of one cell of a column, the same amount a step."""

    store: Column
    key: int
    by: int

    def make(self, steps: int) -> Changed:
        """Make the changes; the gate alone calls it."""
        return Changed(self.store, [self.key] * steps, *self.store.count(self.key, self.by, steps))


class ChangesAlike(Record):
    """Changes of many steps, with one element of each column per step: those of a step follow each other."""

    columns: Sequence[Changed]
    steps: int

    @property
    def size(self) -> int:
        return len(self.columns) * self.steps

    def made(self) -> Iterator[Change]:
        """The changes one by one."""
        columns = [
            zip(repeat(store, self.steps), keys, olds, news, strict=True) for store, keys, olds, news in self.columns
        ]
        return chain.from_iterable(zip(*columns, strict=True))
