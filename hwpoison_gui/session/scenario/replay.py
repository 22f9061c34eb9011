"""Doing what a scenario says: boots its machine and takes its steps in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.errors import NotYetSupportedError, ScenarioError
from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.session.scenario import expect
from hwpoison_gui.session.scenario.scenario import Scenario, ScenarioStep
from hwpoison_gui.session.session import Session


class Done(NamedTuple):
    """A step that was taken, and how it differs from what was expected of it."""

    step: ScenarioStep
    outcome: Outcome
    differences: tuple[expect.Difference, ...]


def boot(scenario: Scenario) -> Session:
    """The machine on which the scenario plays, before its first step."""
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
    """Take the steps one by one; the machine stands after the step that is handed out."""
    for step in scenario.steps:
        try:
            before = expect.look(session, step)
            outcome = session.act(step.op, dict(step.args), step.caption)
            differences = expect.compare(session, before, outcome)
        except ScenarioError as error:
            raise error.at(step=step.number) from None
        yield Done(step, outcome, differences)
