"""The row of the state table that an operation came to, and the step that found it."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.kernel.profile.type import StateRow
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Operation, Session

TABLE_FUNCTIONS: Final = ("page_action", "identify_page_state")

_STEP: Final = Question[int | None]("step that finds the row of the state table")  # asked at every step


def step_of_table(session: Session, operation: Operation) -> int | None:
    """The number of the step that finds the row, or None where an operation never comes to it."""
    return session.recall.answer(_STEP, lambda: _find_step(session, operation), operation)


def _find_step(session: Session, operation: Operation) -> int | None:
    kinds = {row.kind for row in session.machine.profile.states}
    for number in range(operation.first, operation.last):
        mark = session.steps.marks[number]
        if mark.function in TABLE_FUNCTIONS and mark.act is Act.DECIDE and mark.branch in kinds:
            return number
    return None


def matched_row(session: Session, operation: Operation) -> StateRow | None:
    """The row whose action an operation took."""
    number = step_of_table(session, operation)
    if number is None:
        return None
    mark = session.steps.marks[number]
    rows = [row for row in session.machine.profile.states if row.kind == mark.branch]
    return next((row for row in rows if f"{row.action}()" in mark.text), rows[0])
