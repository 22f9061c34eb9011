"""The gate: what is put can be read, walked back and walked again, and nothing else changes.

Every kind of store is held against a plain dictionary. A new kind is one more row of KINDS.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final, NamedTuple

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from hwpoison_gui.kernel.boot.fresh import fresh_machine
from hwpoison_gui.kernel.changes_alike import Count, Each
from hwpoison_gui.kernel.gate import ABSENT, Cells, Column, Gate, NestedTable, SortedSets, Table, Whole
from hwpoison_gui.kernel.journal import Journal
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.packed import PackedNestedTable, PackedTable
from hwpoison_gui.kernel.packed_records import PackedRecords
from hwpoison_gui.kernel.packed_tags import PackedTags
from hwpoison_gui.kernel.profile.registry import PROFILES

Key = Hashable
Model = dict[Key, Any]


class Kind(NamedTuple):
    """A kind of store: how one is made, some of its keys and values, and how a key that was never set reads."""

    make: Callable[[], Any]
    keys: tuple[Key, ...]
    values: tuple[Any, ...]
    empty: Any = ABSENT

    @property
    def puts(self) -> st.SearchStrategy[list[tuple[Key, Any]]]:
        values = (*self.values, self.empty)
        return st.lists(st.tuples(st.sampled_from(self.keys), st.sampled_from(values)), max_size=12)


def _column(dtype: Any) -> Callable[[], Column]:
    return lambda: Column("store", np.zeros(8, dtype))


_SETS: Final = tuple((which, member) for which in range(3) for member in (0, 4, 9))
_PAIRS: Final = tuple((outer, inner) for outer in (1, 2, 7) for inner in (0, 1, 512))
KINDS: Final[dict[str, Kind]] = {
    "column of flag words": Kind(_column(np.uint64), tuple(range(8)), (1, 1 << 40, (1 << 64) - 1), 0),
    "column of counts": Kind(_column(np.int32), tuple(range(8)), (1, 2, -1), 0),
    "table": Kind(lambda: Table("store"), ("a", "b", 3, 0), (0, "x", (1, 2))),
    "nested table": Kind(lambda: NestedTable("store"), _PAIRS, (1, 2, 0x7FFF_F067)),
    "packed table": Kind(lambda: PackedTable("store"), (0, 1, 512, 1 << 50), (0, 1, 0x7FFF_F067)),
    "packed tags": Kind(lambda: PackedTags("store"), (0, 1, 512, 1 << 50), ("disk", "newer", "x")),
    "packed nested table": Kind(lambda: PackedNestedTable("store"), _PAIRS, (1, 2, 0x7FFF_F067)),
    "sorted sets": Kind(lambda: SortedSets("store", 3), _SETS, (True,)),
}
few = settings(max_examples=25)
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def gate_of(kind: Kind) -> tuple[Gate, Any]:
    gate = Gate()
    store = gate.add(kind.make())
    gate.record()
    return gate, store


def read(kind: Kind, store: Any) -> Model:
    return {key: store.get(key) for key in kind.keys}


def put_all(gate: Gate, store: Any, puts: list[tuple[Key, Any]]) -> None:
    for key, value in puts:
        gate.put(store, key, value)


@each_kind
@few
@given(data=st.data())
def test_a_store_reads_as_a_dictionary(kind: Kind, data: st.DataObject) -> None:
    gate, store = gate_of(kind)
    model: Model = dict.fromkeys(kind.keys, kind.empty)
    for key, value in data.draw(kind.puts):
        gate.put(store, key, value)
        model[key] = value
        assert read(kind, store) == model


@each_kind
@few
@given(data=st.data())
def test_changes_say_what_was_and_what_is(kind: Kind, data: st.DataObject) -> None:
    gate, store = gate_of(kind)
    model: Model = dict.fromkeys(kind.keys, kind.empty)
    expected = []
    for key, value in data.draw(kind.puts):
        if model[key] != value:
            expected.append((store, key, model[key], value))
        gate.put(store, key, value)
        model[key] = value
    assert gate.changed is bool(expected)
    assert list(gate.recorded) == expected
    assert list(gate.take()) == expected
    assert not gate.changed and not gate.take()


@each_kind
@few
@given(data=st.data())
def test_what_is_walked_back_and_again_is_as_it_was(kind: Kind, data: st.DataObject) -> None:
    gate, store = gate_of(kind)
    put_all(gate, store, data.draw(kind.puts))
    gate.take()
    before, digest_before = read(kind, store), gate.digest()
    put_all(gate, store, data.draw(kind.puts))
    changes = gate.take()
    after, digest_after = read(kind, store), gate.digest()
    for _ in range(2):
        gate.backward(changes)
        assert (read(kind, store), gate.digest()) == (before, digest_before)
        gate.forward(changes)
        assert (read(kind, store), gate.digest()) == (after, digest_after)
    assert not gate.changed, "walking is no change"


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if hasattr(kind.make(), "swap_many")])
@few
@given(data=st.data())
def test_many_values_at_once_are_put_as_one_by_one(kind: Kind, data: st.DataObject) -> None:
    (gate, store), (other_gate, other) = gate_of(kind), gate_of(kind)
    puts = data.draw(kind.puts)
    put_all(gate, store, puts)
    put_all(other_gate, other, puts)
    wanted = st.sampled_from((*kind.values, kind.empty))
    news = {key: value for key in kind.keys if (value := data.draw(wanted)) != store.get(key)}
    put_all(gate, store, list(news.items()))
    other_gate.put_each(other, list(news), list(news.values()))
    assert [change[1:] for change in other_gate.take()] == [change[1:] for change in gate.take()]
    assert other_gate.digest() == gate.digest()


@few
@given(puts=KINDS["table"].puts, steps=st.integers(1, 4), by=st.sampled_from((0, -1, 2)))
def test_a_run_is_put_as_its_steps_are_one_by_one(puts: list[tuple[Any, Any]], steps: int, by: int) -> None:
    """Whatever was recorded before, and wherever the changes are cut apart afterwards."""
    (gate, table), (other_gate, other) = gate_of(KINDS["table"]), gate_of(KINDS["table"])
    column, other_column = (one.add(Column("column", np.full(4, 9, np.int32))) for one in (gate, other_gate))
    put_all(gate, table, puts)
    put_all(other_gate, other, puts)
    keys, news = KINDS["table"].keys[:steps], [("new", number) for number in range(steps)]
    ends = gate.put_run(steps, (Each(table, keys, news), *[Count(column, 3, by)] * (by != 0)))
    for key, new, end in zip(keys, news, ends, strict=True):
        other_gate.put(other, key, new)
        if by:
            other_gate.increase(other_column, 3, by)
        assert end == len(other_gate.recorded)
    assert gate.digest() == other_gate.digest() and len(gate.recorded) == ends[-1]
    tail = gate.recorded.cut(ends[0])
    assert [change[1:] for change in (*gate.take(), *tail)] == [change[1:] for change in other_gate.take()]
    gate.backward(tail)
    assert column.get(3) == 9 + by and table.get(keys[0]) == news[0]


@each_kind
@few
@given(data=st.data())
def test_what_is_deleted_is_put_to_nothing(kind: Kind, data: st.DataObject) -> None:
    if kind.empty is not ABSENT:
        return
    (gate, store), (other_gate, other) = gate_of(kind), gate_of(kind)
    puts = data.draw(kind.puts)
    put_all(gate, store, puts)
    put_all(other_gate, other, puts)
    for key in data.draw(st.lists(st.sampled_from(kind.keys), max_size=4)):
        gate.put(store, key, ABSENT)
        other_gate.delete(other, key)
    assert [change[1:] for change in other_gate.take()] == [change[1:] for change in gate.take()]


@each_kind
def test_walking_over_another_value_is_an_error(kind: Kind) -> None:
    gate, store = gate_of(kind)
    key, value = kind.keys[0], kind.values[0]
    gate.put(store, key, value)
    changes = gate.take()
    with pytest.raises(AssertionError, match="store"):
        gate.forward(changes)
    gate.put(store, key, kind.empty)
    with pytest.raises(AssertionError, match=repr(kind.empty)):
        gate.backward(changes)


@each_kind
@few
@given(data=st.data())
def test_a_digest_tells_contents_apart_and_nothing_else(kind: Kind, data: st.DataObject) -> None:
    """It sees each cell, and neither the order of the puts nor what was there in between."""
    (gate, store), (other_gate, other) = gate_of(kind), gate_of(kind)
    put_all(gate, store, data.draw(kind.puts))
    put_all(other_gate, other, data.draw(kind.puts))
    model = read(kind, store)
    assert (gate.digest() == other_gate.digest()) is (read(kind, other) == model)
    put_all(other_gate, other, data.draw(st.permutations(list(model.items()))))
    assert gate.digest() == other_gate.digest()


@each_kind
def test_a_digest_tells_single_cells_apart(kind: Kind) -> None:
    seen = set()
    for key in kind.keys:
        for value in kind.values:
            gate, store = gate_of(kind)
            gate.put(store, key, value)
            seen.add(gate.digest())
    assert len(seen) == len(kind.keys) * len(kind.values)


def test_what_is_put_while_booting_is_not_remembered() -> None:
    gate = Gate()
    table = gate.add(Table("table"))
    gate.put(table, "a", 1)
    assert not gate.changed
    for early in (gate.take, lambda: gate.recorded):
        with pytest.raises(AssertionError, match="booting"):
            early()
    gate.record()
    assert table.get("a") == 1 and not gate.take()


def test_what_is_deleted_or_put_at_once_while_booting_is_not_remembered() -> None:
    gate = Gate()
    table = gate.add(Table("table"))
    gate.put_each(table, ["a", "b"], [1, 2])
    gate.delete(table, "b")
    assert dict(table.view) == {"a": 1} and not gate.changed


def test_each_key_of_a_table_needs_a_value() -> None:
    gate = Gate()
    table = gate.add(Table("table"))
    with pytest.raises(ValueError, match="shorter"):
        gate.put_each(table, ["a", "b"], [1])


def test_a_sorted_set_has_its_members_only() -> None:
    gate = Gate()
    sets = gate.add(SortedSets("sets", 2))
    for member in (3, 8):
        gate.put(sets, (1, member), True)
    assert [member for member in range(10) if sets.has(1, member)] == [3, 8]
    assert not any(sets.has(0, member) for member in range(10))


def test_a_name_is_given_once() -> None:
    gate = Gate()
    table = gate.add(Table("table"))
    with pytest.raises(AssertionError, match="table"):
        gate.add(Table("table"))
    assert list(gate.stores()) == [table]


def test_changes_of_several_stores_are_walked_in_their_order() -> None:
    gate = Gate()
    table, column = gate.add(Table("table")), gate.add(Column("column", np.zeros(4, np.int32)))
    gate.record()
    gate.put(column, 1, 5)
    gate.put(table, "a", 1)
    gate.put(column, 1, 6)
    changes = gate.take()
    assert [store for store, _, _, _ in changes] == [column, table, column]
    gate.backward(changes)
    assert column.get(1) == 0 and table.get("a") is ABSENT
    gate.forward(changes)
    assert column.get(1) == 6 and table.get("a") == 1


def test_a_change_is_seen_by_equality_not_by_identity() -> None:
    gate, table = gate_of(KINDS["table"])
    gate.put(table, "a", (1, 2))
    gate.put(table, "a", tuple([1, 2]))
    assert len(gate.take()) == 1


# -- Views


def test_a_view_follows_and_cannot_be_written_to() -> None:
    gate = Gate()
    table, nested = gate.add(Table("table")), gate.add(NestedTable("nested"))
    column = gate.add(Column("column", np.zeros(4, np.uint64)))
    views = table.view, nested.view, column.view
    gate.put(table, "a", 1)
    gate.put(nested, (1, 2), 3)
    gate.put(column, 2, 7)
    assert views[0] == {"a": 1} and views[1] == {1: {2: 3}} and views[2].tolist() == [0, 0, 7, 0]
    for view in views:
        with pytest.raises((TypeError, ValueError)):
            view[1] = 1


@few
@given(puts=KINDS["nested table"].puts)
def test_records_of_an_outer_key_are_at_hand_and_an_empty_one_is_gone(puts: list[tuple[Any, Any]]) -> None:
    gate, nested = gate_of(KINDS["nested table"])
    put_all(gate, nested, puts)
    model = {key: value for key, value in dict(puts).items() if value is not ABSENT}
    for outer in (1, 2, 7):
        assert dict(nested.of(outer)) == {inner: value for (one, inner), value in model.items() if one == outer}
    assert set(nested.view) == {outer for outer, _ in model}


@few
@given(puts=KINDS["sorted sets"].puts)
def test_a_set_is_in_order_whatever_came_first(puts: list[tuple[Any, Any]]) -> None:
    gate, sets = gate_of(KINDS["sorted sets"])
    put_all(gate, sets, puts)
    kept = {key for key, value in dict(puts).items() if value is True}
    for which in range(3):
        assert list(sets.of(which)) == sorted(member for one, member in kept if one == which)


def test_loading_fills_a_store_at_boot() -> None:
    table, nested, sets = Table("t"), NestedTable("n"), SortedSets("s", 2)
    column = Column("c", np.zeros(6, np.int32))
    table.load({1: 2})
    nested.load(1, {})
    nested.load(2, {3: 4})
    nested.load(2, {5: 6})
    sets.load(1, [9, 1, 4])
    column.load(slice(1, 3), 7)
    column.load(np.array([4, 5]), np.array([8, 9]))
    assert dict(table.view) == {1: 2}
    assert dict(nested.view) == {2: {3: 4, 5: 6}}, "nothing is kept for an outer key without records"
    assert list(sets.of(1)) == [1, 4, 9] and list(sets.of(0)) == []
    assert column.view.tolist() == [0, 7, 7, 0, 8, 9]


# -- Many cells at once


@few
@given(
    first=st.lists(st.integers(0, 9), min_size=8, max_size=8),
    pfns=st.sets(st.integers(0, 7), min_size=1),
    values=st.lists(st.integers(0, 9), min_size=8, max_size=8),
)
def test_many_cells_are_one_change_with_the_same_end(first: list[int], pfns: set[int], values: list[int]) -> None:
    gate, one_by_one = Gate(), Column("one by one", np.array(first, np.int32))
    column = Column("column", np.array(first, np.int32))
    gate.add(column)
    gate.record()
    keys = np.array(sorted(pfns))
    new = np.array(values[: len(keys)], np.int32)
    gate.put(Cells(column), keys, new.tobytes())
    for pfn, value in zip(sorted(pfns), values, strict=False):
        one_by_one.swap(pfn, value)
    assert column.view.tolist() == one_by_one.view.tolist()
    changes = gate.take()
    assert len(changes) == (column.view.tolist() != first)
    gate.backward(changes)
    assert column.view.tolist() == first
    gate.forward(changes)
    assert column.view.tolist() == one_by_one.view.tolist()
    assert Cells(column).name == "column"


def test_many_cells_that_are_not_as_they_were_are_an_error() -> None:
    gate, column = gate_of(KINDS["column of counts"])
    gate.put(Cells(column), np.array([1, 2]), np.array([5, 6], np.int32).tobytes())
    changes = gate.take()
    gate.put(column, 2, 9)
    with pytest.raises(AssertionError):
        gate.backward(changes)


@few
@given(puts=KINDS["nested table"].puts, records=st.dictionaries(st.integers(0, 3), st.integers(1, 3)))
def test_a_whole_table_of_an_outer_key_is_one_change(puts: list[tuple[Any, Any]], records: dict[int, int]) -> None:
    gate, nested = gate_of(KINDS["nested table"])
    put_all(gate, nested, puts)
    gate.take()
    before: Mapping[Any, Any] = {outer: dict(inner) for outer, inner in nested.view.items()}
    whole = Whole(nested)
    assert whole.name == nested.name
    gate.put(whole, 1, dict(records) if records else ABSENT)
    after = {**before, 1: records}
    if not records:
        after.pop(1)
    assert nested.view == after
    changes = gate.take()
    assert len(changes) == (before != after)
    gate.backward(changes)
    assert nested.view == before
    gate.forward(changes)
    assert nested.view == after


def test_a_whole_table_keeps_nothing_of_what_comes_later() -> None:
    """The value of a change stays as it was, whatever is put into the table afterwards."""
    gate, nested = gate_of(KINDS["nested table"])
    gate.put(nested, (1, 0), 5)
    gate.put(Whole(nested), 1, {3: 4})
    changes = gate.take()
    gate.put(nested, (1, 3), 9)
    gate.backward(gate.take())
    gate.backward(changes)
    assert nested.view == {}


# -- The stores of a machine


@pytest.fixture(scope="module", params=list(PROFILES))
def m(request: pytest.FixtureRequest) -> Machine:
    return fresh_machine(512, PROFILES[request.param])


def _some_cell(m: Machine, store: Any) -> tuple[Any, Any]:
    """A key of the store, and a value that is not there."""
    if isinstance(store, Column):
        return 300, int(store.get(300)) + 1
    if isinstance(store, SortedSets):
        return (0, 3), True
    if isinstance(store, PackedTable):
        return 9, 77
    if isinstance(store, PackedTags):
        return 9, "x"
    if isinstance(store, Journal):
        return len(store.view), 77
    return (1, 2) if hasattr(store, "of") else "new", 77


def test_a_digest_sees_every_store_of_a_machine(m: Machine) -> None:
    digest = m.gate.digest()
    seen = {digest}
    for store in m.gate.stores():
        m.put(store, *_some_cell(m, store))
        changes = m.gate.take()
        assert len(changes) == 1, store.name
        seen.add(m.gate.digest())
        m.gate.backward(changes)
        assert m.gate.digest() == digest, store.name
    assert len(seen) == 1 + len(list(m.gate.stores())), "no two stores are taken for each other"


def test_a_store_that_is_not_behind_the_gate_is_not_there(m: Machine) -> None:
    stores = {id(store) for store in m.gate.stores()}
    kinds = (Column, Table, Journal, NestedTable, PackedTable, PackedTags, PackedNestedTable, SortedSets)
    assert all(id(value) in stores for value in vars(m).values() if isinstance(value, kinds))


# -- Versions


@pytest.mark.parametrize(("make", "changes"), (
    (Table, (
        lambda table: table.swap(1, 1), lambda table: table.swap_many([1, 2], [2, 2]), lambda table: table.load({3: 3}),
    )),
    (NestedTable, (
        lambda table: table.swap((1, 1), 1), lambda table: table.take(1), lambda table: table.give(1, {1: 1}),
    )),
    (PackedNestedTable, (
        lambda table: table.swap((1, 1), 1), lambda table: table.swap_many([(1, 1)], [2]), lambda table: table.take(1),
        lambda table: table.load_rows({3: 1}, np.array([1]), np.array([1])), lambda table: table.load(4, {1: 1}),
        lambda table: table.give(1, {1: 1}), lambda table: table.give(2, PackedRecords()),
    )),
))  # fmt: skip
def test_a_table_never_has_a_version_again(
    make: Callable[[str], Any], changes: tuple[Callable[[Any], object], ...]
) -> None:
    """What is kept for a version (memo.py) is of the records that the table has now."""
    table = make("of numbers")
    seen = [table.version]
    for change in changes:
        change(table)
        seen.append(table.version)
    assert len(set(seen)) == len(seen)
