"""The operations of a session come back as the scenario that runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.errors import NotYetSupportedError
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import load, loads
from hwpoison_gui.session.scenario.scenario import Memory, Scenario
from hwpoison_gui.session.scenario.transcript import steps_of
from hwpoison_gui.session.scenario.writer import save
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.telling import Telling
from tests.paths import DATA
from tests.workbench import do

CASES = sorted((DATA / "cases" / "v7").glob("*.toml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_replayed_case_is_told_as_it_was(path: Path) -> None:
    scenario = load(path)
    try:
        session = replay.boot(scenario)
    except NotYetSupportedError as error:
        pytest.skip(error.summary)
    for _ in replay.play(session, scenario):
        pass
    assert steps_of(session.operations) == scenario.steps


def test_acts_replay_to_the_same_machine() -> None:
    session = Session.fresh(frames=1024, seed=5)
    steps = loads('format = 1\ntitle = "t"\n[[step]]\nop = "poison"\nframe = "any:free"\ncaption = "Bad."').steps
    session.act("poison", steps[0].args, steps[0].telling)
    scenario = Scenario("t", memory=Memory(frames=1024, seed=5), steps=steps_of(session.operations))
    assert scenario.steps == steps
    again = replay.boot(scenario)
    for _ in replay.play(again, scenario):
        pass
    assert again.machine.gate.digest() == session.machine.gate.digest()


def test_other_captions_may_be_given() -> None:
    session = Session.fresh(frames=1024)
    session.act("drop_caches", {}, Telling("Not this.", notes="Say this."))
    (step,) = steps_of(session.operations, ["But this."])
    assert (step.caption, step.notes, step.pause) == ("But this.", "Say this.", True)


def _refused_before() -> list[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """Programs that the session ran and the reader of scenarios refused: (what it said, operations)."""
    kept = json.loads((DATA / "attacked" / "save_refusals.json").read_text())
    assert len(kept) == 4
    return [(said, operations) for said, (_, operations) in kept.items()]


@pytest.mark.parametrize("profile", list(PROFILES))
@pytest.mark.parametrize(("said", "operations"), _refused_before())
def test_what_was_done_can_be_saved_and_opened_again(
    said: str, operations: list[tuple[str, dict[str, Any]]], profile: str, tmp_path: Path
) -> None:
    session = Session.fresh(frames=640, profile=profile)
    for op, args in operations:
        session.act(op, args)
    scenario = Scenario(said, profile=profile, memory=Memory(frames=640), steps=steps_of(session.operations))
    save(scenario, tmp_path / "a.toml")
    again = replay.boot(load(tmp_path / "a.toml"))
    assert not [one for done in replay.play(again, load(tmp_path / "a.toml")) for one in done.differences]
    assert again.machine.gate.digest() == session.machine.gate.digest()


def test_a_failure_to_make_something_is_expected() -> None:
    session = Session.fresh(frames=640)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "mremap", task="a", at="m+0", pages=1, name="n")
    do(session, "munmap", task="a", at="n+0")
    do(session, "mremap", task="a", at="n+0", pages=1, name="o")
    do(session, "alloc", frames=700)
    do(session, "fork", task="a", child="b")
    do(session, "file", path="/f", pages=1, filesystem="tmpfs")
    expected = [(step.op, step.expect.get("errno")) for step in steps_of(session.operations) if step.expect]
    assert expected == [("mremap", "EFAULT"), ("fork", "ENOMEM"), ("file", "ENOMEM")]
