"""The text about a frame: the users of a frame that has many are counted between events."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from hwpoison_gui.gui.control import hover as module
from hwpoison_gui.gui.control.hover import HoverText
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.facts.frame_facts import facts_of
from hwpoison_gui.view.outcome import prediction
from hwpoison_gui.view.outline.state_rows import table_for
from tests.gui.waiting import until
from tests.view.outcome.previews import preview
from tests.workbench import do


@pytest.fixture(name="session")
def _session() -> Session:
    session = Session.fresh(512)
    do(session, "task", name="a")
    do(session, "file", path="/srv/data", pages=2)
    do(session, "mmap", task="a", name="f", pages=2, file="/srv/data", shared=True)
    do(session, "read", task="a", at="f+0")
    do(session, "write", task="a", at="f+1")
    do(session, "fork", task="a", child="b")
    do(session, "fork", task="a", child="c")
    return session


@pytest.fixture(name="parent")
def _parent(qtbot: QtBot) -> QObject:
    return QObject()


def text_of(session: Session, parent: QObject, counted: list[int], busy: list[str] | None = None) -> HoverText:
    text = HoverText(lambda: counted.append(1), lambda: not busy, parent)
    text.set_session(session)
    return text


def test_many_users_are_counted_between_events(
    qtbot: QtBot, session: Session, parent: QObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    pfn, counted = session.resolve_frame("/srv/data@1"), list[int]()
    expected = preview(session.machine, pfn)  # a first prediction imports more than fits a slice
    quick = text_of(session, parent, counted).lines(session.resolve_frame("/srv/data@0"))
    assert "looking up" not in quick[1] and not counted
    monkeypatch.setattr(module, "_SLICE", -1.0)
    text = text_of(session, parent, counted)
    assert "looking up its users" in text.lines(pfn)[1]
    until(lambda: bool(counted))
    assert text.lines(pfn)[1] == expected and counted == [1]


def test_what_was_counted_before_a_change_is_dropped(
    qtbot: QtBot, session: Session, parent: QObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    pfn, counted, before = session.resolve_frame("/srv/data@1"), list[int](), session.position
    expected = preview(session.machine, pfn)
    monkeypatch.setattr(module, "_SLICE", -1.0)
    text = text_of(session, parent, counted)
    text.lines(pfn)
    do(session, "munmap", task="b", at="f+1", pages=1)
    until(lambda: bool(counted))
    session.seek(before)
    assert "looking up its users" in text.lines(pfn)[1], "nothing of the other position is shown"
    until(lambda: len(counted) == 2)
    assert text.lines(pfn)[1] == expected


def test_nothing_is_counted_while_work_is_under_way(qtbot: QtBot, session: Session, parent: QObject) -> None:
    """The work may be walking over the steps, and its result is waited for."""
    pfn, counted, busy = session.resolve_frame("/srv/data@1"), list[int](), ["a walk"]
    whole = text_of(session, parent, counted).lines(pfn)
    text = text_of(session, parent, counted, busy)
    for _ in range(3):
        assert "looking up its users" in text.lines(pfn)[1]
        qtbot.wait(30)
    assert not counted
    busy.clear()
    until(lambda: bool(counted))
    assert text.lines(pfn) == whole and counted == [1]


def test_the_handler_is_run_dry_once_for_all_that_is_shown_of_a_frame(
    session: Session, parent: QObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    pfn, runs = session.resolve_frame("/srv/data@1"), list[int]()
    run_dry = prediction.dry_run
    monkeypatch.setattr(prediction, "dry_run", lambda m, pfn, *more: runs.append(pfn) or run_dry(m, pfn, *more))
    for _ in ("the label of the map", "the sentence"):
        said = text_of(session, parent, []).lines(pfn)[1]
    assert facts_of(session, pfn).ahead == said and table_for(session, pfn).pfn == pfn
    assert runs == [pfn]


def test_a_branch_with_as_many_steps_has_a_text_of_its_own(session: Session, parent: QObject) -> None:
    pfn, before, text = session.resolve_frame("/srv/data@1"), session.position, text_of(session, parent, [])
    do(session, "munmap", task="b", at="f+1", pages=1)
    position, first = session.position, text.lines(pfn)
    session.seek(before)
    do(session, "munmap", task="c", at="f+1", pages=1)
    assert session.position == position
    assert text.lines(pfn) == text_of(session, parent, []).lines(pfn) != first
