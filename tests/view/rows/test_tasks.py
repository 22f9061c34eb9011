"""The rows of all processes are carried on from one position to the next, and are those of the machine there."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.session import Session
from hwpoison_gui.view.rows.tasks import TaskRow, TaskRows, find_task_rows, task_row, task_rows
from tests.workbench import crowd, do


@pytest.fixture
def session() -> Session:
    found = Session.fresh(4096, sysctl={"memory_failure_early_kill": 1})
    do(found, "task", name="a", sigbus="blocked")
    do(found, "mmap", task="a", name="m", pages=2)
    do(found, "write", task="a", at="m+0")
    do(found, "fork", task="a", child="b")
    do(found, "sigaction", task="b", sigbus="default")
    do(found, "poison", frame="a:m+0")
    do(found, "exit", task="a")
    return found


def now(session: Session) -> list[TaskRow]:
    return [task_row(session.machine, tgid) for tgid in session.machine.processes.view]


def test_rows_follow_the_steps_in_both_directions(session: Session) -> None:
    total = len(session.steps)
    task_rows(session)
    for position in (*range(total, -1, -1), *range(total + 1), total // 2, total):
        here = session.position
        session.seek(position)
        walked = list(session.steps.each(min(here, position), max(here, position)))
        assert task_rows(session, walked) == now(session), position


def test_rows_prepared_at_one_position_are_not_those_of_another(session: Session) -> None:
    end = session.operations[-2].last
    session.seek(end)
    for _ in find_task_rows(session):
        pass
    prepared = task_rows(session)
    session.seek(end - 1)
    assert task_rows(session) == now(session) != prepared
    session.seek(end)
    assert task_rows(session, list(session.steps.each(end - 1, end))) == prepared


def test_steps_may_overlap_with_those_that_the_rows_have_seen(session: Session) -> None:
    """A view that is late names the steps since its own last look; the rows may be newer."""
    end = len(session.steps)
    session.seek(end - 4)
    task_rows(session)
    session.seek(end - 2)
    for _ in find_task_rows(session):
        pass
    session.seek(end)
    assert task_rows(session, list(session.steps.each(end - 4, end))) == now(session)


def test_rows_are_those_of_their_session(session: Session) -> None:
    other = Session.fresh(4096)
    do(other, "task", name="alone")
    assert [row.name for row in task_rows(other)] == ["alone"]
    assert TaskRows().of(session) == task_rows(session) == now(session)


@pytest.mark.parametrize("workers", [1, 30])
def test_a_signal_stays_pending_until_its_own_task_takes_it(workers: int) -> None:
    session = crowd(workers)
    do(session, "sysctl", name="memory_failure_early_kill", value=1)
    do(session, "poison", frame="top:m+0")
    operation, waiting = session.operations[-1], []
    for position in range(operation.first, operation.last + 1):
        session.seek(position)
        rows = now(session)
        assert not any(row.pending for row in rows if not row.alive)
        waiting.append(sum(bool(row.pending) for row in rows))
    most = waiting.index(workers + 1)
    dying = [many for many in waiting[most:] if many <= workers]
    assert waiting[:most] == sorted(waiting[:most])
    assert list(dict.fromkeys(dying)) == list(range(workers, -1, -1)), "one dies in each step, the others wait"
