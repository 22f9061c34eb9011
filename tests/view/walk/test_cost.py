"""What the walk cost is told when it has ended, and counts every pair that was looked at."""

from __future__ import annotations

from hwpoison_gui.session.session import Session
from hwpoison_gui.view.walk.cost import walk_cost
from tests.workbench import do


def test_pairs_are_told_from_the_end_of_the_search_on() -> None:
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    for number in range(3):
        do(session, "fork", task="a", child=f"b{number}")
    do(session, "task", name="stranger")
    do(session, "poison", frame="a:m+0")
    poison = session.operations[-1]
    told = []
    for position in range(poison.first + 1, poison.last + 1):
        session.seek(position)
        told.append(walk_cost(session, poison))
    said = [words for words in told if words]
    assert len(set(said)) == 1 and told[: -len(said)] == [""] * (len(told) - len(said)) and len(said) < len(told)
    assert said[0] == "20 pairs: 5 tasks × 4 VMAs; 4 on to_kill"
    assert session.machine.counters.view["pairs_visited"] == 20


def test_nothing_is_told_where_nobody_was_looked_for() -> None:
    session = Session.fresh(4096)
    do(session, "poison", frame="any:free")
    assert walk_cost(session, session.operations[-1]) == ""


def test_late_kill_looks_at_no_pair() -> None:
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": 0})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "poison", frame="a:m+0")
    assert walk_cost(session, session.operations[-1]) == "no task is signalled now"
