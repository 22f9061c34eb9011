"""What takes long goes on between events: it can be given up with nothing changed, and nothing else acts meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
import shiboken6
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest

from hwpoison_gui.gui.control import controller, slices
from hwpoison_gui.gui.control.slices import LongWork
from hwpoison_gui.gui.window.actions import BUSY
from hwpoison_gui.session import session as sessions
from hwpoison_gui.view.facts import groundwork
from tests.gui.waiting import until

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def slow(user, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Every operation takes long here: a slice is one step, and what goes on is said at once."""
    monkeypatch.setattr(slices, "_AT_ONCE", -1.0)
    monkeypatch.setattr(slices, "_SOON", -1.0)
    monkeypatch.setattr(slices, "SLICE_SECONDS", -1.0)
    monkeypatch.setattr(controller, "SLICE_SECONDS", -1.0)
    monkeypatch.setattr(sessions, "SLICE_SECONDS", -1.0)
    monkeypatch.setattr(groundwork, "_MANY", -1)
    return user


def begun(user, page: str = "srv:heap+1") -> None:
    """A click whose operation is under way."""
    user.click_frame(user.frame(page))
    assert user.window.controller.busy and user.session.recording is not None


def test_esc_gives_a_click_up_and_nothing_has_changed(slow) -> None:
    w, session = slow.window, slow.session
    digest, position, operations = session.machine.gate.digest(), session.position, list(session.operations)
    begun(slow)
    until(lambda: session.recording is not None and session.recording.steps > 5)
    line = w.progress
    assert line.isVisible() and "steps so far" in line.words.text()
    QTest.keyClick(w.map.view, Qt.Key.Key_Escape)
    assert not w.controller.busy and not line.isVisible()
    assert session.machine.gate.digest() == digest
    assert (session.position, session.operations) == (position, operations)
    assert w.transport.timeline.total == len(session.steps)
    assert not w.controller.playback.playing and w.actions_["break"].isEnabled()


def test_a_long_operation_is_undone_between_events(slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller, "_MANY", 3)
    w, session = slow.window, slow.session
    digest, position, operations = session.machine.gate.digest(), session.position, list(session.operations)
    begun(slow)
    until(lambda: session.recording is not None and session.recording.steps > 5)
    QTest.keyClick(w.map.view, Qt.Key.Key_Escape)
    assert w.controller.busy and session.recording is not None
    until(lambda: not w.controller.busy)
    assert session.machine.gate.digest() == digest and session.recording is None
    assert (session.position, session.operations) == (position, operations)
    assert not w.controller.playback.playing and w.actions_["break"].isEnabled()


def test_given_up_in_the_past_the_future_is_there_again(slow) -> None:
    session = slow.session
    total, digest = len(session.steps), session.machine.gate.digest()
    slow.window.controller.seek(total // 2)
    until(lambda: not slow.window.controller.busy)
    begun(slow, "srv:heap+0")
    slow.window.progress.cancel.click()
    assert session.position == total // 2 and not session.branches.kept
    assert slow.window.transport.timeline.total == total
    session.seek(total)
    assert session.machine.gate.digest() == digest


def test_nothing_else_acts_while_an_operation_is_recorded_and_the_map_still_moves(slow) -> None:
    w, c, session = slow.window, slow.window.controller, slow.session
    begun(slow)
    recording, policies = session.recording, [row.policy for row in w.docks["tasks"].content().tasks.rows]
    for command in ("back", "first", "new", "compare", "note", "touch", "break"):
        assert not w.actions_[command].isEnabled(), command
        assert BUSY in w.actions_[command].toolTip()
    for command in ("zoom-in", "find", "lens-refcount"):
        assert w.actions_[command].isEnabled(), command
    c.seek(0)
    c.fire(slow.frame("srv:heap+2"))
    c.set_tasks("policy", ["srv"], "late")
    QTest.mouseClick(w.transport.timeline, LEFT)
    before = w.map.view.item.rect_of(0)
    w.map.view.zoom(1)
    assert w.map.view.item.rect_of(0) != before
    assert session.recording is recording
    until(lambda: session.recording is None)
    until(lambda: not c.busy)
    assert session.operations[-1].name == "poison"
    assert [row.policy for row in w.docks["tasks"].content().tasks.rows] == policies


def test_when_it_is_complete_all_is_as_if_it_had_been_short(slow) -> None:
    """The walk begins at its first step, and the window knows all of it."""
    w, c, session = slow.window, slow.window.controller, slow.session
    begun(slow)
    c.playback.set_speed(0.25)
    until(lambda: not c.busy)
    click = session.operations[-1]
    assert session.position == click.first + 1 and c.playback.playing
    assert w.transport.timeline.total == len(session.steps) == click.last
    assert "memory error is reported" in w.sentence.sentence.text
    c.seek(click.last)
    until(lambda: not c.busy and not w.present.late)
    assert slow.alive("srv", "w0", "other") == [False, False, True]
    assert {row.name for row in w.docks["tasks"].content().tasks.rows if row.killed_by} >= {"srv", "w0"}


def test_a_window_closed_in_the_middle_takes_the_operation_back(slow) -> None:
    session, digest = slow.session, slow.session.machine.gate.digest()
    begun(slow)
    slow.window.close()
    assert session.recording is None and session.machine.gate.digest() == digest


def test_a_branch_is_reopened_or_given_up_though_what_plays_takes_long_to_finish(slow) -> None:
    """The walk to its end is hurried on, and does not go on in what comes after."""
    w, c, session = slow.window, slow.window.controller, slow.session
    booted = len(session.steps)
    for page in ("srv:heap+1", "srv:heap+2"):
        c.seek(booted)
        begun(slow, page)
        until(lambda: not c.busy)
    assert c.playback.playing and session.position < len(session.steps)
    (branch,) = session.branches.kept
    told: list[object] = []
    w.present.moved.connect(lambda _: told.append(session.recording))
    ended: list[bool] = []
    c.go_along(branch.operations, lambda: ended.append(True))
    until(lambda: len(session.steps) > booted + 5 and session.recording is not None)
    assert c.occupied, "another action would complete the whole line at once"
    operations = len(session.operations)
    c.act("sysctl", {"name": "memory_failure_early_kill", "value": 0})
    assert len(session.operations) == operations
    slow.key(Qt.Key.Key_Escape)
    until(lambda: not c.busy)
    assert told == [None] and session.recording is None and session.position == booted and not ended
    w.notes.reopen(branch.operations, lambda: ended.append(True))
    until(lambda: not c.busy)
    assert ended == [True]
    assert session.operations[-1].args == branch.operations[-1].args
    assert session.position == len(session.steps) == w.transport.timeline.total


class Counted:
    """Work of some steps that says how often it was begun, ended, and closed before its end."""

    def __init__(self, steps: int = 3) -> None:
        self.steps, self.begun, self.done, self.closed = steps, 0, 0, 0
        self.ended: list[bool] = []

    def __call__(self) -> slices.Work:
        self.begun += 1
        try:
            yield from range(self.steps)
        except GeneratorExit:
            self.closed += 1
            raise
        self.done += 1


@pytest.fixture
def one_step_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of one step."""
    monkeypatch.setattr(slices, "_AT_ONCE", -1.0)
    monkeypatch.setattr(slices, "_REST_MS", 1)


def test_short_work_is_done_at_once() -> None:
    parent, work = QObject(), Counted()
    runner = slices.Slices(parent)
    runner.run(work, work.ended.append)
    assert (work.begun, work.done, work.ended, runner.busy) == (1, 1, [True], False)


def test_long_work_goes_on_between_events_and_says_how_far_it_is(one_step_each, qtbot) -> None:
    parent, work, heard = QObject(), Counted(4), list[object]()
    runner = slices.Slices(parent, seconds=-1.0)
    runner.progressed.connect(heard.append)
    runner.run(work, work.ended.append)
    assert runner.busy and not work.ended
    until(lambda: not runner.busy)
    assert work.ended == [True] and heard == [0, 1, 2, 3]


def test_the_collector_goes_on_after_work_whose_window_was_deleted(qapp) -> None:
    until(gc.isenabled)
    parent = QObject()
    work = LongWork(parent)
    work.start(("" for _ in range(9)), lambda _: None, at_once=-1.0)
    assert work.busy and not gc.isenabled()
    shiboken6.delete(parent)
    assert gc.isenabled()


def test_other_work_takes_the_place_of_what_is_running(one_step_each, qtbot) -> None:
    parent, first, second = QObject(), Counted(), Counted()
    runner = slices.Slices(parent, seconds=-1.0)
    runner.run(first, first.ended.append)
    runner.run(second, second.ended.append)
    assert (first.closed, first.ended) == (1, [False])
    until(lambda: not runner.busy)
    assert second.ended == [True]


def test_work_begins_anew_when_the_machine_could_not_be_read_meanwhile(one_step_each, qtbot) -> None:
    parent, work, ready = QObject(), Counted(), [True]
    runner = slices.Slices(parent, -1.0, lambda: ready[0])
    runner.run(work, work.ended.append)
    ready[0] = False
    until(lambda: work.closed == 1)
    assert runner.busy and not work.ended
    ready[0] = True
    until(lambda: not runner.busy)
    assert (work.begun, work.done, work.ended) == (2, 1, [True])


def test_a_delay_begins_again_with_each_call(qtbot) -> None:
    parent, work = QObject(), Counted()
    runner = slices.Slices(parent)
    for _ in range(3):
        runner.run(work, work.ended.append, after_ms=5)
    assert runner.busy and not work.begun
    until(lambda: not runner.busy)
    assert (work.begun, work.ended) == (1, [False, False, True])


def test_what_fails_ends_the_work_and_is_not_swallowed() -> None:
    parent, ended = QObject(), list[bool]()

    def fail() -> slices.Work:
        yield 0
        raise ValueError("no")

    runner = slices.Slices(parent)
    with pytest.raises(ValueError, match="no"):
        runner.run(fail, ended.append)
    assert ended == [False] and not runner.busy
