"""What was done in a session, as a scenario that can be saved and replayed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hwpoison_gui.session import names
from hwpoison_gui.session.scenario import Memory, Scenario
from hwpoison_gui.session.scenario_reader import step_of
from hwpoison_gui.session.session import Operation


def scenario_of(
    operations: Iterable[Operation],
    *,
    title: str,
    summary: str = "",
    profile: str = "v7",
    memory: Memory | None = None,
    sysctl: Mapping[str, int] | None = None,
) -> Scenario:
    """The scenario that does `operations` again on a machine booted from `memory` with `sysctl`.

    Raises ScenarioError when one of them cannot be said in a file.
    """
    steps = [
        step_of({"op": operation.name, **operation.args, "caption": operation.caption}, number, profile)
        for number, operation in enumerate(operations, start=1)
    ]
    scenario = Scenario(title, summary, profile, memory or Memory(), dict(sysctl or {}), tuple(steps))
    names.check(scenario)
    return scenario
