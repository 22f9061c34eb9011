"""Running scenarios: the machine of the file, one step at a time, and errors that name their step."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.errors import NotYetSupportedError, ScenarioError
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import loads
from hwpoison_gui.session.scenario.scenario import Scenario
from tests.session.scenario.texts import HEAD, MMAP, NEW, TASK, step


def test_the_machine_is_the_one_of_the_file() -> None:
    text = NEW + "[memory]\nframes = 2048\nhuge_pages = 1\n[sysctl]\nmemory_failure_recovery = 0\n"
    m = replay.boot(loads(text)).machine
    assert (m.profile.name, m.frames, len(m.huge_free.of(0))) == ("6.1", 2048, 1)
    assert m.sysctl.view["memory_failure_recovery"] == 0
    assert m.sysctl.view["memory_failure_early_kill"] == m.profile.sysctl["memory_failure_early_kill"]


def test_each_step_is_compared_with_the_machine_right_after_it() -> None:
    text = HEAD + TASK + '[step.expect]\nalive = ["a"]\n' + step("exit", 'task = "a"\n[step.expect]\nalive = ["a"]')
    scenario = loads(text)
    session = replay.boot(scenario)
    first, second = replay.play(session, scenario)
    assert first.differences == ()
    (difference,) = second.differences
    assert str(difference) == "step 2 (exit): alive a: expected alive, got dead"


def test_nothing_runs_before_it_is_asked_for() -> None:
    scenario = loads(HEAD + TASK + MMAP)
    session = replay.boot(scenario)
    play = replay.play(session, scenario)
    assert not session.operations
    assert next(play).step.op == "task" and len(session.operations) == 1


def test_an_error_names_the_step() -> None:
    """The reader cannot know that a signal kills the task."""
    text = HEAD + TASK + MMAP + step("write", 'task = "a"\nat = "m+0"') + step("poison", 'frame = "a:m+0"')
    scenario = loads(text + step("read", 'task = "a"\nat = "m+0"'))
    with pytest.raises(ScenarioError, match=r"^step 5: task: task 'a' is dead") as raised:
        list(replay.play(replay.boot(scenario), scenario))
    assert raised.value.step == 5


def test_a_profile_that_does_not_exist() -> None:
    with pytest.raises(NotYetSupportedError, match=r"2\.4"):
        replay.boot(Scenario("t", profile="2.4"))
