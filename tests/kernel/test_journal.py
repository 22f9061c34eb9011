"""A journal is a table of records numbered from 0 on, of which many may be added as columns."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from hwpoison_gui.kernel.block_list import Alike
from hwpoison_gui.kernel.changes_alike import Each
from hwpoison_gui.kernel.gate import ABSENT, Gate, Table
from hwpoison_gui.kernel.journal import Journal
from hwpoison_gui.kernel.records import LogLine


def gate_of(store: Any) -> tuple[Gate, Any]:
    gate = Gate()
    gate.add(store)
    gate.record()
    return gate, store


def lines(first: int, count: int) -> list[LogLine]:
    return [LogLine(f"line {number}", 7) for number in range(first, first + count)]


def alike(made: list[LogLine]) -> Alike[LogLine]:
    return Alike(LogLine, len(made), [line.text for line in made], repeat(7), repeat(False))


@settings(max_examples=80)
@given(data=st.data())
def test_it_is_a_table(data: st.DataObject) -> None:
    (gate, journal), (other_gate, table) = gate_of(Journal[LogLine]("x")), gate_of(Table[int, LogLine]("x"))
    boundaries = [gate.digest()]
    taken = []
    for number in range(data.draw(st.integers(0, 9))):
        count = len(table.view)
        match data.draw(st.sampled_from(("one", "many", "many as columns", "replace", "delete", "nothing"))):
            case "one":
                gate.put(journal, count, LogLine(f"one {number}"))
                other_gate.put(table, count, LogLine(f"one {number}"))
            case "many" | "many as columns" as way:
                made = lines(count, data.draw(st.integers(1, 4)))
                keys = range(count, count + len(made))
                columns = alike(made) if way != "many" else made
                gate.put_run(len(made), [Each(journal, keys, columns)])
                other_gate.put_run(len(made), [Each(table, keys, made)])
            case "replace" if count:
                key = data.draw(st.integers(0, count - 1))
                gate.put(journal, key, LogLine("another"))
                other_gate.put(table, key, LogLine("another"))
            case "delete" if count:
                gate.put(journal, count - 1, ABSENT)
                other_gate.put(table, count - 1, ABSENT)
            case _:
                gate.put(journal, count, ABSENT)
        if data.draw(st.booleans()):
            assert dict(journal.view) == dict(table.view) and len(journal.view) == len(table.view)
            first = data.draw(st.integers(0, len(table.view)))
            parts = list(journal.since(first))
            since = [line for part in parts for line in (part if isinstance(part, list) else part.made())]
            assert since == list(table.view.values())[first:]
        assert [journal.get(key) for key in range(-1, 12)] == [table.get(key) for key in range(-1, 12)]
        assert gate.digest() == other_gate.digest()
        boundaries.append(gate.digest())
        changes = gate.take()
        assert [change[1:] for change in changes] == [change[1:] for change in other_gate.take()]
        taken.append(changes)
    for changes, digest in zip(reversed(taken), reversed(boundaries[:-1]), strict=True):
        gate.backward(changes)
        assert gate.digest() == digest
    for changes, digest in zip(taken, boundaries[1:], strict=True):
        gate.forward(changes)
        assert gate.digest() == digest


def test_records_as_columns_are_not_made_before_one_is_read() -> None:
    gate, journal = gate_of(Journal[LogLine]("x"))
    made = list[int]()

    def text(number: int) -> str:
        made.append(number)
        return str(number)

    columns = Alike(LogLine, 3, map(text, range(3)), repeat(7), repeat(True))
    gate.put_run(3, [Each(journal, range(3), columns)])
    gate.put(journal, 3, LogLine("last"))
    assert [getattr(part, "columns", part) for part in journal.since(0)] == [columns.columns, [LogLine("last")]]
    assert len(journal.view) == 4 and journal.view[3].text == "last" and not made
    assert journal.view[1] == LogLine("1", 7, True) and made == [0, 1, 2]
    assert [new for _, _, _, new in gate.take()][1] is journal.view[1], "the step has the record itself"


def test_records_are_loaded_in_order() -> None:
    _, journal = gate_of(Journal[str]("x"))
    journal.load({})
    journal.load({0: "a", 1: "b"})
    journal.load({2: "c"})
    for wrong in ({2: "d"}, {4: "d"}, {4: "d", 3: "e"}, {"3": "d"}):
        with pytest.raises(ValueError, match="x: records"):
            journal.load(wrong)
    assert dict(journal.view) == {0: "a", 1: "b", 2: "c"}


def test_only_the_next_number_is_added_and_only_the_last_deleted() -> None:
    _, journal = gate_of(Journal[LogLine]("x"))
    journal.swap_many(range(3), lines(0, 3))
    with pytest.raises(AssertionError, match="only the last"):
        journal.swap(1, ABSENT)
    with pytest.raises(AssertionError):
        journal.swap_many(range(4, 6), lines(0, 2))
    with pytest.raises(IndexError):
        journal.swap(4, LogLine("too far"))
    with pytest.raises(KeyError):
        journal.view[-1]
    with pytest.raises(KeyError):
        journal.view[3]
    assert [line.text for line in journal.view.values()] == ["line 0", "line 1", "line 2"]
