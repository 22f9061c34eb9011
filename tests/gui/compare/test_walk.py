"""Both sides of a comparison are played by the window's clock: at its speed, and only while nobody seeks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from hwpoison_gui.gui.control import playback, slices
from hwpoison_gui.view.story.pace import PaceTogether
from tests.gui.compare.test_window import compared  # noqa: F401
from tests.gui.waiting import until


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time; ticks are the test's own."""
    now = [100.0]
    monkeypatch.setattr(playback.time, "monotonic", lambda: now[0])
    return now


def times(window) -> PaceTogether:
    clicks = [(side.session, side.click) for side in (window.compared.left, window.compared.right)]
    return PaceTogether([session.steps.marks[click.first :] for session, click in clicks], window.compared.ticks)


def test_a_tick_is_shown_until_it_is_read_at_the_speed_of_the_window(compared, user, now) -> None:  # noqa: F811
    walk, pace = compared.walk, times(compared)
    walk.toggle()
    walk._timer.stop()
    assert walk.at == 0
    now[0] += pace.time(0) / 1000 + pace.time(1) / 1000 - 0.01
    walk._tick()
    assert walk.at == 1
    now[0] += 0.02
    walk._tick()
    assert walk.at == 2
    user.window.controller.playback.set_speed(8.0)
    now[0] += pace.time(2) / 8 / 1000
    walk._tick()
    assert walk.at == 3
    until(lambda: [side.side.session.position - side.side.start for side in compared.sides] == [3, 3])


def test_it_ends_at_the_end_and_begins_again(compared, now) -> None:  # noqa: F811
    walk = compared.walk
    said: list[bool] = []
    walk.playingChanged.connect(said.append)
    walk.toggle()
    now[0] += 1e6
    walk._tick()
    assert walk.at == walk.last and not walk.playing
    walk.toggle()
    assert walk.at == 0 and walk.playing and said == [True, False, True]


@pytest.mark.parametrize("seek", ["key", "slider", "button"])
def test_who_seeks_stops_it(compared, seek: str) -> None:  # noqa: F811
    walk = compared.walk
    walk.toggle()
    assert walk.playing
    if seek == "key":
        walk.seek(2)
    elif seek == "slider":
        compared.bar.slider.setValue(2)
    else:
        compared.bar.buttons["last"].click()
    assert not walk.playing and walk.at == (walk.last if seek == "button" else 2)
    assert compared.bar.slider.value() == walk.at


def test_a_click_on_the_groove_walks_both_sides_there(compared) -> None:  # noqa: F811
    walk, slider = compared.walk, compared.bar.slider
    walk.seek(0)
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, slider.height() // 2))
    assert walk.last > 10 and abs(walk.at - walk.last / 2) <= 1
    until(lambda: not walk.busy)
    within = [side.side.session.position - side.side.start for side in compared.sides]
    assert within == list(compared.compared.ticks[walk.at])


def test_it_waits_for_a_walk_that_takes_long(compared, now, monkeypatch) -> None:  # noqa: F811
    monkeypatch.setattr(slices, "_AT_ONCE", -1.0)
    walk = compared.walk
    walk.seek(1)
    assert walk._work.busy
    walk.play()
    now[0] += 1e3
    walk._tick()
    assert walk.at == 1
