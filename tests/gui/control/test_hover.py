"""The text about a frame: the users of a frame that has many are counted between events."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from hwpoison_gui.gui.control import hover as module
from hwpoison_gui.gui.control.hover import HoverText
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome.preview import preview
from tests.gui.waiting import until
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
    assert preview(session.machine, pfn)  # a first prediction imports more than fits a slice
    whole = text_of(session, parent, counted).lines(pfn)
    assert "looking up" not in whole[1] and not counted
    monkeypatch.setattr(module, "_SLICE", -1.0)
    text = text_of(session, parent, counted)
    assert "looking up its users" in text.lines(pfn)[1]
    until(lambda: bool(counted))
    assert text.lines(pfn) == whole and counted == [1]


def test_what_was_counted_before_a_change_is_dropped(
    qtbot: QtBot, session: Session, parent: QObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    pfn, counted, before = session.resolve_frame("/srv/data@1"), list[int](), session.position
    whole = text_of(session, parent, counted).lines(pfn)
    monkeypatch.setattr(module, "_SLICE", -1.0)
    text = text_of(session, parent, counted)
    text.lines(pfn)
    do(session, "munmap", task="b", at="f+1", pages=1)
    until(lambda: bool(counted))
    session.seek(before)
    assert "looking up its users" in text.lines(pfn)[1], "nothing of the other position is shown"
    until(lambda: len(counted) == 2)
    assert text.lines(pfn) == whole


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


def test_a_branch_with_as_many_steps_has_a_text_of_its_own(session: Session, parent: QObject) -> None:
    pfn, before, text = session.resolve_frame("/srv/data@1"), session.position, text_of(session, parent, [])
    do(session, "munmap", task="b", at="f+1", pages=1)
    position, first = session.position, text.lines(pfn)
    session.seek(before)
    do(session, "munmap", task="c", at="f+1", pages=1)
    assert session.position == position
    assert text.lines(pfn) == text_of(session, parent, []).lines(pfn) != first
