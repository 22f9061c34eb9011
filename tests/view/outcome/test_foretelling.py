"""A frame foretold in slices is foretold as at once, whoever and however many use it."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import hits
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.assessment import fate_of
from hwpoison_gui.view.outcome.foretelling import Foretelling
from tests.workbench import do


@pytest.fixture(name="crowd", scope="module")
def _crowd() -> Session:
    """One page of private memory and one of a file, each with 600 users; every third has a handler."""
    session = Session.fresh(1 << 13, sysctl={"memory_failure_early_kill": 1})
    do(session, "file", path="/f", pages=1)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "mmap", task="a", name="f", pages=1, file="/f", shared=True)
    do(session, "write", task="a", at="f+0", value="x")
    for number in range(599):
        do(session, "fork", task="a", child=f"k{number}", sigbus="default" if number % 3 else "handler")
    return session


@pytest.mark.parametrize("frame", ["a:m+0", "/f@0"])
def test_in_slices_as_at_once(crowd: Session, frame: str) -> None:
    m, pfn = crowd.machine, crowd.resolve_frame(frame)
    whole = Foretelling.of(m, pfn)
    part = Foretelling(m, pfn)
    slices = sum(1 for _ in part.work())
    assert slices > 3, "the window must be able to do something else meanwhile"
    assert part.hits == whole.hits and part.fate == whole.fate == fate_of(m, pfn)
    assert {way: len(mms) for way, mms in whole.hits.items()} == {hits.DEAD: 400, hits.SIGNALLED: 200}


def test_before_the_work_nothing_is_said(crowd: Session) -> None:
    ahead = Foretelling(crowd.machine, crowd.resolve_frame("a:m+0"))
    assert ahead.fate.code == outcomes.HOLE and not ahead.hits
