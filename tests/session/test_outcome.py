"""The signals and the log lines of an operation on a crowd: those of the machine then, whenever they are read."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.block_list import Later
from hwpoison_gui.kernel.mark import LONGEST_RUN
from hwpoison_gui.session.outcome import Outcome, SignalSeen
from hwpoison_gui.session.session import Session
from tests.workbench import do


def crowd(count: int) -> tuple[Session, Outcome]:
    session = Session.fresh(8192, profile="v7", sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="top", sigbus="handler")
    do(session, "mmap", task="top", name="m", pages=1)
    do(session, "write", task="top", at="m+0")
    for number in range(1, count):
        do(session, "fork", task="top", child=f"c{number}", threads=1 + (number == 3))
    return session, do(session, "poison", frame="top:m+0")


@pytest.mark.parametrize("count", (3, LONGEST_RUN, LONGEST_RUN + 1))
def test_signals_and_lines_are_those_of_the_operation(count: int) -> None:
    session, outcome = crowd(count)
    m = session.machine
    lines = tuple(line.text for line in m.log.view.values())
    at, pids = session.resolve_address("top", "m+0"), [process.tgid for process in m.living()]
    session.seek(0)
    session.machine.put(session.machine.counters, "other", 1)
    names = ["top", *(f"c{number}" for number in range(1, count))]
    assert outcome.signals == tuple(
        SignalSeen(name, 0, "SIGBUS", "BUS_MCEERR_AO", at, 12, "handled", name, pid)
        for name, pid in zip(names, pids, strict=True)
    )
    assert outcome.log == lines and f"Killing c2:{pids[2]} " in " ".join(outcome.log[1:4])


@pytest.mark.parametrize("count", (LONGEST_RUN - 4, LONGEST_RUN + 1))
def test_those_of_a_crowd_are_made_when_one_is_read(count: int) -> None:
    _, outcome = crowd(count)
    assert isinstance(outcome.signals, Later) == isinstance(outcome.log, Later) == (count > LONGEST_RUN)
    assert len(outcome.signals) == count < len(outcome.log)


def test_signals_of_one_operation_are_not_those_of_the_next() -> None:
    session, first = crowd(4)
    do(session, "write", task="c2", at="m+0")
    last = session.operations[-1].outcome
    assert len(first.signals) == 4 and [seen.task for seen in last.signals] == ["c2"]
    assert session.machine.log.view[len(first.log)].text == last.log[0]
