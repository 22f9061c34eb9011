"""Stops of a presenter in a session: at captions, pauses, decisions and results."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.session import Session

_ACTS: Final = (Act.DECIDE, Act.RESULT, Act.PANIC)
ASIDES: Final = frozenset({"check", "remember"})  # they do not change the machine: only their captions matter
TOLD: Final = frozenset({"poison", "soft_offline"})


def is_told(operation: Operation) -> bool:
    """Return whether its steps are shown: not those of preparations, nor where the scenario skips it."""
    if operation.telling.pause is False and not operation.telling.caption:
        return False
    return bool(operation.telling.caption or operation.outcome.signals or operation.name in TOLD)


def stops_of(session: Session) -> list[int]:
    """All stops, ascending: the machine as booted first, the newest step last."""
    found = {0, len(session.steps)}
    for operation in session.operations:
        if operation.telling.stops(operation.name):
            found.add(operation.last)
        if not is_told(operation):
            continue
        if operation.telling.caption and operation.name in TOLD:
            found.add(operation.first + 1)  # the caption is read before the walk begins
        if operation.parts:  # too many to stop in each
            continue
        marks = session.steps.marks[operation.first : operation.last]
        found.update(operation.first + number for number, mark in enumerate(marks, start=1) if mark.act in _ACTS)
    return sorted(found)
