"""Packed stores against plain dictionaries: blocks that become dense, arrays at boot, ranges, copies."""

from __future__ import annotations

import hashlib

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hwpoison_gui.kernel.gate import ABSENT, Change, Gate, NestedTable, Whole, _Absent
from hwpoison_gui.kernel.packed import PackedNestedTable, PackedTable
from hwpoison_gui.kernel.packed_blocks import Leaves, Pairs
from hwpoison_gui.kernel.packed_records import PackedRecords
from hwpoison_gui.kernel.packed_tags import PackedTags

# Keys in blocks that fill up, at their edges, and far away from everything.
KEYS = st.one_of(st.integers(0, 1100), st.integers(510, 514), st.sampled_from([1 << 35, (1 << 35) + 511, 1 << 50]))
# Of each width of a leaf, and at the edges.
VALUES = st.one_of(st.integers(0, 127), st.sampled_from([128, (1 << 31) - 1, 1 << 31]), st.integers(0, 1 << 62))
OUTER = st.integers(1, 3)
RUNS = st.builds(range, st.integers(0, 600), st.integers(0, 800), st.integers(2, 9))


class Tables(RuleBasedStateMachine):
    """A packed table, and a table of dictionaries, to which the same is done; both can be walked back."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()
        self.packed: PackedNestedTable = self.gate.add(PackedNestedTable("packed"))
        self.plain: NestedTable[int, int, int] = self.gate.add(NestedTable("plain"))
        self.gate.record()
        self.done: list[tuple[Change, ...]] = []
        # Keys of a crowd that is read again and again: their places in leaves are kept.
        outers = (1, 2, 3, 1, 2, 3, 1)
        self.crowds = [Pairs(outers, [7, 7, 7, 513, 513, 513, 1 << 35]), Pairs(outers, [9, 9, 9, 600, 7, 7, 30])]
        self.part = self.crowds[0][1:3]

    def _put(self, key: object, value: object, whole: bool = False) -> None:
        for table in (self.packed, self.plain):
            self.gate.put(Whole(table) if whole else table, key, value)

    @rule(outer=OUTER, key=KEYS, value=VALUES)
    def put(self, outer: int, key: int, value: int) -> None:
        self._put((outer, key), value)

    @rule(outer=OUTER, key=KEYS)
    def delete(self, outer: int, key: int) -> None:
        self._put((outer, key), ABSENT)

    @rule(outer=OUTER, keys=RUNS, value=VALUES)
    def put_many(self, outer: int, keys: range, value: int) -> None:
        for key in keys:
            self._put((outer, key), value ^ key)

    @rule(outer=OUTER, keys=RUNS)
    def delete_many(self, outer: int, keys: range) -> None:
        for key in keys:
            self._put((outer, key), ABSENT)

    @rule(keys=st.lists(st.tuples(OUTER, KEYS), unique=True, max_size=9), value=st.one_of(VALUES, st.just(ABSENT)))
    def put_each(self, keys: list[tuple[int, int]], value: int | _Absent) -> None:
        keys = [key for key in keys if self.plain.get(key) != value]
        found = self.packed.values(Pairs([outer for outer, _ in keys], [key for _, key in keys]))
        assert found.tolist() == [self.plain.of(outer).get(key, 0) for outer, key in keys]
        self.gate.put_each(self.packed, keys, [value] * len(keys))
        for key in keys:
            self.gate.put(self.plain, key, value)

    @rule(outer=OUTER)
    def end(self, outer: int) -> None:
        self._put(outer, ABSENT, whole=True)

    @rule(outer=OUTER, records=st.dictionaries(KEYS, VALUES, min_size=1))
    def begin(self, outer: int, records: dict[int, int]) -> None:
        self._put(outer, records, whole=True)

    @rule()
    def remember(self) -> None:
        self.done.append(self.gate.take())

    @rule()
    def walk_back_and_again(self) -> None:
        self.done.append(self.gate.take())
        was = self.gate.digest()
        for changes in reversed(self.done):
            self.gate.backward(changes)
        assert not self.packed.view and not self.plain.view
        for changes in self.done:
            self.gate.forward(changes)
        assert self.gate.digest() == was

    @rule()
    def walk_back(self) -> None:
        self.gate.backward(self.gate.take())

    @rule(outer=OUTER, first=KEYS, size=st.integers(0, 1200))
    def range_of_keys(self, outer: int, first: int, size: int) -> None:
        inside = sorted(item for item in self.plain.of(outer).items() if first <= item[0] < first + size)
        assert self.packed.between(outer, first, first + size) == inside

    @rule(of=st.integers(0, 2), value=st.one_of(VALUES, st.just(ABSENT)))
    def put_a_crowd(self, of: int, value: int | _Absent) -> None:
        keys = (*self.crowds, self.part)[of]
        news = [value if self.plain.get(key) != value else 77 if value != 77 else 78 for key in keys]
        self.gate.put_each(self.packed, keys, news)
        for key, new in zip(keys, news, strict=True):
            self.gate.put(self.plain, key, new)

    @invariant()
    def crowds_are_same(self) -> None:
        for keys in (*self.crowds, self.part, self.crowds[1][2:]):
            assert self.packed.values(keys).tolist() == [self.plain.of(outer).get(key, 0) for outer, key in keys]

    @invariant()
    def same(self) -> None:
        assert set(self.packed.view) == set(self.plain.view)
        for outer, records in self.plain.view.items():
            ours = self.packed.of(outer)
            assert list(ours.items()) == sorted(records.items())
            assert list(ours) == sorted(records) and len(ours) == len(records)
            keys, values = self.packed.arrays(outer)
            assert dict(zip(keys.tolist(), values.tolist(), strict=True)) == records
            for key in (*list(records)[:3], 7, 513):
                assert self.packed.get((outer, key)) == records.get(key, ABSENT)
                assert self.packed.value(outer, key) == records.get(key, 0)
                assert ours.get(key, 0) == records.get(key, 0) and (key in ours) == (key in records)


Tables.TestCase.settings = settings(max_examples=40, stateful_step_count=20)
TestTables = Tables.TestCase


@given(st.lists(st.tuples(KEYS, VALUES), max_size=900))
def test_arrays_load_as_a_dictionary_does(records: list[tuple[int, int]]) -> None:
    """The last record of a key counts, in whatever order they come."""
    one, other, known = PackedNestedTable("one"), PackedNestedTable("other"), dict(records)
    keys, values = np.array(records, np.int64).reshape(-1, 2).T
    one.load_arrays(1, keys, values)
    other.load(1, known)
    assert one.view == other.view == ({1: known} if known else {})
    one.load_arrays(1, keys + 300, values)
    assert one.of(1) == known | {key + 300: value for key, value in records}


def test_equal_content_is_equal_however_it_came_to_be() -> None:
    loaded, put = PackedRecords(), PackedRecords()
    loaded.load(np.arange(1000), np.arange(1000))
    for key in (*range(0, 1000, 2), *range(1, 1000, 2), 5000):
        put.swap(key, key)
    assert loaded != put
    put.swap(5000, ABSENT)
    assert loaded == put == {key: key for key in range(1000)}
    one, other = PackedTable("x"), PackedTable("x")
    one.load_arrays(np.arange(700), np.arange(700))
    for key in reversed(range(700)):
        other.swap(key, key)
    assert one.view == other.view and list(one.view) == list(range(700))


def test_records_are_equal_if_all_keys_and_all_values_are() -> None:
    def records(keys: list[int], values: list[int]) -> PackedRecords:
        one = PackedRecords()
        one.load(np.array(keys), np.array(values))
        return one

    assert records([1, 2], [7, 8]) == records([1, 2], [7, 8])
    for keys, values in (([1, 2], [7, 9]), ([1, 3], [7, 8]), ([1, 2, 3], [7, 8, 9])):
        assert records([1, 2], [7, 8]) != records(keys, values)


def test_tags_are_equal_however_they_are_numbered() -> None:
    """Numbers go by the order in which values come first; neither the view nor the digest shows them."""

    def digest(store: PackedTags) -> str:
        hasher = hashlib.sha256()
        store.digest_into(hasher)
        return hasher.hexdigest()

    loaded, put = PackedTags("x"), PackedTags("x")
    loaded.load(np.arange(600), "disk")
    loaded.load(np.arange(300, 900), "newer")
    for key in reversed(range(900)):
        assert put.swap(key, "newer" if key >= 300 else "disk") is ABSENT
    assert put.swap(7, "x") == "disk" and put.get(7) == put.view[7] == "x" and put.swap(7, "disk") == "x"
    assert loaded.view == put.view == {key: "newer" if key >= 300 else "disk" for key in range(900)}
    assert digest(loaded) == digest(put)
    other = PackedTags("x")
    other.load_arrays(np.arange(900), np.repeat([0, 1], (300, 600)), ["newer", "disk"])
    assert digest(other) != digest(put) and other.view.get(900, "none") == "none" and 900 not in other.view
    assert put.swap(899, ABSENT) == "newer" and len(put.view) == 899 and digest(put) != digest(loaded)


def test_a_copy_does_not_follow() -> None:
    records = PackedRecords()
    records.load(np.array([*range(40), 5000]), np.arange(41))
    copy = records.copy()
    for key in (3, 5000, 9000):
        records.swap(key, 77)
    assert copy == dict(zip([*range(40), 5000], range(41), strict=True))


def test_no_records_may_be_loaded() -> None:
    records = PackedRecords()
    for _ in range(2):
        records.load(np.zeros(0, np.int64), np.zeros(0, np.int64))
        records.load(np.arange(40), np.arange(40))
    assert records == {key: key for key in range(40)}


def test_a_missing_key_is_an_error() -> None:
    records = PackedRecords()
    records.load(np.arange(40), np.arange(40))
    for key in (40, 511, 512):
        with pytest.raises(KeyError):
            records[key]
    assert [column.tolist() for column in PackedNestedTable("x").arrays(7)] == [[], []]


@pytest.mark.parametrize(("greatest", "most"), [(127, 2), (1 << 28, 5), (1 << 40, 10)])
def test_the_memory_of_a_dense_table_depends_on_its_values(greatest: int, most: int) -> None:
    import tracemalloc

    keys = np.arange(1 << 17) + (0x7F00_0000_0000 >> 12)
    tracemalloc.start()
    table = PackedNestedTable("x")
    table.load_arrays(1, keys, np.full(len(keys), greatest))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < most * len(keys)


@pytest.mark.parametrize("step", [1, 40], ids=["leaves", "dictionary"])
def test_a_leaf_becomes_wider_with_its_values(step: int) -> None:
    """By arrays, and by one value at a time; to and fro, as a change is walked back."""
    keys = np.arange(0, 2000, step)
    for wide in (128, 1 << 31, 1 << 60):
        table = PackedNestedTable("x")
        table.load_arrays(1, keys, keys % 100)
        expected = dict(zip(keys.tolist(), (keys % 100).tolist(), strict=True))
        table.load_arrays(1, keys[:9], np.full(9, wide))
        expected |= dict.fromkeys(keys[:9].tolist(), wide)
        before = [table.swap((1, 1200), wide), *table.swap_many([(1, 1600), (1, 1640)], [wide, 0])]
        assert before == [expected[key] for key in (1200, 1600, 1640)]
        assert table.of(1) == expected | {1200: wide, 1600: wide, 1640: 0}
        table.swap_many([(1, key) for key in (1200, 1600, 1640)], before)
        assert table.of(1) == expected


def test_keys_in_two_columns_are_pairs() -> None:
    keys = Pairs([1, 2, 3], [7, 8, 9])
    assert list(keys) == [(1, 7), (2, 8), (3, 9)] and len(keys) == 3
    assert keys[1] == (2, 8) and keys[-1] == (3, 9) and list(keys[1:]) == [(2, 8), (3, 9)]


PATTERNS = {
    "few": [3, 9, 700],
    "edge": [511, *range(512, 519)],
    "leaf": [*range(0, 512, 7)],
    "sparse": [*range(2900, 0, -40)],
    "both": [*range(600, 1300), 1040, 5000, 5100, 5003, *range(1 << 35, (1 << 35) + 40), 1, 2],
    "twice": [*range(40), 39, 39, 50, 50],
    "unsorted": [0, 600, 3, 1, 600, 2, 3, *range(60, 40, -1)],
}
GREATEST = (127, 255, 1 << 31, 1 << 60)


def values_of(keys: list[int], greatest: int) -> list[int]:
    """Different ones, zero and the greatest among them."""
    return [(0, greatest, key % 97, greatest - key % 3)[number % 4] for number, key in enumerate(keys)]


def assert_same(table: PackedNestedTable, records: dict[int, int]) -> None:
    """The table has these records of outer key 1, by every way of reading."""
    assert table.view == ({1: records} if records else {}) and len(table.of(1)) == len(records)
    assert table.pairs(1) == sorted(records.items()) and table.pairs(2) == []
    assert list(table.of(1).values()) == [value for _, value in sorted(records.items())]
    near = sorted({key + step for key in records for step in (-512, -1, 0, 1, 512, key << 9) if key + step >= 0})
    assert [table.value(1, key) for key in near] == [records.get(key, 0) for key in near] and table.value(2, 3) == 0
    for _ in range(2):  # the leaf read last is remembered
        assert table.values(Pairs([1] * len(near), near)).tolist() == [records.get(key, 0) for key in near]
    ends = [0, 3, 510, 512, 513, 1023, 1024, 1100, 3000, 5003, 5004, 1 << 36]
    for first, last in [(first, last) for first in ends for last in ends if first <= last]:
        inside = sorted(item for item in records.items() if first <= item[0] < last)
        assert table.between(1, first, last) == inside, (first, last)


@pytest.mark.parametrize("greatest", GREATEST)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_way_to_set_records_comes_to_the_same(pattern: str, greatest: int) -> None:
    """Onto each sort of table: dictionaries only, leaves only, both; the records are wider, or narrower."""
    keys = PATTERNS[pattern]
    values = values_of(keys, greatest)
    known = dict(zip(keys, values, strict=True))
    for there in ("few", "leaf", "both"):
        before = dict(zip(PATTERNS[there], values_of(PATTERNS[there], 1 << 20), strict=True))
        tables = [PackedNestedTable("x") for _ in range(3)]
        for table in tables:
            table.load(1, before)
            assert_same(table, before)
        loaded, put, many = tables
        loaded.load_arrays(1, np.array(keys), np.array(values))
        olds = {key: put.swap((1, key), value) for key, value in known.items()}
        many.values(Pairs([1] * len(known), list(known)))
        assert many.swap_many([(1, key) for key in known], known.values()) == [before.get(key, ABSENT) for key in known]
        assert olds == {key: before.get(key, ABSENT) for key in known}
        for table in tables:
            assert_same(table, before | known)
        for key, old in olds.items():
            assert put.swap((1, key), old) == known[key]
        many.swap_many([(1, key) for key in olds], olds.values())
        for table in (put, many):
            assert_same(table, before)
        for records in (loaded.of(1), put.of(1)):
            assert isinstance(records, PackedRecords)
            for value in (0, ABSENT, 0, ABSENT):  # a place that holds 0 is not an empty one
                records.swap(keys[0], value)
                assert len(records) == len(list(records))


def test_rows_load_as_one_after_another() -> None:
    rows = {
        9: [*range(9)],
        7: PATTERNS["leaf"],
        3: PATTERNS["few"],
        5: sorted({*PATTERNS["both"]}),
        4: [0, 1],
        6: [*range(40)],
        8: [*range(20, 60)],
    }
    keys = [key for row in rows.values() for key in row]
    values = values_of(keys, 1 << 31)
    table, each = PackedNestedTable("x"), PackedNestedTable("x")
    table.load_rows({outer: len(row) for outer, row in rows.items()}, np.array(keys), np.array(values))
    known = iter(values)
    for outer, row in rows.items():
        each.load(outer, {key: next(known) for key in row})
    assert table.view == each.view and set(table.view) == set(rows)
    table.load_rows({}, np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert table.view == each.view


def test_a_table_loads_records_in_any_order() -> None:
    table = PackedTable("x")
    table.load({9: 5, 3: 0, 1 << 40: 1 << 40})
    assert list(table.view.items()) == [(3, 0), (9, 5), (1 << 40, 1 << 40)]
    assert [table.get(3), table.get(4)] == [0, ABSENT]


def digest_of(table: PackedNestedTable | PackedTable | PackedTags) -> str:
    hasher = hashlib.sha256()
    table.digest_into(hasher)
    return hasher.hexdigest()


def test_a_digest_is_of_the_content_alone() -> None:
    contents = [{1: {2: 3}}, {1: {2: 4}}, {1: {3: 3}}, {2: {2: 3}}, {1: {2: 3}, 2: {5: 6}}, {1: {2: 3, 5: 6}}]
    digests = set()
    for content in contents:
        tables = [PackedNestedTable("x") for _ in range(2)]
        for table, order in zip(tables, (content, [*content][::-1]), strict=True):
            for outer in order:
                table.load(outer, content[outer])
        assert digest_of(tables[0]) == digest_of(tables[1])
        digests.add(digest_of(tables[0]))
    assert len(digests) == len(contents)
    one, other, third = PackedTable("x"), PackedTable("x"), PackedTable("x")
    one.load({1: 2})
    other.load({1: 3})
    third.load({2: 2})
    assert len({digest_of(table) for table in (one, other, third)}) == 3
    tags = [PackedTags("x") for _ in range(4)]
    for table, (keys, tag) in zip(tags, (([1, 2], "a"), ([1, 3], "a"), ([1, 2], "b"), ([1], "a")), strict=True):
        table.load(np.array(keys), tag)
    tags[3].swap(2, "b")
    assert len({digest_of(table) for table in tags}) == 4


def test_a_store_of_tags_gives_its_columns() -> None:
    tags = PackedTags("x")
    tags.load(np.array([4, 9]), "disk")
    tags.swap(6, "newer")
    keys, numbers, words = tags.arrays()
    assert [(key, words[number]) for key, number in zip(keys.tolist(), numbers.tolist(), strict=True)] == [
        (4, "disk"), (6, "newer"), (9, "disk"),
    ]  # fmt: skip


def test_a_place_of_many_leaves_is_read_and_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    table, count = PackedNestedTable("x"), 40
    for outer in range(count):
        table.load_arrays(outer, np.arange(30), np.arange(30) + outer)
    keys = Pairs(range(count), [5] * count)
    assert table.values(keys).tolist() == list(range(5, 5 + count))
    monkeypatch.setattr(table, "swap", None)
    assert table.swap_many(keys, [1 << 40] * count) == list(range(5, 5 + count)), "not one by one"
    assert table.swap_many(keys[3:5], [7, 9]) == [1 << 40] * 2
    monkeypatch.undo()
    assert table.values(keys).tolist() == [1 << 40] * 3 + [7, 9] + [1 << 40] * (count - 5)
    assert table.of(3) == {key: 7 if key == 5 else key + 3 for key in range(30)}


def test_records_of_a_crowd_are_replaced_by_smaller_and_greater_ones() -> None:
    """One by one where a leaf has no record at the key of some."""
    table, keys = PackedNestedTable("x"), Pairs([1, 2, 3], [5, 5, 5])
    for outer in (1, 2, 3):
        table.load_arrays(outer, np.arange(30), np.arange(30))
    assert table.swap_many(keys, [3, 1 << 40, 300]) == [5, 5, 5]
    assert table.values(keys).tolist() == [3, 1 << 40, 300]
    table.swap((2, 5), ABSENT)
    assert table.swap_many(keys, [7, 8, 1 << 50]) == [3, ABSENT, 300]
    assert table.values(keys).tolist() == [7, 8, 1 << 50] and table.of(2)[5] == 8
    assert table.swap_many(keys, [9, ABSENT, 9]) == [7, 8, 1 << 50] and 5 not in table.of(2)


def test_a_crowd_is_not_taken_for_another_at_the_same_addresses() -> None:
    """Nor at other addresses: the leaves of the last crowd are kept."""
    table = PackedNestedTable("ptes")
    for outer in range(1, 5):
        for key in range(1024):
            table.swap((outer, key), 10_000 * outer + key)
    assert all(len(table._data[outer]._leaves) == 2 for outer in range(1, 5)), "packed, not loose"
    one, other = (1, 2), (3, 4)
    for outers, inner in ((one, 5), (other, 5), (other, 6), (other, 517), (one, 517), (one, 518), (one, 5)):
        assert table.values(Pairs(outers, [inner] * 2)).tolist() == [10_000 * outer + inner for outer in outers]


def test_keys_are_not_taken_for_those_of_records_that_were_taken_away() -> None:
    table = PackedNestedTable("x")
    table.load_arrays(1, np.arange(30), np.arange(30) + 1)
    keys = Pairs([1, 1], [5, 6])
    assert table.values(keys).tolist() == [6, 7]
    taken = table.take(1)
    assert table.values(keys).tolist() == [0, 0] and table.swap_many(keys, [3, 4]) == [ABSENT] * 2
    assert taken == dict(zip(range(30), range(1, 31), strict=True)) and table.values(keys).tolist() == [3, 4]
    table = PackedNestedTable("x")
    table.load_arrays(1, np.arange(30), np.arange(30) + 1)
    kept = table.of(1)
    assert table.values(keys).tolist() == [6, 7]
    for key in range(30):
        table.swap((1, key), ABSENT)
    table.swap((1, 5), 9)
    assert table.values(keys).tolist() == [9, 0] and not kept


# -- Leaves


def test_leaves_of_records_that_are_gone_are_used_again() -> None:
    leaves = Leaves()
    records = [PackedRecords(leaves) for _ in range(9)]
    for one in records:
        one.load(np.arange(600), np.arange(600))
    room, copy = len(leaves.places), records[0].copy()
    assert room < (9 * 2 + 4) << 9
    del records[2:5], one
    again = PackedRecords(leaves)
    again.load(np.arange(0, 1500, 3), np.full(500, 7))
    assert len(leaves.places) <= room + (2 << 9)
    assert again == dict.fromkeys(range(0, 1500, 3), 7), "nothing is left of the records before"
    assert all(one == {key: key for key in range(600)} for one in (*records, copy))


def test_leaves_become_wider_and_more_with_what_they_hold() -> None:
    leaves = Leaves()
    first = leaves.new(2).tolist()
    assert leaves.places.itemsize == 1 and (leaves.places[: 2 << 9] == -1).all()
    leaves.cells[first[1] | 5] = 100
    for value, size in ((127, 1), (128, 4), (3, 4), ((1 << 31) - 1, 4), (1 << 31, 8), (127, 8)):
        assert leaves.widen(value) == (1, 4, 8).index(size)
        assert leaves.places.itemsize == size and leaves.cells[first[1] | 5] == leaves.places[first[1] | 5] == 100
    many = leaves.new(100).tolist()
    assert len({*first, *many}) == 102 and all(leaf % 512 == 0 for leaf in many)
    leaves.places[first[1] | 6] = 1 << 40
    (copy,) = leaves.copies_of([first[1]])
    leaves.cells[copy | 5] = 9
    assert (leaves.cells[copy | 6], leaves.cells[first[1] | 5]) == (1 << 40, 100)
    leaves.give_back([first[1], copy])
    (again,) = leaves.new(1).tolist()
    assert again in (first[1], copy) and (leaves.places[again : again + 512] == -1).all()


def test_the_version_of_leaves_tells_when_a_key_may_have_another_place() -> None:
    leaves = Leaves()
    versions = [leaves.version]
    for change in (lambda: leaves.new(1), lambda: leaves.copies_of([0]), lambda: leaves.give_back([0])):
        change()
        versions.append(leaves.version)
    assert len(set(versions)) == 4
