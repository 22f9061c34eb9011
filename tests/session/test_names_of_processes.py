"""Processes of a booted machine are named as the kernel log names them, wherever a name is written."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario import shape
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.naming import with_pid
from tests.workbench import do


@pytest.fixture(scope="module", name="session")
def _session() -> Session:
    return Session.fresh(65536, 1, "desktop")


def test_who_shares_a_comm_is_called_by_comm_and_pid(session: Session) -> None:
    names = {process.tgid: process.name for process in session.machine.processes.view.values()}
    assert names[530] == "postgres" and names[538] == "postgres:538" and names[1398] == "Web Content:1398"
    assert with_pid(names[538], 538) == "postgres:538" and with_pid(names[530], 530) == "postgres:530"


def test_such_a_name_stands_in_operations_and_pages(session: Session) -> None:
    vma = next(vma for vma in session.machine.vmas_of(538) if vma.name == "[heap]" or vma.name == "heap")
    pfn = session.resolve_frame(f"postgres:538:{vma.name}+0")
    do(session, "read", task="postgres:538", at=f"{vma.name}+0")
    assert session.resolve_frame(f"postgres-538:{vma.name}+0") == pfn, "scenarios that were saved before"
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    lines = [line.text for line in session.machine.log.view.values()]
    assert any("postgres:538" in line for line in lines)


@pytest.mark.parametrize("text", ["a:b", "a:1:2", "pfn:1", ":1", "a:", "a/1"])
def test_other_colons_make_no_name(text: str) -> None:
    with pytest.raises(ScenarioError, match="expected a name"):
        shape.task(text, "task")
    assert shape.task("a:12", "task") == "a:12"
