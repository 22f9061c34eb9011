"""Changing the profile: the same machine under another kernel, asked for where something would be lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.opening import opening, saving
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.scenario import Memory, Scenario
from tests.gui.waiting import until

STORY = """format = 1
title = "A dirty page"
profile = "{}"
[[step]]
op = "task"
name = "t"
[[step]]
op = "mmap"
task = "t"
name = "heap"
pages = 2
[[step]]
op = "write"
task = "t"
at = "heap+0"
value = "v"
"""


def small(profile: str = "v7") -> Opened:
    scenario = Scenario("small", profile=profile, memory=Memory(4096, "desktop", 3))
    return Opened(replay.boot(scenario), "small", scenario, again=small)


def running(user) -> str:
    return user.window.controller.session.machine.profile.name


def settled(user) -> None:
    until(lambda: not user.window.machines.loader.busy)


def question(window) -> QMessageBox:
    boxes = [box for box in window.findChildren(QMessageBox) if box.isVisible()]
    assert len(boxes) == 1
    return boxes[0]


def test_the_same_machine_runs_under_the_other_kernel_with_its_defaults(open_window) -> None:
    user = open_window(small())
    window = user.window
    before = window.controller.session.machine.flags.view.copy()
    window.controller.selection.select(17)
    slider = window.sliders["memory_failure_early_kill"]
    assert slider.value() == 1 and window.profile.profile == "v7"
    window.actions_["profile-6.1"].trigger()
    settled(user)
    assert running(user) == "6.1"
    assert slider.value() == 0
    assert window.profile.profile == "6.1" and "Linux 6.1" in window.profile.accessibleName()
    assert window.actions_["profile-6.1"].isChecked()
    assert window.controller.selection.frame == 17
    assert (window.controller.session.machine.flags.view == before).all()


def test_what_would_be_lost_is_said_and_can_be_kept(open_window) -> None:
    user = open_window(small(), remember=True)
    window = user.window
    user.click_frame(3000)
    user.click_frame(3100)
    window.actions_["profile-6.1"].trigger()
    box = question(window)
    assert "Linux 6.1" in box.informativeText() and "2 operations" in box.informativeText()
    assert window.actions_["profile-v7"].isChecked()
    box.button(QMessageBox.StandardButton.Cancel).click()
    assert running(user) == "v7" and len(user.session.operations) == 2
    window.actions_["profile-6.1"].trigger()
    question(window).button(QMessageBox.StandardButton.Discard).click()
    settled(user)
    assert running(user) == "6.1" and not user.session.steps


def test_a_scenario_file_starts_with_its_profile_and_is_played_again(open_window, tmp_path: Path) -> None:
    path = tmp_path / "story.toml"
    path.write_text(STORY.format("6.1"))
    user = open_window(opening.open_file(path))
    assert running(user) == "6.1" and len(user.session.operations) == 3
    user.window.actions_["profile-v7"].trigger()
    settled(user)
    assert running(user) == "v7" and len(user.session.operations) == 3
    assert saving.recorded(user.window.controller.machine).profile == "v7"


def test_a_story_that_the_other_kernel_does_not_know_stays_as_it_is(open_window, tmp_path: Path) -> None:
    path = tmp_path / "soft.toml"
    path.write_text(STORY.format("6.1") + '[[step]]\nop = "soft_offline"\nframe = "t:heap+0"\n')
    user = open_window(opening.open_file(path))
    user.window.actions_["profile-v7"].trigger()
    settled(user)
    box = question(user.window)
    assert "step 4" in box.informativeText() and "only for profile 6.1" in box.informativeText()
    box.close()
    assert running(user) == "6.1" and user.window.actions_["profile-6.1"].isChecked()
    with pytest.raises(ScenarioError):
        opening.open_scenario(path, "v7")


def test_recorded_memory_and_a_copy_can_be_booted_again(monkeypatch) -> None:
    from hwpoison_gui.sources import live
    from hwpoison_gui.sources.recording import read_recording

    path = Path("resources/machines/victim_before.npz")
    recorded = opening.open_file(path)
    assert recorded.again is not None
    again = recorded.again("v7")
    assert again.session.machine.profile is PROFILES["v7"] and again.file == recorded.file
    monkeypatch.setattr(live, "read", lambda progress, cancelled: read_recording(path))
    copy = opening.open_live(lambda share, doing: None, lambda: False)
    assert copy.again is not None and copy.is_copy
    twice = copy.again("v7").again
    assert twice is not None and twice("6.1").is_copy


def test_every_profile_is_told_in_a_line(user) -> None:
    menu = user.window.menu_of["&Machine > &Profile"].actions()
    menu = menu[: len(PROFILES)]  # the others compare with a kernel
    assert menu == [user.window.actions_[f"profile-{name}"] for name in reversed(PROFILES)], "newest first"
    for name, profile in PROFILES.items():
        action = user.window.actions_[f"profile-{name}"]
        assert profile.title in action.text() and profile.news in action.text()
        assert not action.isEnabled() and "cannot be booted again" in action.toolTip()
