"""A dry run does what an operation does, and leaves no trace."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.mark import SITES, Mark
from hwpoison_gui.session import dry_run as module
from hwpoison_gui.session.dry_run import dry_run
from hwpoison_gui.session.session import Session
from tests.programs import KINDS_OF_PROGRAM, Kind, prepared, run
from tests.session.test_properties import PROGRAMS, deep
from tests.workbench import do


@pytest.fixture(params=sorted(KINDS_OF_PROGRAM), name="kind", ids=lambda kind: f"{kind[0]}-{kind[1]}", scope="module")
def _kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(name="session")
def _session() -> Session:
    """Page 0 of `m` is mapped by `a`, who has a handler, and by `b`, who has none."""
    session = Session.fresh(512, sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="a", sigbus="handler")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0")
    do(session, "fork", task="a", child="b", sigbus="default")
    return session


@deep
@given(data=st.data())
def test_it_leaves_no_trace_and_records_what_an_operation_records(kind: Kind, data: st.DataObject) -> None:
    session = prepared(kind)
    run(session, data.draw(PROGRAMS[kind]))
    m, heard, pfns = session.machine, [], st.integers(0, session.machine.frames - 1)
    stop = session.subscribe(heard.append)
    if not m.panicked:
        digest, steps, log = m.gate.digest(), len(session.steps), len(m.log.view)
        for pfn in data.draw(st.lists(pfns, min_size=1, max_size=8)):
            with dry_run(m, pfn):
                pass
            assert not m.gate.changed
        assert m.gate.digest() == digest
        assert (len(session.steps), len(m.log.view), heard) == (steps, log, [])
    stop()
    _records_what_an_operation_records(session, data.draw(pfns))


def _records_what_an_operation_records(session: Session, pfn: int) -> None:
    m = session.machine
    with dry_run(m, pfn) as ran:
        pass
    living = {process.tgid for process in m.living()}
    outcome = do(session, "poison", frame=f"pfn:{pfn:#x}", via="corrupt-pfn")
    first = session.operations[-1].first
    assert list(ran.marks) == session.steps.marks[first : first + len(ran.marks)]
    assert ran.errno == outcome.errno
    line = (ran.result.kind, ran.result.result) if ran.result is not None else (None, None)
    assert line == (outcome.kind, outcome.result)
    assert (ran.filtered, ran.already_poisoned) == (outcome.filtered, outcome.already_poisoned)
    assert [one.effect for one in ran.deliveries] == [seen.effect for seen in outcome.signals]
    assert set(ran.doomed) == living - {process.tgid for process in m.living()}


def test_inside_the_handler_is_through_and_nobody_is_dead_yet(session: Session) -> None:
    m, pfn = session.machine, session.resolve_frame("a:m+0")
    with dry_run(m, pfn) as ran:
        assert m.page(pfn) & pf.HWPOISON and not m.mapcount.view[pfn]
        assert ran.signals
        assert [m.processes.view[tgid].name for tgid in ran.doomed] == ["b"]
        assert all(session.alive(name) for name in "ab")
    assert not m.page(pfn) & pf.HWPOISON


def test_preparations_are_taken_back_too(session: Session) -> None:
    m, pfn, digest = session.machine, session.resolve_frame("a:m+0"), session.machine.gate.digest()
    with dry_run(m, pfn, lambda m: m.put(m.sysctl, "memory_failure_early_kill", 0)) as ran:
        assert not ran.signals and not ran.doomed
    assert m.gate.digest() == digest


def test_whatever_goes_wrong_inside_the_machine_is_as_before(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    m, pfn, digest = session.machine, session.resolve_frame("a:m+0"), session.machine.gate.digest()
    with pytest.raises(KeyError), dry_run(m, pfn):
        m.set_flags(pfn, pf.DIRTY)
        raise KeyError
    assert m.gate.digest() == digest

    def fails(m, pfn):
        yield Mark(SITES["memory_failure"], (pfn,))
        m.set_flags(pfn, pf.DIRTY)
        raise ValueError

    monkeypatch.setattr(module, "memory_failure", fails)
    with pytest.raises(ValueError), dry_run(m, pfn):
        pass
    assert m.gate.digest() == digest


def test_it_is_refused_while_changes_are_pending(session: Session) -> None:
    m = session.machine
    m.set_flags(5, pf.DIRTY)
    with pytest.raises(AssertionError, match="between two steps"), dry_run(m, 5):
        pass
