"""Converts the operations of a session to the steps of a scenario that runs them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.scenario.scenario import ScenarioStep
from hwpoison_gui.session.telling import Telling

# Operations that make something with a name, unless they fail.
_MAKERS: Final = frozenset({"task", "fork", "file", "mmap", "mremap"})


def steps_of(operations: Sequence[Operation], captions: Sequence[str] = ()) -> tuple[ScenarioStep, ...]:
    """One step for each operation. `captions`: one for each, replacing those of the operations; empty: keep them."""
    words = captions or [operation.telling.caption for operation in operations]
    return tuple(
        _step(operation, operation.telling._replace(caption=caption), number)
        for number, (operation, caption) in enumerate(zip(operations, words, strict=True), start=1)
    )


def _step(operation: Operation, telling: Telling, number: int) -> ScenarioStep:
    stops = telling.stops(operation.name)
    return ScenarioStep(
        operation.name, dict(operation.args), telling.caption, telling.notes, stops, _expected(operation), number
    )


def _expected(operation: Operation) -> Mapping[str, Any]:
    """Return the `expect` of the step, with the errno of an operation that made nothing, so that its name is free."""
    expect, errno = operation.telling.expect, operation.outcome.errno
    if operation.name not in _MAKERS or not errno or operation.outcome.panic:
        return expect
    return {"errno": errno, **expect}
