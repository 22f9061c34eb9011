"""The story that the window tells: a click kills, going back revives, the slider changes what a click does."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt

from hwpoison_gui.gui.control import playback
from tests.gui.waiting import until

EVERYBODY = ("srv", "w0", "w1", "w2")
Key = Qt.Key


def test_a_click_on_a_shared_page_kills_all_who_share_it_and_going_back_revives_them(user) -> None:
    first = len(user.session.steps)
    user.click_frame(user.frame("srv:heap+1"))
    assert user.session.position == first + 1  # it plays from its first step
    assert user.window.controller.playback.playing
    user.key(Key.Key_End)
    assert not user.window.controller.playback.playing
    assert user.alive(*EVERYBODY, "other") == [False, False, False, False, True]
    rows = {row.task: row for row in user.window.docks["tasks"].content().tasks.rows}
    assert rows["w1"].killed_by == "SIGBUS (BUS_MCEERR_AO)"
    assert "Killed 4" in user.window.counters.texts()
    assert "HardwareCorrupted 4 kB" in user.window.counters.texts()
    user.key(Key.Key_PageUp)
    assert user.session.position == first
    assert user.alive(*EVERYBODY) == [True] * 4
    assert all(row.alive for row in user.window.docks["tasks"].content().tasks.rows)
    assert "HardwareCorrupted 0 kB" in user.window.counters.texts()


def test_playing_walks_to_the_end_by_itself(user, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = SimpleNamespace(monotonic=lambda: 8 * time.monotonic())
    monkeypatch.setattr(playback, "time", quick)  # at its speed, which is that of a reader, it takes a quarter minute
    user.window.controller.playback.set_speed(8.0)
    positions: list[int] = []
    user.window.present.moved.connect(lambda _: positions.append(user.session.position))
    user.click_frame(user.frame("srv:heap+1"))
    until(lambda: not user.window.controller.playback.playing)
    assert user.session.position == len(user.session.steps)
    assert positions == sorted(positions) and len(positions) > 10
    assert user.alive(*EVERYBODY) == [False] * 4


def test_with_the_slider_at_0_nobody_dies_until_the_page_is_read(user) -> None:
    pfn = user.frame("srv:heap+1")
    slider = user.window.sliders["memory_failure_early_kill"]
    assert slider.value() == 1
    slider.setFocus()
    user.key(Key.Key_Space, slider)
    assert slider.value() == 0
    assert user.session.machine.sysctl.view["memory_failure_early_kill"] == 0
    user.click_frame(pfn)
    user.key(Key.Key_End)
    assert user.alive(*EVERYBODY) == [True] * 4
    assert "die on touch" in user.window.sentence.text.text()
    user.choose(user.window.menus.frame_menu(pfn), "Read as", "w1:103  (heap+1)")
    user.key(Key.Key_End)
    assert user.alive(*EVERYBODY) == [True, True, False, True]
    assert user.session.operations[-1].outcome.signals[0].code == "BUS_MCEERR_AR"


def test_going_back_before_the_slider_moved_moves_it_back(user) -> None:
    slider = user.window.sliders["memory_failure_early_kill"]
    user.qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=slider._track().center().toPoint())
    assert slider.value() == 0
    user.key(Key.Key_Comma, user.window.map.view)
    assert slider.value() == 1
    user.key(Key.Key_Period, user.window.map.view)
    assert slider.value() == 0


def test_a_click_while_another_plays_finishes_that_one_first(user) -> None:
    user.click_frame(user.frame("srv:heap+1"))
    assert user.window.controller.playback.playing
    user.click_frame(user.frame("any:free"))
    kinds = [operation.name for operation in user.session.operations[-2:]]
    assert kinds == ["poison", "poison"]
    assert user.alive("w0") == [False]
    user.key(Key.Key_End)


def test_a_click_in_the_past_discards_the_future(user) -> None:
    before = len(user.session.steps)
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End)
    user.key(Key.Key_PageUp)
    user.click_frame(user.frame("srv:heap+2"))
    user.key(Key.Key_End)
    poisons = [operation for operation in user.session.operations if operation.name == "poison"]
    assert len(poisons) == 1 and poisons[0].first == before


def test_a_right_click_and_a_click_with_a_modifier_only_select(user) -> None:
    steps = len(user.session.steps)
    user.window.map.contextMenuRequested.disconnect(user.window.menus.show_frame_menu)
    for page, (button, keys) in enumerate(
        (
            (Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier),
            (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier),
            (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier),
        )
    ):
        user.window.controller.selection.select(steps)
        pfn = user.frame(f"srv:heap+{page}")
        user.click_frame(pfn, button, keys)
        assert user.window.controller.selection.frame == pfn == user.window.map.selection
        assert len(user.session.steps) == steps
        assert f"{pfn:#x}" in user.window.docks["frame"].content().toPlainText()


def test_arrows_select_and_enter_fires(user) -> None:
    pfn = user.frame("srv:heap+1")
    user.window.controller.selection.select(pfn - 1)
    view = user.window.map.view
    view.setFocus()
    user.key(Key.Key_Right, view)
    assert user.window.controller.selection.frame == pfn
    user.key(Key.Key_Return, view)
    user.key(Key.Key_End, view)
    assert user.alive("w2") == [False]


def test_recovery_off_panics_and_only_going_back_goes_on(user) -> None:
    window = user.window
    window.sliders["memory_failure_recovery"].setFocus()
    user.key(Key.Key_0, window.sliders["memory_failure_recovery"])
    pfn = user.frame("srv:heap+1")
    user.click_frame(pfn)
    user.key(Key.Key_End)
    assert window.controller.panicked
    assert window.on_demand.panic().isVisible()
    assert window.on_demand.panic().line.text().startswith("Kernel panic - not syncing")
    assert {row.state for row in window.docks["tasks"].content().tasks.rows if row.alive} == {"stopped"}
    assert not window.actions_["break"].isEnabled()
    assert "panicked" in window.actions_["break"].toolTip()
    assert not window.sliders["memory_failure_early_kill"].isEnabled()
    steps = len(user.session.steps)
    user.click_frame(pfn)
    user.click_frame(pfn + 1)
    assert len(user.session.steps) == steps and window.controller.panicked
    back = next(
        button
        for button in window.on_demand.panic().card.findChildren(type(window.transport.speed))
        if button.isEnabled()
    )
    assert back.text().replace("&", "") == "Step back"
    user.qtbot.mouseClick(back, Qt.MouseButton.LeftButton)
    assert not window.controller.panicked and not window.on_demand.panic().isVisible()
    assert "running" in {row.state for row in window.docks["tasks"].content().tasks.rows}
    assert window.actions_["break"].isEnabled()


def test_the_log_follows_the_timeline(user) -> None:
    log = user.window.docks["log"].content()
    assert log.log.lines == []
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End)
    whole = list(user.session.machine.log.view.values())
    assert log.log.lines == whole and len(whole) == 5
    for _ in range(len(user.session.steps)):
        user.key(Key.Key_Comma, user.window.map.view)
        assert log.log.lines == whole[: len(user.session.machine.log.view)]
        if len(log.log.lines) == 2 and log.log.newest:
            assert log.log.newest == {1}
    assert log.log.lines == []


def test_a_double_click_on_a_line_goes_to_the_step_that_printed_it(user) -> None:
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End)
    log = user.window.docks["log"].content()
    log.doubleClicked.emit(log.model().index(2, 0))
    assert len(log.log.lines) == 3 and log.log.newest == {2}
