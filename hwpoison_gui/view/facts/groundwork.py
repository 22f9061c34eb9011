"""Precomputes, in time slices, what views of one timeline position ask for, so that a frame with 10,000 mappers does
not block the window. The answers are kept by the session (session/recall.py).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final

from hwpoison_gui.kernel.page_flags import HWPOISON
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.moment import moment_of
from hwpoison_gui.view.rows.tasks import find_task_rows
from hwpoison_gui.view.walk.state import map_for, prepare_walk

_MANY: Final = 400
_FAR: Final = 20_000  # steps


def prepare(session: Session, selected: int, far: bool) -> Generator[str | None, None, None]:
    """Compute what views will ask for at the present position; yields regularly, and what it does if that is long.

    The machine must not change meanwhile. What is quick is left to the views.

    Parameters
    ----------
    session
        At rest.
    selected
        Page frame number, -1 for none.
    far
        Whether more than a few steps were walked since the last call.
    """
    yield from _sum_up(session)
    yield from _look_back(session, selected)
    if not is_long(session, selected):
        return
    from hwpoison_gui.view.outcome.fates import find_fates
    from hwpoison_gui.view.outcome.loss import find_beginning
    from hwpoison_gui.view.outline.outline import find_outline
    from hwpoison_gui.view.outline.state_rows import find_table

    yield from prepare_walk(session, selected)
    operation = moment_of(session).operation
    if operation is not None:
        yield from session.steps.marks.make(operation.first, operation.last)
    yield from find_outline(session, operation)
    yield None
    if operation is not None:
        yield from find_beginning(session, operation, map_for(session, selected))
    yield from prepare_verdict(session)
    if operation is not None:
        yield from find_fates(session)
    yield from find_table(session, selected)
    if far:
        yield from find_task_rows(session)


def prepare_verdict(session: Session) -> Iterator[None]:
    """Compute what is said at the end of an operation: its loss, verdict and result; yields regularly."""
    from hwpoison_gui.view.facts.operation_chips import result_in
    from hwpoison_gui.view.outcome.loss import find_loss
    from hwpoison_gui.view.outcome.verdict import verdict

    moment = moment_of(session)
    operation = moment.operation
    if operation is not None and moment.at_end:
        yield from find_loss(session, operation)
        verdict(session, operation)
        yield
        result_in(session, operation)
        yield


def _sum_up(session: Session) -> Generator[str, None, None]:
    """The summaries of the operations on many frames so far."""
    for operation in session.on_many:
        if operation.last <= session.position:
            from hwpoison_gui.view.outcome.summing import find_summary

            yield from find_summary(session, operation)


def _look_back(session: Session, selected: int) -> Generator[str, None, None]:
    """The loss of the error that broke the selected frame, where the way back to it is long."""
    if not 0 <= selected < session.machine.frames or not session.machine.page(selected) & HWPOISON:
        return
    from hwpoison_gui.view.outcome.impact_now import error_of
    from hwpoison_gui.view.outcome.loss import find_loss

    error = error_of(session, selected)
    if error is not None and session.position - error.first > _FAR:
        for _ in find_loss(session, error):
            yield "Looking back at the error of the selected frame"


def is_long(session: Session, selected: int) -> bool:
    """Return whether the frame has many users, the operation many steps, or the machine many processes."""
    m, operation = session.machine, moment_of(session).operation
    users = int(m.mapcount.view[selected]) if 0 <= selected < m.frames else 0
    steps = operation.last - operation.first if operation is not None else 0
    return max(users, steps, len(m.processes.view)) > _MANY
