"""The playback clock: pauses of a scenario, the end of an operation, long runs, and motion."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hwpoison_gui.gui.control import playback
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.session.scenario.schema import OPS
from hwpoison_gui.session.scenario.shape import values_of
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.telling import Telling
from hwpoison_gui.view.story import pace
from tests.gui.conftest import workers
from tests.gui.waiting import until
from tests.workbench import do


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Makes all times of steps that many times shorter."""

    def shorten(by: float) -> None:
        for name in ("_BREATH", "_CHARACTER", "GLANCE", "AT_THE_END"):
            monkeypatch.setattr(pace, name, getattr(pace, name) / by)
        monkeypatch.setattr(pace, "DWELL", {act: time / by for act, time in pace.DWELL.items()})

    return shorten


def two_clicks(pause: bool | None = None) -> Session:
    """A session on which two errors follow each other; the first one asks for a pause or not."""
    session = workers()
    session.act(
        "poison", values_of(OPS["poison"].keys, {"frame": "srv:heap+1"}), Telling("**First** page", pause=pause)
    )
    do(session, "poison", frame="/srv/data@1")
    return session


def test_playback_stops_after_an_operation_that_asks_for_a_pause_and_goes_on_from_there(open_window, quick) -> None:
    quick(1000)
    user = open_window(two_clicks())
    c, first = user.window.controller, user.session.operations[-2]
    c.seek(first.first)
    c.toggle()
    until(lambda: not c.playback.playing)
    assert user.session.position == first.last
    c.toggle()
    until(lambda: not c.playback.playing)
    assert user.session.position == len(user.session.steps)


def test_where_the_scenario_wants_no_pause_playback_goes_on(open_window, quick) -> None:
    quick(1000)
    user = open_window(two_clicks(pause=False))
    c, first = user.window.controller, user.session.operations[-2]
    c.seek(first.first)
    c.toggle()
    until(lambda: not c.playback.playing)
    assert user.session.position == len(user.session.steps)


def test_a_step_is_shown_until_its_sentence_is_read(user, monkeypatch) -> None:
    c, now = user.window.controller, [100.0]
    monkeypatch.setattr(playback.time, "monotonic", lambda: now[0])
    user.click_frame(user.frame("srv:heap+1"))
    c.playback._timer.stop()  # ticks are the test's own
    first = user.session.position
    times = pace.Pace(user.session.steps.marks[user.session.operations[-1].first :])
    now[0] += times.time(0) / 1000 - 0.01
    c.playback._tick()
    assert user.session.position == first
    now[0] += 0.02
    c.playback._tick()
    assert user.session.position == first + 1
    c.playback.set_speed(8.0)
    now[0] += times.time(1) / 8 / 1000
    c.playback._tick()
    assert user.session.position == first + 2


def test_of_thousands_of_frames_each_is_read_by_itself(user, monkeypatch) -> None:
    monkeypatch.setattr(playback, "_MOST_STEPS", 10)
    c, session = user.window.controller, user.session
    do(session, "poison", frames=["any:free", "any:slab"])
    whole = session.operations[-1]
    for part in whole.parts:
        times = pace.Pace(session.steps.marks[part.first : part.last])
        assert c.playback._duration(part.first + 2) == times.time(1)


def test_what_moves_within_a_step_arrives_and_then_rests(user, monkeypatch) -> None:
    c, now = user.window.controller, [100.0]
    monkeypatch.setattr(playback.time, "monotonic", lambda: now[0])
    user.click_frame(user.frame("srv:heap+1"))
    c.playback._timer.stop()
    phases: list[float] = []
    c.playback.phaseChanged.connect(phases.append)
    for _ in range(5):
        now[0] += 0.4
        c.playback._tick()
    assert phases == sorted(phases) and phases[0] < 0.5 and phases[-1] == phases[-2] == 1.0


def test_without_motion_a_run_is_passed_over(user, monkeypatch) -> None:
    c, now = user.window.controller, [100.0]
    monkeypatch.setattr(playback.time, "monotonic", lambda: now[0])
    user.window.appearance.choose_motion(True)
    user.click_frame(user.frame("srv:heap+1"))
    c.playback._timer.stop()
    shown: list[Act] = []
    for _ in range(400):
        now[0] += 0.5
        c.playback._tick()
        step = user.session.steps[user.session.position - 1]
        if step.mark.act in (Act.VISIT, Act.UNMAP):
            shown.append(user.session.position)
    assert 0 < len(set(shown)) <= 3
    assert user.session.position == len(user.session.steps)
