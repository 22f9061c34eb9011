"""Links to timeline positions: what is written is read back, and what a session does not have is refused in words."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.link import link_to, position_at
from hwpoison_gui.session.session import Session
from tests.workbench import do


@pytest.fixture
def session() -> Session:
    session = Session.fresh(256)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="heap", pages=2)
    do(session, "write", task="a", at="heap+0", value="x")
    do(session, "poison", frame="a:heap+0")
    return session


def test_every_position_has_a_link_that_leads_back(session: Session) -> None:
    for position in range(len(session.steps) + 1):
        session.seek(position)
        assert position_at(session, link_to(session)) == position


def test_an_operation_alone_is_its_end(session: Session) -> None:
    assert position_at(session, "4") == len(session.steps) == session.operations[3].last
    assert position_at(session, " 4.1 ") == session.operations[3].first + 1
    assert position_at(session, "0") == position_at(session, "0.0") == position_at(session, "1.0") == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5", "no operation 5; the last one is 4"),
        ("1.9", "no step 9 of operation 1; its last one is"),
        ("0.1", "numbered from 1"),
        ("", "expected OPERATION.STEP"),
        ("-1", "expected OPERATION.STEP"),
        ("4.", "expected OPERATION.STEP"),
        ("4.5.6", "expected OPERATION.STEP"),
        ("٤", "expected OPERATION.STEP"),
        ("9" * 5000, "expected OPERATION.STEP"),
    ],
)
def test_other_moments_are_refused(session: Session, text: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words.replace(".", r"\.")) as raised:
        position_at(session, text)
    assert len(str(raised.value)) < 200 and "\n" not in str(raised.value)


def test_a_session_without_operations_has_only_its_boot() -> None:
    session = Session.fresh(256)
    assert link_to(session) == "0" and position_at(session, "0") == 0
    with pytest.raises(ScenarioError, match="nothing was done"):
        position_at(session, "1")
