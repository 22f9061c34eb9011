"""What was done in a session comes back as the scenario that does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.session.errors import NotYetSupportedError
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import load, loads
from hwpoison_gui.session.scenario.scenario import Memory, Scenario
from hwpoison_gui.session.scenario.transcript import steps_of
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.telling import Telling
from tests.paths import DATA

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
