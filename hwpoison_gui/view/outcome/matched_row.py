"""The row of the state table that an operation came to, and the step that found it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hwpoison_gui.kernel import phases, phases_6_1
from hwpoison_gui.kernel.mark import Mark
from hwpoison_gui.kernel.profile.type import StateRow
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Operation, Session

_ROWS: Final = (phases.ROW, phases_6_1.ROW)

_STEP: Final = Question[int | None]("step that finds the row of the state table")  # asked at every step


def step_of_table(session: Session, operation: Operation) -> int | None:
    """The number of the step that finds the row, or None where an operation never comes to it."""

    def find() -> int | None:
        marks = session.steps.marks[operation.first : operation.last]
        number = find_table_step(marks)
        return operation.first + number if number is not None else None

    return session.recall.answer(_STEP, find, operation)


def find_table_step(marks: Sequence[Mark]) -> int | None:
    """The number of the mark that names the row, or None where none does."""
    return next((number for number, mark in enumerate(marks) if mark.site in _ROWS), None)


def matched_row(session: Session, operation: Operation) -> StateRow | None:
    """The row whose action an operation took."""
    number = step_of_table(session, operation)
    if number is None:
        return None
    row: StateRow = session.steps.marks[number].value("row")
    return row
