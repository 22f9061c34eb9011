"""Strides: what a thousand steps come to, taken at once, so that a walk far over the timeline stays short.

Of a cell only the value before the first change and the one after the last count; most cells of a long
operation change once, and whole tables are then exchanged by one call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from hwpoison_gui.kernel.gate import ABSENT, Cells, Change, Column, Gate, Part, Store, Whole


class Exchange(NamedTuple):
    """Cells of a store before and after a stride."""

    store: Store
    before: Part
    after: Part


class News(NamedTuple):
    """Which frames' columns changed, and which tables."""

    pfns: frozenset[int] = frozenset()
    tables: frozenset[str] = frozenset()


class Stride(NamedTuple):
    """`exchanges` is None where only the steps themselves can be walked."""

    news: News
    exchanges: tuple[Exchange, ...] | None

    def forward(self, gate: Gate) -> None:
        for store, before, after in self.exchanges or ():
            gate.exchange(store, before, after)

    def backward(self, gate: Gate) -> None:
        for store, before, after in self.exchanges or ():
            gate.exchange(store, after, before)


def news_of(changes: Iterable[Change]) -> News:
    """What changes are about."""
    pfns: set[int] = set()
    tables: set[str] = set()
    for store, key, _, _ in changes:
        if isinstance(store, Column):
            pfns.add(key)
        elif isinstance(store, Cells):
            pfns.update(key.tolist())
        else:
            tables.add(store.name)
    return News(frozenset(pfns), frozenset(tables))


def stride_of(changes: Iterable[Change]) -> Stride:
    """Of the changes of some steps, oldest first."""
    changes = tuple(changes)
    cells: dict[Store, dict[Any, tuple[Any, Any]]] = {}
    for store, key, old, new in changes:
        found = cells.get(store)
        if found is None:
            if isinstance(store, (Cells, Whole)):  # the same cells go by other keys elsewhere
                return Stride(news_of(changes), None)
            found = cells[store] = {}
        known = found.pop(key, None) if old is ABSENT else found.get(key)  # what comes anew stands at the end
        found[key] = (old if known is None else known[0]), new
    pfns = frozenset[int]().union(*(found for store, found in cells.items() if isinstance(store, Column)))
    tables = frozenset(store.name for store in cells if not isinstance(store, Column))
    return Stride(News(pfns, tables), tuple(_exchange(store, found) for store, found in cells.items()))


def _exchange(store: Store, cells: Mapping[Any, tuple[Any, Any]]) -> Exchange:
    changed = [(key, old, new) for key, (old, new) in cells.items() if old is not new and old != new]
    before = Part({key: old for key, old, _ in reversed(changed) if old is not ABSENT},
                  frozenset(key for key, old, _ in changed if old is ABSENT))  # fmt: skip
    after = Part({key: new for key, _, new in changed if new is not ABSENT},
                 frozenset(key for key, _, new in changed if new is ABSENT))  # fmt: skip
    return Exchange(store, before, after)
