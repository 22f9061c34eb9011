"""A session: operations, their outcomes, moves, and questions about the machine."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.session.errors import NotYetSupportedError, ScenarioError
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.telling import UNTOLD, Telling
from hwpoison_gui.session.timeline import Notice
from tests.workbench import Workbench, do


def shared_page() -> Session:
    """Two processes, `a` and its child `b`, share one written page; then it is poisoned."""
    bench = Workbench(profile="v7", early_kill=1)
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("fork", task="a", child="b", sigbus="default")
    bench.do("poison", frame="a:m+0")
    return bench.session


def test_steps_belong_to_the_operation_that_made_them() -> None:
    session = shared_page()
    assert session.operation_at(0) is None
    for operation in session.operations:
        assert operation.first < operation.last
        for position in range(operation.first + 1, operation.last + 1):
            assert session.operation_at(position) is operation
    assert session.operations[0].first == 0 and session.operations[-1].last == session.position
    assert all(a.last == b.first for a, b in zip(session.operations, session.operations[1:], strict=False))


def test_an_outcome_has_the_signals_log_and_result_of_its_operation_alone() -> None:
    session = shared_page()
    first = session.operations[-1].outcome
    assert [(seen.task, seen.effect) for seen in first.signals] == [("a", "handled"), ("b", "killed")]
    assert first.result == "Recovered" and first.log and not first.already_poisoned
    again = do(session, "poison", frame=f"pfn:{first.pfn:#x}")
    assert again.already_poisoned and again.signals == () and again.result == "Ignored"
    assert not set(again.log) & set(first.log)
    assert do(session, "poison", frame="any:free").result is not None


def test_a_refused_operation_in_the_past_keeps_the_future() -> None:
    session = shared_page()
    session.seek(session.operations[1].last)
    before = session.machine.gate.digest(), session.position, list(session.steps), list(session.operations)
    with pytest.raises(ScenarioError, match="no task is called 'z'"):
        do(session, "exit", task="z")
    assert before == (session.machine.gate.digest(), session.position, list(session.steps), session.operations)
    assert session.at_rest and not session.branches.kept


def test_operations_since_a_position_and_those_on_many_frames() -> None:
    session = shared_page()
    ends = [operation.last for operation in session.operations]
    assert session.since(0) == session.operations and session.since(ends[-1]) == []
    assert session.since(ends[1]) == session.operations[2:] == session.since(ends[0] + 1)
    assert session.on_many == []
    for frame in ("free", "slab"):
        do(session, "poison", frames=[f"any:{frame}", "a:m+0"])
        do(session, "check")
    assert session.on_many == [session.operations[-4], session.operations[-2]]
    session.seek(session.operations[-2].first)
    do(session, "check")
    assert session.on_many == [session.operations[-3]]
    session.seek(0)
    do(session, "task", name="c")
    assert session.on_many == [] and session.newest is session.operations[0]


def test_operations_with_words_are_found_also_after_they_were_told_and_taken_back() -> None:
    session = shared_page()
    assert session.told == []
    session.act("check", {}, Telling("Look."))
    first, last = session.operations[0], session.operations[-1]
    assert session.told == [last]
    session.tell(first, Telling(notes="Slowly."))
    assert session.told == [first, last]
    session.tell(last, UNTOLD)
    assert session.told == [first]
    session.seek(0)
    session.act("check", {}, Telling("Again."))
    assert session.told == [session.newest]


def test_after_a_panic_a_machine_can_only_be_looked_at_or_taken_back() -> None:
    session = Session.fresh(sysctl={"memory_failure_recovery": 0})
    outcome = do(session, "poison", frame="any:free")
    assert outcome.panic
    with pytest.raises(ScenarioError, match="panicked"):
        do(session, "drop_caches")
    assert do(session, "check").panic
    session.seek(0)
    assert not do(session, "drop_caches").panic


def test_a_move_in_slices_announces_where_it_was_left() -> None:
    session = shared_page()
    heard: list[Notice] = []
    stop = session.subscribe(heard.append)
    end = session.position
    walk = session.walking(0)
    assert list(walk) == [] and session.position == 0
    assert [(notice.before, notice.after) for notice in heard] == [(end, 0)]
    stop()
    session.seek(end)
    assert len(heard) == 1


def test_the_stamp_tells_a_replaced_future_from_the_old_one() -> None:
    session = shared_page()
    end, stamp = session.position, session.stamp
    session.seek(0)
    session.seek(end)
    assert session.stamp == stamp
    session.seek(session.operations[-1].first)
    do(session, "poison", frame="b:m+0", via="madvise", task="b")
    session.seek(min(end, session.position))
    assert session.stamp != stamp


def test_counts_and_flags_are_those_that_linux_exports() -> None:
    bench = Workbench()
    session, frames = bench.session, bench.m.frames
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("fork", task="a", child="b")
    pfn = bench.pfn()
    assert session.mapcount(pfn) == 2 and session.flags(pfn) & pf.ANON and session.corrupted_kb() == 0
    assert session.flags(frames) == session.flags(-1) == pf.NOPAGE
    assert session.mapcount(frames) == session.mapcount(-1) == 0
    bench.do("poison", frame="a:m+0")
    assert session.corrupted_kb() == 4 and session.flags(pfn) & pf.HWPOISON


def test_a_profile_that_does_not_exist() -> None:
    with pytest.raises(NotYetSupportedError) as raised:
        Session.fresh(profile="2.4")
    assert raised.value.key == "profile" and raised.value.summary == "not yet supported: profile 2.4"


def test_madvise_breaks_the_page_of_the_process_that_calls_it() -> None:
    """The address is that of another process, whose page there is another one."""
    session = Session.fresh(profile="6.1")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="A")
    do(session, "fork", task="a", child="b")
    do(session, "write", task="b", at="m+0", value="B")
    outcome = do(session, "poison", frame="a:m+0", via="madvise", task="b")
    assert outcome.pfn == session.resolve_frame("b:m+0") != session.resolve_frame("a:m+0")


def test_the_head_is_that_of_the_page_before_it_was_dissolved() -> None:
    session = Session.fresh(profile="6.1", huge_pages=1)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="h", pages=512, huge="hugetlb")
    outcome = do(session, "poison", frame="a:h+5", via="madvise", task="a")
    assert outcome.pfn is not None and outcome.head == outcome.pfn - 5
