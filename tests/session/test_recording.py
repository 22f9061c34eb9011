"""Recording in slices: an operation given up has changed nothing, and a far seek equals single steps."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from hwpoison_gui.session import session as session_module
from hwpoison_gui.session import timeline
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.session import Session
from tests.programs import Kind, prepared, run, with_defaults
from tests.session.test_properties import PROGRAMS

shallow = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.fixture(params=[("v7", False), ("6.1", True)], scope="module", name="kind", ids=("v7-small", "6.1-huge"))
def _kind(request: pytest.FixtureRequest) -> Iterator[Kind]:
    """Programs on small machines have few steps: they are walked in small slices."""
    whole, timeline.STEPS_PER_SLICE = timeline.STEPS_PER_SLICE, 8  # type: ignore[misc]
    yield request.param
    timeline.STEPS_PER_SLICE = whole  # type: ignore[misc]


def everything(session: Session) -> tuple[object, ...]:
    """All that giving up must bring back."""
    operations, branches = list(session.operations), list(session.branches.kept)
    return session.machine.gate.digest(), session.position, list(session.steps), operations, branches


@shallow
@given(data=st.data())
def test_what_is_given_up_has_changed_nothing(kind: Kind, data: st.DataObject) -> None:
    session, program = prepared(kind), data.draw(PROGRAMS[kind])
    run(session, program[:-4])
    for name, args in program[-4:]:
        session.seek(data.draw(st.integers(0, len(session.steps))))
        before = everything(session)
        try:
            recording = session.begin(name, with_defaults(name, args))
        except ScenarioError:
            assert session.machine.panicked
            continue
        try:
            for _ in range(data.draw(st.integers(0, 40))):
                if recording.advance(0.0):
                    break
            else:
                recording.give_up()
        except ScenarioError:
            pass
        if recording.outcome is None:
            assert everything(session) == before
            session.seek(len(session.steps))
            session.seek(before[1])
            assert everything(session) == before


@shallow
@given(data=st.data())
def test_a_far_seek_equals_single_steps(kind: Kind, data: st.DataObject) -> None:
    """In the machine's digest, and in what the listeners are told."""
    session, program = prepared(kind), data.draw(PROGRAMS[kind])
    run(session, program)
    ends = data.draw(st.lists(st.integers(0, len(session.steps)), min_size=8, max_size=8))
    digests = {session.position: session.machine.gate.digest()}
    for position in range(len(session.steps) - 1, -1, -1):
        session.seek(position)
        if position in ends:
            digests[position] = session.machine.gate.digest()
    told: list[timeline.Notice] = []
    session.subscribe(told.append)
    for end in ends:
        start = session.position
        session.seek(end)
        assert session.machine.gate.digest() == digests[end]
        if start == end:
            continue
        far = told.pop()
        session.seek(start)
        told.clear()
        for position in range(start, end, 1 if end > start else -1):
            session.seek(position + (1 if end > start else -1))
        assert set(far.pfns.tolist()) == {pfn for notice in told for pfn in notice.pfns.tolist()}
        assert far.tables == {table for notice in told for table in notice.tables}
        told.clear()


def test_slices_record_what_one_go_does() -> None:
    whole, sliced = (prepared(("v7", False)) for _ in range(2))
    args = with_defaults("poison", {"frame": "a:m+1"})
    outcome = whole.act("poison", args)
    recording = sliced.begin("poison", args)
    while not recording.advance(0.0):
        assert sliced.recording is recording and recording.outcome is None
    assert recording.outcome == outcome and sliced.recording is None
    assert [step.mark for step in sliced.steps] == [step.mark for step in whole.steps]
    assert sliced.machine.gate.digest() == whole.machine.gate.digest()


def test_a_line_done_again_can_be_left_in_the_middle_of_an_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "SLICE_SECONDS", -1.0)
    session = prepared(("v7", False))
    booted = session.position
    session.act("poison", with_defaults("poison", {"frame": "a:m+1"}))
    line = session.line()
    session.seek(booted)
    session.act("poison", with_defaults("poison", {"frame": "a:m+2"}))
    done = session.go_along(line)
    while session.recording is None or not session.recording.steps:  # it walks back first
        next(done)
    done.close()
    assert session.recording is None
    assert session.position == booted
    session.reopen(line)
    assert session.operations[-1].args["frame"] == "a:m+1"
