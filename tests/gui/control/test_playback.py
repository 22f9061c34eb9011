"""The playback clock: pauses of a scenario, the end of an operation, long runs, and motion."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hwpoison_gui.gui.control import playback
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.scenario.scenario import Memory, Scenario
from hwpoison_gui.session.scenario.schema import OPS
from hwpoison_gui.session.scenario.shape import values_of
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.telling import Telling
from hwpoison_gui.view.story import pace
from tests.gui.conftest import User, workers
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


@pytest.fixture
def reading(user, monkeypatch: pytest.MonkeyPatch) -> tuple[User, Callable[[float], None]]:
    """In front of the first step of an error, which plays; and a function that lets seconds go by."""
    now = [100.0]
    monkeypatch.setattr(playback.time, "monotonic", lambda: now[0])
    user.click_frame(user.frame("srv:heap+1"))
    user.window.controller.playback._timer.setInterval(1_000_000)  # ticks are the test's own

    def wait(seconds: float) -> None:
        now[0] += seconds
        user.window.controller.playback._tick()

    return user, wait


def test_a_ring_fills_while_playback_waits_for_a_reader(reading) -> None:
    user, wait = reading
    timeline = user.window.transport.timeline
    wait(0.0)
    begun = timeline.grab().toImage()
    wait(1.0)
    assert timeline.grab().toImage() != begun
    assert user.window.transport.where.text().startswith("step")
    user.window.controller.toggle()
    assert timeline.grab().toImage() == begun


def test_without_motion_the_seconds_that_playback_waits_are_counted(reading) -> None:
    user, wait = reading
    transport = user.window.transport
    user.window.appearance.choose_motion(True)
    begun = transport.timeline.grab().toImage()
    wait(0.0)
    left = int(transport.where.text().partition(" s · step")[0])
    assert left > 1
    wait(1.0)
    assert transport.where.text().startswith(f"{left - 1} s · step")
    assert transport.timeline.grab().toImage() == begun
    user.window.controller.toggle()
    assert transport.where.text().startswith("step")


def test_a_step_that_was_in_view_is_left_after_a_glance(reading) -> None:
    user, wait = reading
    at = user.session.position
    for _ in range(2):
        user.window.controller.toggle()
    wait(pace.GLANCE / 1000 - 0.1)
    assert user.session.position == at
    wait(0.2)
    assert user.session.position == at + 1
    wait(pace.GLANCE / 1000)
    assert user.session.position == at + 1  # this one is new


@pytest.mark.parametrize("shown", [False, True])
def test_only_a_caption_that_is_shown_is_waited_for(open_window, shown: bool) -> None:
    session = two_clicks()
    opened = Opened(session, "a test", Scenario("a test", memory=Memory()), is_story=shown)
    clock, first = open_window(opened).window.controller.playback, session.operations[-2]
    marks = session.steps.marks[first.first : first.last]
    assert clock._duration(first.first + 1) == pace.Pace(marks, first.telling.caption if shown else "").time(0)


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
