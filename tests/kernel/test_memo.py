"""Results that are kept: until a store changes, in whatever way, and at most so many of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hwpoison_gui.kernel.gate import ABSENT, NestedTable, Table, Whole
from hwpoison_gui.kernel.memo import Memo
from hwpoison_gui.kernel.packed import PackedNestedTable
from hwpoison_gui.kernel.records import Process, Task
from hwpoison_gui.kernel.rmap import rmap_entries, rmap_places
from hwpoison_gui.kernel.threads import Threads
from tests.workbench import Workbench

CHANGES: dict[str, tuple[type, Callable[[Any], object]]] = {
    "a record of a table": (Table, lambda store: store.swap(1, 2)),
    "records of a table": (Table, lambda store: store.swap_many([1, 2], [3, 4])),
    "a table is loaded": (Table, lambda store: store.load({1: 2})),
    "a record of a nested table": (NestedTable, lambda store: store.swap((1, 1), 2)),
    "a nested table is loaded": (NestedTable, lambda store: store.load(1, {1: 2})),
    "all records of a key": (NestedTable, lambda store: Whole(store).swap(1, {1: 2})),
    "no record of a key": (NestedTable, lambda store: Whole(store).swap(0, ABSENT)),
    "a packed record": (PackedNestedTable, lambda store: store.swap((1, 1), 2)),
    "packed records": (PackedNestedTable, lambda store: store.swap_many([(1, 1), (1, 2)], [3, 4])),
    "a packed table is loaded": (PackedNestedTable, lambda store: store.load(1, {1: 2})),
    "rows of a packed table": (
        PackedNestedTable, lambda store: store.load_rows({1: 1}, np.array([1]), np.array([2]))
    ),
    "all packed records of a key": (PackedNestedTable, lambda store: Whole(store).swap(1, {1: 2})),
    "no packed record of a key": (PackedNestedTable, lambda store: Whole(store).swap(0, ABSENT)),
}  # fmt: skip


@pytest.mark.parametrize("way", CHANGES)
def test_a_result_is_made_again_after_any_change(way: str) -> None:
    kind, change = CHANGES[way]
    store, other = kind("store"), Table[int, int]("other")
    store.swap(0 if kind is Table else (0, 0), 7)
    memo, made = Memo[str, int](4, other, store), list[int]()

    def make() -> int:
        made.append(len(made))
        return made[-1]

    assert [memo.get("key", make) for _ in range(3)] == [0, 0, 0]
    change(store)
    assert [memo.get("key", make) for _ in range(3)] == [1, 1, 1]


def test_so_many_results_are_kept() -> None:
    memo, made = Memo[int, int](2), list[int]()

    def get(key: int) -> None:
        def make() -> int:
            made.append(key)
            return key

        assert memo.get(key, make) == key

    for key in (1, 2, 1, 2):
        get(key)
    assert made == [1, 2]
    for key in (3, 3, 1):
        get(key)
    assert made == [1, 2, 3, 1]


def test_threads_of_each_kind_are_found() -> None:
    bench = Workbench()
    for name, sigbus in (("b", "handler"), ("c", "default"), ("d", "handler"), ("e", "ignored"), ("f", "handler")):
        bench.do("task", name=name, sigbus=sigbus)
    tids = [bench.session.world.process(name).tgid for name in "bcdef"]
    assert {bench.m.processes.view[tids[n]].sigbus for n in bench.m.threads_of(tids).kinds} == {
        "handler", "default", "ignored",
    }  # fmt: skip
    assert len(bench.m.threads_of(tids).kinds) == 3
    assert len(bench.m.threads_of([tids[0], tids[2], tids[4]]).kinds) == 1


def test_threads_that_differ_in_everything_are_of_two_kinds() -> None:
    tasks = [Task(100, 100, 0), Task(101, 101, 0, blocked=True, stopped=True)]
    plain = Process(100, 1, "a", "a", 100)
    other = Process(101, 1, "b", "b", 101, "handler", "handler", (101,), "exit", True)
    assert sorted(Threads(tasks, [plain, other]).kinds) == [0, 1]


def test_records_of_threads_are_columns() -> None:
    bench = Workbench()
    bench.do("task", name="b", threads=3)
    tids = bench.session.world.process("b").threads
    threads = bench.m.threads_of(tids)
    assert tuple(threads.task.tid) == tids and tuple(threads.task.number) == (0, 1, 2)
    assert set(threads.process.name) == {"b"} and len(threads.processes) == 3


def test_a_walk_of_the_reverse_map_follows_the_vmas() -> None:
    bench = Workbench()
    bench.area("m", pages=4)
    for page in range(2):
        bench.do("write", task="a", at=f"m+{page}")
    bench.do("fork", task="a", child="b")
    m, pfn = bench.m, bench.pfn("a:m+1")
    walks = []

    def walk() -> None:
        places = rmap_places(m, pfn)
        walks.append((len(places.addresses), [bool(entry) for entry in rmap_entries(m, pfn)]))

    walk()
    bench.do("munmap", task="b", at="m+1", pages=1)
    walk()
    bench.session.seek(bench.session.operations[-1].first)
    walk()
    assert walks == [(2, [True, True]), (1, [True]), (2, [True, True])]
