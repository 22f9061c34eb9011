"""Runs a scenario: boots its machine and runs its steps in order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.record import Record
from hwpoison_gui.session.errors import NotYetSupportedError, ScenarioError
from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.session.scenario import expect
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.session.scenario.scenario import Scenario, ScenarioStep
from hwpoison_gui.session.session import Session


class Done(Record):
    """A completed step, and how its outcome differs from its `expect`."""

    step: ScenarioStep
    outcome: Outcome
    differences: tuple[expect.Difference, ...]


class Story(Record):
    """A machine, and the scenario whose steps are to run on it. `notes`: what had to be assumed of the machine."""

    session: Session
    scenario: Scenario
    notes: tuple[str, ...] = ()


def story(path: Path) -> Story:
    """The story of a scenario file. Raises ScenarioError, OSError."""
    scenario = load(path)
    return Story(boot(scenario), scenario)


def boot(scenario: Scenario) -> Session:
    """A session on the scenario's machine, before the first step. Raises NotYetSupportedError for its profile."""
    if scenario.profile not in PROFILES:
        raise NotYetSupportedError(f"profile {scenario.profile}", key="profile")
    memory = scenario.memory
    return Session.fresh(
        frames=memory.frames,
        seed=memory.seed,
        background=memory.background,
        huge_pages=memory.huge_pages,
        profile=scenario.profile,
        sysctl=dict(scenario.sysctl),
    )


def play(session: Session, scenario: Scenario) -> Iterator[Done]:
    """Run the steps one by one; at each yield the machine is as after that step. Raises ScenarioError."""
    for step in scenario.steps:
        try:
            before = expect.look(session, step)
            outcome = session.act(step.op, dict(step.args), step.telling)
            differences = expect.compare(session, before, outcome)
        except ScenarioError as error:
            raise error.at(step=step.number) from None
        yield Done(step, outcome, differences)
