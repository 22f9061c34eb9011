"""The words of the scene of the start page follow the session: who dies is counted, not taken for granted."""

from __future__ import annotations

import pytest

from hwpoison_gui import resources
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.words.scene import deaths, end_words, shared_words, step_words
from tests.workbench import do

FOUR = ("server", "worker-1", "worker-2", "worker-3")


def broken(handlers: tuple[str, ...] = (), early_kill: int = 1) -> Session:
    """The scene after the error, with processes that have a handler for SIGBUS."""
    scenario = load(resources.path("start/hook.toml"))
    session = replay.boot(scenario)
    for _ in replay.play(session, scenario):
        pass
    do(session, "sysctl", name="memory_failure_early_kill", value=early_kill)
    for task in handlers:
        do(session, "sigaction", task=task, sigbus="handler")
    do(session, "poison", frame="server:heap+0")
    return session


@pytest.mark.parametrize(
    ("handlers", "end", "step"),
    [
        ((), "Four processes are dead.", "None of them has a handler for SIGBUS. They die,"),
        (FOUR[:1], "Three processes are dead.", "Three processes without a handler for SIGBUS die,"),
        (FOUR[:3], "One process is dead.", "One process without a handler for SIGBUS dies,"),
        (FOUR, "", ""),
    ],
)
def test_the_dead_are_those_who_died(handlers: tuple[str, ...], end: str, step: str) -> None:
    session = broken(handlers)
    operation = session.operations[-1]
    dead = [name for name in FOUR if not session.alive(name)]
    assert sorted(deaths(operation)) == dead == [name for name in FOUR if name not in handlers]
    assert end_words(operation).startswith(end) and bool(end_words(operation)) is bool(dead)
    assert step_words(Act.DIE, operation).startswith(step)


def test_under_late_kill_nobody_is_said_to_be_dead() -> None:
    session = broken(early_kill=0)
    assert all(session.alive(name) for name in FOUR)
    assert end_words(session.operations[-1]) == ""


def test_one_process_shares_and_more_share() -> None:
    assert shared_words(1).startswith("One process shares") and shared_words(4).startswith("Four processes share")
    assert shared_words(1000).startswith("1,000 processes share")
