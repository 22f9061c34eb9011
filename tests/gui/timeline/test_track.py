"""The timeline under mouse and keyboard, and playback."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from hwpoison_gui.gui.look.settings import SPEEDS
from hwpoison_gui.view.words.lookup import text_of
from tests.workbench import do

Key = Qt.Key
LEFT = Qt.MouseButton.LeftButton
Control, Shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def played(user):
    """A click has played to its end."""
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End)
    return user


def point(timeline, position: int) -> QPoint:
    return QPoint(round(timeline.x_of_position(position)), timeline.height() // 2)


def dragging_goes_to_every_step_and_back(played) -> None:
    timeline, session = played.window.transport.timeline, played.session
    total = len(session.steps)
    digest = session.machine.gate.digest()
    QTest.mousePress(timeline, LEFT, pos=point(timeline, total))
    for position in (*range(total, 0, -3), 0):
        QTest.mouseMove(timeline, point(timeline, position))
        assert session.position == position == timeline.position
    assert not session.world.task_names.view
    for position in range(0, total + 1, 3):
        QTest.mouseMove(timeline, point(timeline, position))
    QTest.mouseMove(timeline, QPoint(timeline.width() + 50, 5))
    QTest.mouseRelease(timeline, LEFT, pos=point(timeline, total))
    assert session.position == total
    assert session.machine.gate.digest() == digest


def test_a_click_on_the_track_stops_what_plays(user) -> None:
    user.click_frame(user.frame("srv:heap+1"))
    timeline = user.window.transport.timeline
    assert user.window.controller.playback.playing
    QTest.mouseClick(timeline, LEFT, pos=point(timeline, 3))
    assert user.session.position == 3
    assert not user.window.controller.playback.playing


def keys_step_everywhere_but_where_a_widget_needs_them(played) -> None:
    session, window = played.session, played.window
    total = len(session.steps)
    for key, position in ((Key.Key_Comma, total - 1), (Key.Key_Period, total), (Key.Key_Home, 0), (Key.Key_End, total)):
        played.key(key, window.map.view)
        assert session.position == position
    window.transport.timeline.setFocus()
    played.key(Key.Key_Left, window.transport.timeline)
    assert session.position == total - 1
    window.map.view.setFocus()
    window.controller.selection.select(selected := 1000)
    played.key(Key.Key_Left, window.map.view)
    assert session.position == total - 1 and window.controller.selection.frame == selected - 1


def page_keys_go_from_operation_to_operation(played) -> None:
    ends = [operation.last for operation in played.session.operations]
    view = played.window.map.view
    for end in (*reversed(ends[:-1]), 0):
        played.key(Key.Key_PageUp, view)
        assert played.session.position == end
    for end in ends:
        played.key(Key.Key_PageDown, view)
        assert played.session.position == end


@pytest.mark.parametrize("redo", [(Key.Key_Y, Control), (Key.Key_Z, Control | Shift)], ids=["Ctrl+Y", "Ctrl+Shift+Z"])
def test_undo_and_redo_step_through_operations_and_lose_nothing(played, redo) -> None:
    window, session = played.window, played.session
    window.controller.set_sysctl("memory_failure_early_kill", 0)
    steps, ends = len(session.steps), [operation.last for operation in session.operations]
    QTest.keyClick(window, Key.Key_Z, Control)
    assert session.position == ends[-2]
    assert session.machine.sysctl.view["memory_failure_early_kill"] == 1
    QTest.keyClick(window, Key.Key_Z, Control)
    assert session.position == ends[-3]
    for end in ends[-2:]:
        QTest.keyClick(window, redo[0], redo[1])
        assert session.position == end
    assert len(session.steps) == steps


def space_plays_and_pauses(played) -> None:
    window = played.window
    played.key(Key.Key_PageUp, window.map.view)
    played.key(Key.Key_Space, window.map.view)
    assert window.controller.playback.playing
    played.key(Key.Key_Space, window.map.view)
    assert not window.controller.playback.playing


def speed_is_chosen_from_the_menu_and_by_keys(played) -> None:
    window = played.window
    window.actions_["speed-8"].trigger()
    assert window.transport.speed.text() == "8×"
    played.key("<", window.map.view)
    assert window.controller.playback.speed == SPEEDS[-2]
    assert window.actions_[f"speed-{SPEEDS[-2]:g}"].isChecked()


def test_the_buttons_say_why_they_cannot_be_used(open_window) -> None:
    from hwpoison_gui.session.session import Session

    user = open_window(Session.fresh(4096))
    for name in ("first", "back", "play", "forward", "last"):
        action = user.window.actions_[name]
        assert not action.isEnabled()
        assert "There are no steps yet" in action.toolTip()
    assert user.window.sentence.text.text() == "Click a frame to break it."


def the_track_tells_what_lies_under_the_pointer(played) -> None:
    timeline = played.window.transport.timeline
    total = len(played.session.steps)
    assert timeline.tip_at(timeline.x_of_position(0)) == "The machine at the start"
    assert text_of(played.session.steps[-1].mark) in timeline.tip_at(timeline.x_of_position(total))


def test_keys_and_pointer_on_the_track(played) -> None:
    """Steps, operations, playback, its speed, and what is under the pointer."""
    the_track_tells_what_lies_under_the_pointer(played)
    played.window.controller.seek(len(played.session.steps))
    dragging_goes_to_every_step_and_back(played)
    played.window.controller.seek(len(played.session.steps))
    page_keys_go_from_operation_to_operation(played)
    played.window.controller.seek(len(played.session.steps))
    keys_step_everywhere_but_where_a_widget_needs_them(played)
    played.window.controller.seek(len(played.session.steps))
    space_plays_and_pauses(played)
    played.window.controller.seek(len(played.session.steps))
    speed_is_chosen_from_the_menu_and_by_keys(played)


def test_no_tip_speaks_of_steps_that_a_long_operation_has_replaced(played) -> None:
    timeline, session = played.window.transport.timeline, played.session
    end = timeline.x_of_position(len(session.steps))
    session.seek(0)
    do(session, "check")  # nobody has told the timeline yet
    assert len(session.steps) < timeline.total
    assert timeline.tip_at(end) == ""
