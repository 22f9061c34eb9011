"""A line of operations under another sysctl: what was done stays, and what follows is done again."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL
from hwpoison_gui.session.scenario import shape
from hwpoison_gui.session.scenario.schema import OPS
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.telling import Telling
from hwpoison_gui.session.under_sysctl import under_sysctl
from tests.workbench import do


@pytest.fixture(name="told")
def _told() -> Session:
    """Two processes share a page that breaks; the last operation was done together with the one before it."""
    session = Session.fresh(4096, sysctl={SYSCTL_EARLY_KILL: 0})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "fork", task="a", child="b")
    frame = session.resolve_frame("a:m+0")
    poison = shape.values_of(OPS["poison"].keys, {"frame": f"pfn:{frame:#x}"})
    session.act("poison", poison, Telling("Nobody dies yet.", "Wait.", pause=True))
    session.act("read", shape.values_of(OPS["read"].keys, {"task": "b", "at": "m+0"}), Telling("Now.", joined=True))
    return session


@pytest.mark.parametrize("into", [0, 1])
def test_the_story_is_told_again_from_the_operation_that_is_under_way(told: Session, into: int) -> None:
    """`into`: how many steps of the error are done; with any of them, all of it is done again."""
    line = told.line()
    told.seek(told.operations[4].first + into)
    kept, again = under_sysctl(told, SYSCTL_EARLY_KILL, 1)
    assert kept == 4 and again[:4] == line[:4]
    assert (again[4].name, again[4].args["name"], again[4].args["value"]) == ("sysctl", SYSCTL_EARLY_KILL, 1)
    assert [(one.name, one.args) for one in again[5:]] == [(one.name, one.args) for one in line[4:]]


def test_captions_may_be_untrue_then_and_what_was_done_together_stays_so(told: Session) -> None:
    told.seek(told.operations[4].first)
    _, again = under_sysctl(told, SYSCTL_EARLY_KILL, 1)
    assert [one.telling for one in again[5:]] == [Telling(), Telling(joined=True)]


def test_it_ends_as_the_handler_does_under_the_sysctl(told: Session) -> None:
    def dead() -> int:
        return sum(bool(process.ended) for process in told.machine.processes.view.values())

    assert dead() == 1, "the one who has touched it"
    told.seek(told.operations[4].first)
    told.reopen(under_sysctl(told, SYSCTL_EARLY_KILL, 1)[1][:-1])
    assert told.machine.sysctl.view[SYSCTL_EARLY_KILL] == 1 and dead() == 2
