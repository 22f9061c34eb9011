"""The shots of a film: in order, as long as their words are read, and nothing moves where nothing should."""

from __future__ import annotations

import pytest

from hwpoison_gui import resources
from hwpoison_gui.export.shots import Film, Shot, shots_of
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.opening.opening import open_file
from hwpoison_gui.session.scenario import schema, shape
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.telling import Telling
from hwpoison_gui.view.story.pace import reading_ms
from tests.workbench import crowd, do

LESSON = resources.path("lessons/07-one-page-many-processes.toml")


@pytest.fixture(scope="module")
def session() -> Session:
    return open_file(LESSON).session


def film(session: Session, **args: object) -> list[Shot]:
    return list(shots_of(session, Film(0, len(session.steps))._replace(**args)))


def test_it_goes_forward_from_the_title_to_the_end(session: Session) -> None:
    shots = film(session, words="A title")
    assert shots[0].title and shots[0].ms == reading_ms("A title") and not any(shot.title for shot in shots[1:])
    positions = [shot.position for shot in shots]
    assert positions == sorted(positions) and positions[-1] == len(session.steps)
    assert all(shot.ms > 0 for shot in shots)


def test_a_caption_is_read_before_the_walk_begins(session: Session) -> None:
    click = next(one for one in session.operations if one.name == "poison")
    first = sum(shot.ms for shot in film(session) if shot.position == click.first + 1)
    assert first > reading_ms(click.telling.caption)


def test_the_camera_flies_before_the_step_to_which_it_leads(session: Session) -> None:
    flights = [shot for shot in film(session) if shot.flown < 1]
    click = next(one for one in session.operations if one.name == "poison")
    there = [shot for shot in flights if shot.toward == click.first + 1]
    assert there and all(shot.position == click.first for shot in there)
    assert [shot.flown for shot in there] == sorted(shot.flown for shot in there)
    assert {shot.toward for shot in flights} >= {click.first + 1, click.last}


def test_the_walk_is_seen_on_its_way(session: Session) -> None:
    ways = [shot.position for shot in film(session) if 0 < shot.phase < 1]
    assert ways and {session.steps.marks[at - 1].act for at in ways} <= {Act.VISIT, Act.SKIP}


def test_with_reduced_motion_each_step_is_a_cut(session: Session) -> None:
    shots = film(session, moving=False)
    assert all(shot.flown == 1 and shot.phase == 0 and shot.position == shot.toward for shot in shots)
    assert len({shot.position for shot in shots}) == len(shots)


def test_speed_shortens_the_reading(session: Session) -> None:
    slow, fast = (sum(shot.ms for shot in film(session, speed=speed)) for speed in (1.0, 4.0))
    assert fast < slow / 2


def test_a_part_of_the_steps(session: Session) -> None:
    shots = film(session, first=20, last=24)
    assert {shot.position for shot in shots} <= set(range(20, 25)) and shots[-1].position == 24
    assert not any(shot.title for shot in shots)


def test_a_crowd_takes_seconds_more_not_hours() -> None:
    session = crowd(600)
    do(session, "poison", frame="top:m+0")
    few = crowd(6)
    do(few, "poison", frame="top:m+0")
    times = [sum(shot.ms for shot in film(one)) for one in (session, few)]
    assert times[0] < times[1] + 120_000 + 420 * 600 and len(film(session)) < 3000


def test_a_caption_of_a_megabyte_does_not_take_hours() -> None:
    session = crowd(2)
    args = shape.values_of(schema.OPS["poison"].keys, {"frame": "top:m+0"})
    session.act("poison", args, Telling("word " * 200_000))
    assert max(shot.ms for shot in film(session, words="x" * 1_000_000)) <= 62_000
