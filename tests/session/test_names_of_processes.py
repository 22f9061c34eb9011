"""A process is named as the kernel log names it, COMM:PID, wherever it is shown; scenarios may call it otherwise."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario import expect, shape
from hwpoison_gui.session.scenario.reader import step_of
from hwpoison_gui.session.session import Session
from tests.workbench import do


@pytest.fixture(name="session")
def _session() -> Session:
    return Session.fresh(65536, 1, "desktop")


def test_every_booted_process_is_called_by_comm_and_pid(session: Session) -> None:
    for process in session.machine.processes.view.values():
        assert process.name == process.label == f"{process.comm}:{process.tgid}"
    assert {"postgres:530", "postgres:538", "python3:583"} <= session.world.task_names.view.keys()


def test_such_a_name_stands_in_operations_and_pages(session: Session) -> None:
    vma = next(vma for vma in session.machine.vmas_of(538) if vma.name == "[heap]" or vma.name == "heap")
    pfn = session.resolve_frame(f"postgres:538:{vma.name}+0")
    do(session, "read", task="postgres:538", at=f"{vma.name}+0")
    assert session.resolve_frame(f"postgres-538:{vma.name}+0") == pfn, "scenarios that were saved before"
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    lines = [line.text for line in session.machine.log.view.values()]
    assert any("postgres:538" in line for line in lines)
    assert "postgres:538" in {seen.label for seen in session.operations[-1].outcome.signals}


def test_scenarios_may_call_the_oldest_of_a_comm_by_it(session: Session) -> None:
    assert session.tid_of("python3") == 583 and session.tid_of("postgres") == 530
    do(session, "sysctl", name="memory_failure_early_kill", value=1)
    signals = do(session, "poison", frame="python3:heap+1").signals
    assert signals[0].task == "python3:583"
    session.seek(session.operations[0].last)
    wanted = [{"task": "python3"}, *({"task": seen.task.replace(":", "-")} for seen in signals[1:])]
    fields = {"op": "poison", "frame": "python3:heap+1", "expect": {"signals": wanted}}
    step = step_of(fields, 1, session.machine.profile.name)
    before = expect.look(session, step)
    assert expect.compare(session, before, do(session, "poison", frame="python3:heap+1")) == ()


def test_the_log_name_of_a_process_that_a_scenario_made_is_understood() -> None:
    session = Session.fresh()
    do(session, "task", name="w", comm="worker")
    (process,) = session.machine.living()
    assert process.name == "w" and session.tid_of(process.label) == session.tid_of("w") == process.tgid
    session.seek(0)
    assert session.tid_of(process.label) is None


@pytest.mark.parametrize("text", ["a:b", "a:1:2", "pfn:1", ":1", "a:", "a/1"])
def test_other_colons_make_no_name(text: str) -> None:
    with pytest.raises(ScenarioError, match="expected a name"):
        shape.task(text, "task")
    assert shape.task("a:12", "task") == "a:12"
