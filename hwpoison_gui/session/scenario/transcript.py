"""Converts the operations of a session to the steps of a scenario that runs them again."""

from __future__ import annotations

from collections.abc import Sequence

from hwpoison_gui.session.scenario.scenario import ScenarioStep, pauses
from hwpoison_gui.session.session import Operation


def steps_of(operations: Sequence[Operation], captions: Sequence[str] = ()) -> tuple[ScenarioStep, ...]:
    """One step for each operation. `captions`: one for each, replacing those of the operations; empty: keep them."""
    words = captions or [operation.caption for operation in operations]
    return tuple(
        ScenarioStep(operation.name, dict(operation.args), caption, pauses(operation.name, caption), {}, number)
        for number, (operation, caption) in enumerate(zip(operations, words, strict=True), start=1)
    )
