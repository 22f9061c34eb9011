"""Where a presenter stops, and what the back row reads there."""

from __future__ import annotations

import pytest

from hwpoison_gui import resources
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.opening.opening import open_file
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.telling import Telling
from hwpoison_gui.view.story.pace import reading_ms
from hwpoison_gui.view.story.stage_text import staged, target_at
from hwpoison_gui.view.story.stops import stops_of
from hwpoison_gui.view.story.telling_time import stop_seconds
from tests.workbench import do


@pytest.fixture
def lesson() -> Session:
    return open_file(resources.path("lessons/07-one-page-many-processes.toml")).session


def test_a_walk_stops_at_its_caption_at_each_decision_and_at_its_end(lesson: Session) -> None:
    stops = stops_of(lesson)
    (click,) = [one for one in lesson.operations if one.name == "poison"]
    inside = [at for at in stops if click.first < at <= click.last]
    acts = [lesson.steps.marks[at - 1].act for at in inside[1:-1]]
    assert inside[0] == click.first + 1 and inside[-1] == click.last
    assert set(acts) == {Act.DECIDE, Act.RESULT} and len(acts) > 8


def test_what_leads_up_to_it_is_no_stop_unless_it_has_words(lesson: Session) -> None:
    stops = set(stops_of(lesson))
    for operation in lesson.operations:
        inside = [at for at in range(operation.first + 1, operation.last + 1) if at in stops]
        if operation.name != "poison":
            assert inside == ([operation.last] if operation.telling.caption else [])


def test_a_scenario_may_pass_over_an_error() -> None:
    session = Session.fresh(4096)
    args = {"frame": "any:free", "via": "corrupt-pfn", "rip_valid": True, "thread": 0}
    session.act("poison", args, Telling(pause=False))
    do(session, "task", name="a")
    assert stops_of(session) == [0, len(session.steps)]


def test_a_machine_without_a_story_has_its_beginning_only() -> None:
    assert stops_of(Session.fresh(4096)) == [0]


def test_the_board_asks_and_answers_as_the_outline_does(lesson: Session) -> None:
    asked = 0
    (click,) = [one for one in lesson.operations if one.name == "poison"]
    for at in stops_of(lesson):
        lesson.seek(at)
        shown = staged(lesson)
        if click.first < at < click.last and lesson.steps.marks[at - 1].act is Act.DECIDE:
            asked += bool(shown.ways)
            assert not shown.ways or [way.taken for way in shown.ways] == [True] + [False] * (len(shown.ways) - 1), at
            assert shown.head.endswith("?")
    assert asked > 5
    lesson.seek(click.last)
    facts = " ".join(fact.text for fact in staged(lesson).facts)
    assert "Killed: server:1803, worker-1:1804 and worker-2:1805." in facts and "HardwareCorrupted 4 kB" in facts


def test_the_camera_is_near_during_a_walk_and_far_before_and_after_it(lesson: Session) -> None:
    (click,) = [one for one in lesson.operations if one.name == "poison"]
    assert target_at(lesson, click.first) == -1 == target_at(lesson, click.last) == target_at(lesson, 0)
    assert target_at(lesson, click.first + 1) == click.outcome.pfn


def test_the_time_left_goes_down_to_nothing(lesson: Session) -> None:
    seconds = stop_seconds(lesson, "One page, many processes.")
    assert len(seconds) == len(stops_of(lesson)) and all(one > 0 for one in seconds)
    assert seconds[0] == reading_ms("One page, many processes.") / 1000
    (click,) = [one for one in lesson.operations if one.name == "poison"]
    caption = stops_of(lesson).index(click.first + 1)
    assert seconds[caption] > reading_ms(click.telling.caption + click.telling.notes) / 1000
    assert all(one < seconds[caption] for one in seconds[caption + 1 : caption + 4])


def test_what_was_said_of_an_error_before_takes_a_glance() -> None:
    session = Session.fresh(4096)
    for _ in range(2):
        do(session, "poison", frame="any:free")
    stops, seconds = stops_of(session), stop_seconds(session)
    first, second = session.operations
    of_first = sum(time for at, time in zip(stops, seconds, strict=True) if 0 < at <= first.last)
    of_second = sum(time for at, time in zip(stops, seconds, strict=True) if at > first.last)
    assert second.last - second.first == first.last - first.first and of_second < 0.7 * of_first
