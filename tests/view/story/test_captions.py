"""Captions: the newest one so far, plain; the summary before the first; where a scenario opens."""

from __future__ import annotations

from pathlib import Path

from hwpoison_gui.opening import opening, saving
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.telling import Telling
from hwpoison_gui.view.story.captions import Captions, first_caption
from tests.workbench import do

STORY = """
format = 1
title = "A story"
summary = "What **happens**."
[[step]]
op = "task"
name = "a"
[[step]]
op = "mmap"
task = "a"
name = "m"
pages = 2
caption = "It maps *memory*."
[[step]]
op = "write"
task = "a"
at = "m+0"
value = "x"
[[step]]
op = "poison"
frame = "a:m+0"
caption = "It breaks."
pause = false
"""


def opened(tmp_path: Path, text: str = STORY) -> opening.Opened:
    path = tmp_path / "story.toml"
    path.write_text(text, "utf-8")
    return opening.open_file(path)


def test_a_scenario_opens_at_the_first_step_that_has_a_caption(tmp_path) -> None:
    session = opened(tmp_path).session
    assert session.position == session.operations[1].first + 1 == first_caption(session)
    assert len(session.operations) == 4
    plain = STORY.replace("caption", "# caption")
    session = opened(tmp_path, plain).session
    assert session.position == len(session.steps) and first_caption(session) is None


def test_the_newest_caption_so_far_is_shown_and_before_it_the_summary(tmp_path) -> None:
    machine = opened(tmp_path)
    session = machine.session
    captions = Captions(session, machine.title, machine.scenario.summary)
    assert captions.at_present() == ("A story · What happens.", "It maps memory.")
    session.seek(0)
    assert captions.at_present() == ("A story", "What happens.")
    session.seek(session.operations[2].last)
    assert captions.at_present().text == "It maps memory."
    session.seek(len(session.steps))
    assert captions.at_present().text == "It breaks."
    assert captions.every == ["What happens.", "It maps memory.", "It breaks."]


def test_operations_that_replace_those_of_the_scenario_take_their_captions_away(tmp_path) -> None:
    machine = opened(tmp_path)
    session = machine.session
    captions = Captions(session, machine.title, "")
    do(session, "task", name="b")
    assert captions.every == ["It maps memory."]


def test_a_session_without_captions_tells_nothing() -> None:
    session = Session.fresh(4096)
    do(session, "task", name="a")
    assert Captions(session, "", "").every == []
    assert Captions(session, "", "").at_present() == ("", "")


def test_whether_a_step_pauses_is_as_the_file_says_and_is_kept_when_saved(tmp_path) -> None:
    machine = opened(tmp_path)
    assert [operation.telling.stops(operation.name) for operation in machine.session.operations] == [
        False,
        True,
        False,
        False,
    ]
    again = saving.recorded(machine)
    assert [step.pause for step in again.steps] == [False, True, False, False]
    poison = machine.session.operations[-1]
    redone = Session.fresh(4096)
    for _ in redone.go_along([operation for operation in machine.session.operations]):
        pass
    assert redone.operations[-1].telling == poison.telling


def test_a_caption_does_not_stand_over_the_next_error() -> None:
    session = Session.fresh(4096, profile="6.1")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2)
    do(session, "write", task="a", at="m+0")
    do(session, "write", task="a", at="m+1")
    do(session, "poison", frame="a:m+0")
    session.tell(session.operations[-1], Telling(caption="The first page breaks."))
    captions = Captions(session, "", "A summary.")
    assert captions.at_present().text == "The first page breaks."
    do(session, "read", task="a", at="m+1")
    assert captions.at_present().text == "The first page breaks.", "what leads up to something"
    do(session, "poison", frame="a:m+1")
    assert captions.at_present().text == "A summary."
