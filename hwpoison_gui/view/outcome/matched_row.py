"""The row of the state table that an operation came to, and the step that found it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hwpoison_gui.kernel.mark import Act, Mark
from hwpoison_gui.kernel.profile.type import Profile, StateRow
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Operation, Session
from hwpoison_gui.view.words.lookup import text_of

TABLE_FUNCTIONS: Final = ("page_action", "identify_page_state")

_STEP: Final = Question[int | None]("step that finds the row of the state table")  # asked at every step


def step_of_table(session: Session, operation: Operation) -> int | None:
    """The number of the step that finds the row, or None where an operation never comes to it."""

    def find() -> int | None:
        marks = session.steps.marks[operation.first : operation.last]
        number = find_table_step(session.machine.profile, marks)
        return operation.first + number if number is not None else None

    return session.recall.answer(_STEP, find, operation)


def find_table_step(profile: Profile, marks: Sequence[Mark]) -> int | None:
    """The number of the mark that names the row, or None where none does."""
    kinds = {row.kind for row in profile.results.states}
    for number, mark in enumerate(marks):
        if mark.site.function in TABLE_FUNCTIONS and mark.act is Act.DECIDE and mark.site.branch in kinds:
            return number
    return None


def matched_row(session: Session, operation: Operation) -> StateRow | None:
    """The row whose action an operation took."""
    number = step_of_table(session, operation)
    if number is None:
        return None
    mark = session.steps.marks[number]
    rows = [row for row in session.machine.profile.results.states if row.kind == mark.site.branch]
    return next((row for row in rows if f"{row.action}()" in text_of(mark)), rows[0])
