"""The story: each scene says what the session says at that position, whichever way it is stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.export import story as stories
from hwpoison_gui.export.story import TooLongError, scenes_of, story
from hwpoison_gui.opening.opening import Opened, open_file
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.telling import Telling
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.facts.sentence import sentence_of
from hwpoison_gui.view.outline.outline import Outline
from hwpoison_gui.view.rows.log import log_lines
from hwpoison_gui.view.rows.tasks import task_rows
from hwpoison_gui.view.story.stops import ASIDES
from tests.workbench import do

LESSONS = ("07-one-page-many-processes", "16-huge-pages-today", "19-soft-offline")


def opened(lesson: str) -> Opened:
    return open_file(resources.path(f"lessons/{lesson}.toml"))


@pytest.fixture(scope="module", params=LESSONS)
def told(request: pytest.FixtureRequest) -> tuple[Session, dict[str, Any]]:
    found = opened(request.param)
    return found.session, story(found.session, found.title)


def expanded(runs: list[int]) -> list[int]:
    return [code for code, count in zip(runs[::2], runs[1::2], strict=True) for _ in range(count)]


def test_the_map_of_each_scene_is_the_memory_at_its_position(told: tuple[Session, dict[str, Any]]) -> None:
    session, made = told
    cells = expanded(made["map"])
    for scene in made["scenes"]:
        for cell, code in scene["cells"]:
            cells[cell] = code
        session.seek(scene["at"])
        words = session.machine.flags.view
        assert cells == [kinds.kind_of(int(word)) for word in words], scene["at"]


def test_words_log_and_tasks_are_those_of_the_window(told: tuple[Session, dict[str, Any]]) -> None:
    session, made = told
    lines = made["log"]
    for scene in made["scenes"]:
        session.seek(scene["at"])
        assert scene["text"] == (sentence_of(session).text if scene["at"] else "The machine at the start.")
        assert [text for text, _ in lines[: scene["log"]]] == [line.text for line in log_lines(session)]
        rows = task_rows(session)
        shown = [made["pool"][number] for number in scene["tasks"]]
        assert [(row[0], row[2]) for row in shown] == [(row.name, row.state) for row in rows]


def test_the_outline_has_the_lines_of_the_window(told: tuple[Session, dict[str, Any]]) -> None:
    session, made = told
    for operation, shown in zip(session.operations, made["operations"], strict=True):
        if "outline" in shown:
            own = Outline(session.machine.profile, session.steps.marks, operation.first, operation.last)
            texts = [node.text for node in own.shown()]
            assert [line[2] for line in shown["outline"]][: len(texts)] == texts


def test_the_reverse_map_shows_who_was_unmapped_and_killed() -> None:
    found = opened("07-one-page-many-processes")
    made = story(found.session, found.title)
    click = next(number for number, one in enumerate(made["operations"]) if one["title"].startswith("break"))
    end = [scene for scene in made["scenes"] if scene["op"] == click][-1]
    rows = [made["pool"][number] for number in end["walk"][1]]
    assert [(row[4].split(":")[0], row[3], row[6]) for row in rows] == [
        ("server", "unmapped", "killed"), ("worker-1", "unmapped", "killed"), ("worker-2", "unmapped", "killed"),
        ("worker-3", "skipped", "alive"),
    ]  # fmt: skip


def test_setting_up_is_one_scene_an_operation_and_a_click_is_all_its_steps() -> None:
    found = opened("05-anonymous-early-kill")
    shown = scenes_of(found.session)
    for operation in found.session.operations:
        inside = [at for at in shown if operation.first < at <= operation.last]
        if operation.name == "poison":
            assert inside == list(range(operation.first + 1, operation.last + 1))
        elif not operation.telling.caption:
            assert inside == [operation.last] * (operation.name not in ASIDES)


def crowd(tasks: int) -> Session:
    session = Session.fresh(1 << 14)
    do(session, "task", name="p")
    do(session, "mmap", task="p", name="m", pages=1)
    do(session, "write", task="p", at="m+0", value="x")
    for number in range(tasks):
        do(session, "fork", task="p", child=f"c{number}")
    do(session, "poison", frame="p:m+0")
    return session


def test_of_a_crowd_the_ends_of_each_run_are_shown() -> None:
    few, many = crowd(100), crowd(200)
    assert len(many.steps) - len(few.steps) > 300
    assert len(scenes_of(many)) - len(scenes_of(few)) == 100, "one more for each fork, none for the walk"


def test_a_story_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stories, "MOST_SCENES", 5)
    with pytest.raises(TooLongError, match="at most 5"):
        story(crowd(3), "t")


def test_a_cell_of_several_frames_shows_the_worst_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stories, "MOST_CELLS", 256)
    session = Session.fresh(4096)
    do(session, "poison", frame="any:free")
    made = story(session, "t")
    assert made["perCell"] == 16 and len(expanded(made["map"])) == 256
    cells = np.array(expanded(made["map"]))
    for scene in made["scenes"]:
        for cell, code in scene["cells"]:
            cells[cell] = code
    assert (cells == kinds.POISON).sum() == 1
    assert made["scenes"][-1]["target"] == int(np.flatnonzero(cells == kinds.POISON)[0])


def test_what_the_scenario_passes_over_is_passed_over() -> None:
    session = Session.fresh(4096)
    args = {"frame": "any:free", "via": "corrupt-pfn", "rip_valid": True, "thread": 0}
    session.act("poison", args, Telling(pause=False))
    assert scenes_of(session) == [0, session.operations[0].last]
