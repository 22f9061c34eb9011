"""Match of a page with the handler's state table, in an operation or in a dry run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hwpoison_gui.kernel.handler import ROW
from hwpoison_gui.kernel.mark import Mark
from hwpoison_gui.kernel.profile.type import Profile, StateRow
from hwpoison_gui.kernel.profile.variants import Effect
from hwpoison_gui.record import Record
from hwpoison_gui.session.dry_run import Ran
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Session

_STEP: Final = Question[int | None]("step that finds the row of the state table")  # asked at every step


class Matched(Record):
    """The flag word `word` that the handler compared with the rows, and the row that fits.

    `word` is None where the handler returns before it looks at the table; `stops` says why. `own`: the page's own flag
    word at that step, without flags that the handler remembers.
    """

    pfn: int
    word: int | None
    own: int = 0
    row: StateRow | None = None
    stops: str = ""


def matched_by(mark: Mark, pfn: int) -> Matched:
    """Return the match that is recorded by the mark of the step that finds the row."""
    return Matched(pfn, mark.value("flags"), mark.value("own_flags"), mark.value("row"))


def matched_in_run(pfn: int, ran: Ran) -> Matched:
    """Return the match of a page in a dry run of the handler."""
    number = find_table_step(ran.marks)
    if number is not None:
        return matched_by(ran.marks[number], pfn)
    if ran.result is not None:
        return Matched(pfn, None, stops=f"“{ran.result.kind}”, {ran.result.result}")
    return Matched(
        pfn, None, stops="a filter of the injector refuses it" if ran.filtered else f"it stops with {ran.errno}"
    )


def step_of_table(session: Session, operation: Operation) -> int | None:
    """The number of the step that finds the row, or None where an operation does not look at the table."""

    marks = session.steps.marks
    return session.recall.answer(_STEP, lambda: marks.find(ROW, operation.first, operation.last), operation)


def find_table_step(marks: Sequence[Mark]) -> int | None:
    """The number of the mark that names the row, or None where none does."""
    return next((number for number, mark in enumerate(marks) if mark.site is ROW), None)


def matched_row(session: Session, operation: Operation) -> StateRow | None:
    """The row whose action an operation took."""
    number = step_of_table(session, operation)
    return None if number is None else matched_by(session.steps.marks[number], -1).row


def effect_of(profile: Profile, row: StateRow | None) -> Effect | None:
    """Effect of the action of a row on the page; None without a row."""
    return profile.results.actions[row.action].effect if row is not None else None
