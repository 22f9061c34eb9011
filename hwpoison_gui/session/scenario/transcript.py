"""Converts the operations of a session to the steps of a scenario that runs them again."""

from __future__ import annotations

from collections.abc import Sequence

from hwpoison_gui.session.scenario.scenario import ScenarioStep, pauses
from hwpoison_gui.session.session import Operation


def steps_of(operations: Sequence[Operation], captions: Sequence[str] = ()) -> tuple[ScenarioStep, ...]:
    """One step for each operation. `captions`: one for each, replacing those of the operations; empty: keep them."""
    words = captions or [operation.caption for operation in operations]
    return tuple(
        ScenarioStep(operation.name, dict(operation.args), caption, _pause(operation, caption), {}, number)
        for number, (operation, caption) in enumerate(zip(operations, words, strict=True), start=1)
    )


def _pause(operation: Operation, caption: str) -> bool:
    """Its own pause where it was given one, else the default with that caption."""
    usual = operation.pause == pauses(operation.name, operation.caption)
    return pauses(operation.name, caption) if usual else operation.pause
