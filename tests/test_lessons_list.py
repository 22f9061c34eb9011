"""The list of lessons on the start page: read from the files, kept in the cache, and made again when a file changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hwpoison_gui import lessons
from hwpoison_gui.lessons import COLUMNS, ROWS, Lesson, Picture
from hwpoison_gui.opening.opening import nobody_cancels
from hwpoison_gui.session.session import Session
from hwpoison_gui.user import cache as user_cache
from hwpoison_gui.view.base.kinds import FREE, POISON
from tests.workbench import do

STORY = 'format = 1\ntitle = "One"\nsummary = "Two."\n[[step]]\nop = "task"\nname = "t"\ncaption = "{}"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, and two lessons in a folder that may be changed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("01-a.toml", "02-b.toml"):
        (tmp_path / name).write_text(STORY.format("x" * 900))
    monkeypatch.setattr(lessons, "paths", lambda: sorted(tmp_path.glob("*.toml")))
    return tmp_path


def test_the_lessons_that_come_with_the_program() -> None:
    found = [lessons.read(path) for path in lessons.paths()]
    assert len(found) >= 22 and all(lesson.title and lesson.summary and not lesson.minutes for lesson in found)


def test_a_lesson_is_as_long_as_it_takes_to_read_it_aloud(folder: Path) -> None:
    lesson = lessons.run(lessons.read(folder / "01-a.toml"), nobody_cancels)
    assert (lesson.title, lesson.summary, lesson.minutes) == ("One", "Two.", 1)
    (folder / "01-a.toml").write_text(STORY.format("x" * 3000))
    assert lessons.run(lessons.read(folder / "01-a.toml"), nobody_cancels).minutes == 3


def test_what_is_kept_is_read_back(folder: Path) -> None:
    assert lessons.kept() == []
    first, second = (lessons.read(path) for path in lessons.paths())
    drawn = Picture((POISON, *[-1] * (COLUMNS * ROWS - 1)), 0, ("dead", "alive"), False)
    lessons.keep([first._replace(picture=drawn), second])
    assert lessons.kept() == [first._replace(picture=drawn), second]


def test_a_changed_lesson_is_read_again(folder: Path) -> None:
    lessons.keep([lessons.read(path) for path in lessons.paths()])
    (folder / "02-b.toml").write_text(STORY.format("other words"))
    assert lessons.kept() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda kept: "nothing",
        lambda kept: None,
        lambda kept: [kept],
        lambda kept: {**kept, "lessons": kept["lessons"][:1]},
        lambda kept: {**kept, "lessons": [1, 2]},
        lambda kept: {**kept, "lessons": [["a", "b", "long", None]] * 2},
        lambda kept: {**kept, "lessons": [["a", "b", 9.0, [[99] * 99, 0, [], False]]] * 2},
        lambda kept: {**kept, "lessons": [["a", "b", 9.0, [[0] * 99, 99, [], False]]] * 2},
        lambda kept: {**kept, "lessons": [["a", "b", 9.0, [[0] * 98, 0, [], False]]] * 2},
        lambda kept: {**kept, "lessons": [["a", "b", 9.0, [["0"] * 99, 0, [], False]]] * 2},
    ],
)
def test_a_damaged_cache_counts_as_none(folder: Path, change) -> None:
    lessons.keep([lessons.read(path) for path in lessons.paths()])
    kept = json.loads(user_cache.read("lessons.json") or b"")
    user_cache.write("lessons.json", json.dumps(change(kept)).encode())
    assert lessons.kept() == []
    user_cache.write("lessons.json", b"\xff{")
    assert lessons.kept() == []


def test_a_picture_shows_the_end() -> None:
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="heap", pages=1)
    do(session, "write", task="a", at="heap+0", value="x")
    do(session, "fork", task="a", child="b")
    do(session, "fork", task="a", child="c")
    do(session, "sigaction", task="b", sigbus="handler")
    do(session, "prctl", task="c", mce_kill="late")
    pfn = session.resolve_frame("a:heap+0")
    do(session, "poison", frame="a:heap+0")
    drawn = lessons.picture(session)
    assert drawn.fates == ("dead", "told", "alive") and not drawn.panic
    assert drawn.cells[drawn.hit] == POISON and len(drawn.cells) == COLUMNS * ROWS
    assert session.position == len(session.steps) and session.at_rest and pfn >= 0


def test_a_picture_shows_the_frames_around_as_the_error_found_them() -> None:
    session = Session.fresh(4096)
    do(session, "poison", frame="any:free-inside")
    drawn = lessons.picture(session)
    do(session, "alloc", frames=4096)
    assert lessons.picture(session) == drawn and FREE in drawn.cells, "whatever uses the free frames later"


def test_pictures_of_other_ends() -> None:
    assert lessons.picture(Session.fresh(4096)) == Picture((), -1, (), False)
    session = Session.fresh(4096, profile="v7", sysctl={"memory_failure_recovery": 0})
    do(session, "poison", frame="pfn:0xfff")
    drawn = lessons.picture(session)
    assert drawn.panic and drawn.fates == () and 0 <= drawn.hit < COLUMNS * ROWS


def test_the_cost_of_the_walk_has_a_hundred_mappers() -> None:
    lesson = lessons.run(
        lessons.read(next(path for path in lessons.paths() if path.name.startswith("20"))), nobody_cancels
    )
    assert lesson.picture is not None and len(lesson.picture.fates) == 100


def test_minutes_are_at_least_one() -> None:
    assert Lesson(Path("a"), "a", "", 3.0).minutes == 1
