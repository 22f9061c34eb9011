"""Precomputes, in time slices, the data that views of one timeline position need, so that a frame with 10,000
mappers does not block the window.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from hwpoison_gui.session.session import Session
from hwpoison_gui.session.timeline import Step
from hwpoison_gui.view.base.moment import moment_of
from hwpoison_gui.view.outline.outline import Outlines
from hwpoison_gui.view.rows.tasks import TaskRow, TaskRows
from hwpoison_gui.view.walk.state import Walks

if TYPE_CHECKING:
    from hwpoison_gui.view.outline.state_rows import StateTables

_MANY: Final = 400


class Groundwork:
    """Reverse maps, outlines, state tables and task rows, cached from one position to the next."""

    def __init__(self) -> None:
        self.walks = Walks()
        self.outlines = Outlines()
        self._task_rows = TaskRows()
        self._all_rows: list[TaskRow] | None = None  # computed already for the present position

    def clear(self) -> None:
        """Forgets everything: the machine is replaced."""
        self.walks.clear()
        self.__dict__.pop("tables", None)
        self._all_rows = None

    @cached_property
    def tables(self) -> StateTables:
        """Imported when they are first asked for: the panel that shows them is behind another one at first."""
        from hwpoison_gui.view.outline.state_rows import StateTables

        return StateTables()

    def rows_of(self, session: Session, steps: Sequence[Step] | None = None) -> list[TaskRow]:
        """Rows of all tasks. `steps`: those walked since the last call, if few; None: anything may have changed."""
        rows, self._all_rows = self._all_rows, None
        if steps is not None:
            return self._task_rows.after(session.machine, steps)
        return self._task_rows.of(session.machine) if rows is None else rows

    def prepare(self, session: Session, selected: int, far: bool) -> Generator[None, None, None]:
        """Computes what views will ask for at the present position; yields regularly.

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
        if not _is_long(session, selected):
            return
        from hwpoison_gui.view.facts.operation_chips import result_in
        from hwpoison_gui.view.outcome.loss import find_loss, note_beginning
        from hwpoison_gui.view.outcome.verdict import verdict

        yield from self.walks.prepare(session, selected)
        moment = moment_of(session)
        operation = moment.operation
        self.outlines.outline_for(session, operation)
        yield
        if operation is not None:
            note_beginning(session, operation, self.walks.map_for(session, selected))
            yield
        if operation is not None and moment.at_end:
            yield from find_loss(session, operation)
            verdict(session, operation)
            yield
            result_in(session, operation)
            yield
        yield from self.tables.find(session, selected)
        if far:
            self._all_rows = yield from self._task_rows.find(session.machine)


def _is_long(session: Session, selected: int) -> bool:
    """Whether the frame has many users, the operation many steps, or the machine many processes."""
    m, operation = session.machine, moment_of(session).operation
    users = int(m.mapcount.view[selected]) if 0 <= selected < m.frames else 0
    steps = operation.last - operation.first if operation is not None else 0
    return max(users, steps, len(m.processes.view)) > _MANY
