"""The path of a story: whether a question left it, and whether a presentation can go on where it ended."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.session import Session
from hwpoison_gui.view.story.path import Place, StoryPath
from hwpoison_gui.view.story.stops import stops_of
from tests.workbench import do


@pytest.fixture(name="session")
def _session() -> Session:
    made = Session.fresh(4096)
    do(made, "task", name="a")
    do(made, "mmap", task="a", name="m", pages=1)
    do(made, "write", task="a", at="m+0", value="x")
    return made


def test_it_is_left_by_what_is_done_and_not_by_going_back(session: Session) -> None:
    path = StoryPath(session)
    assert path.stops == stops_of(session) and len(path.seconds) == len(path.stops)
    session.seek(0)
    assert not path.is_left(session)
    session.seek(session.operations[0].last)
    do(session, "mmap", task="a", name="other", pages=1)
    assert path.is_left(session) and path.common(session) == 1
    session.reopen(path.line)
    assert not path.is_left(session) and path.common(session) == 3


def test_it_is_left_by_what_comes_after_its_end(session: Session) -> None:
    path = StoryPath(session)
    do(session, "read", task="a", at="m+0")
    assert path.is_left(session) and path.common(session) == 3


def test_a_presentation_goes_on_only_with_the_very_same_operations(session: Session) -> None:
    place = Place(StoryPath(session), tuple(session.operations), session.position, 0.0, False)
    session.seek(0)
    assert place.fits(session)
    session.seek(session.operations[0].last)
    do(session, "mmap", task="a", name="other", pages=1)
    assert not place.fits(session)
    session.reopen(place.path.line)
    assert not place.fits(session), "done again, and alike, but other operations than those that were presented"
