"""Rows of the table of processes: identity, SIGBUS policy, state and impact."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Final

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import PAGE_SHIFT, Process, Task
from hwpoison_gui.record import Record
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.steps import Step
from hwpoison_gui.view.base.slicing import ITEMS_PER_SLICE, to_the_end
from hwpoison_gui.view.words.signal import short_code


class TaskRow(Record):
    """One process: `name` is its comm, as its pid is shown beside it, `task` what scenarios call it.

    `killed_by`, and `killed_briefly` for a narrow column, are empty while it lives, and when it ended by itself.
    """

    tgid: int
    name: str
    task: str
    state: str
    threads: int
    policy: str
    sigbus: str
    rss_kb: int
    pending: str
    killed_by: str
    killed_briefly: str
    alive: bool


def task_row(m: Machine, tgid: int) -> TaskRow:
    """One process."""
    return _row(m, m.processes.view[tgid])


def task_rows(session: Session, steps: Iterable[Step] | None = None) -> list[TaskRow]:
    """All processes, living and dead, in order of creation.

    `steps`: those walked since the last call, if few; None: anything may have changed.
    """
    rows = session.recall.answer(_ROWS, TaskRows)
    return rows.of(session) if steps is None else rows.after(session, steps)


def find_task_rows(session: Session) -> Generator[None, None, list[TaskRow]]:
    """`task_rows` in slices: yields now and then; the session must stay as it is."""
    return (yield from session.recall.answer(_ROWS, TaskRows).find(session))


class TaskRows:
    """The rows at one position of a session; at the next one, only those of processes that changed are rebuilt."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[tuple[object, ...], TaskRow]] = {}
        self._stamp: tuple[int, int] | None = None  # of the state of the machine that the rows show

    def after(self, session: Session, steps: Iterable[Step]) -> list[TaskRow]:
        """The rows, updated for the processes that a few steps changed."""
        m, stamp = session.machine, session.stamp
        if stamp != self._stamp:
            touched = _touched(m, steps)
            if not self._rows.keys() >= touched or len(self._rows) != len(m.processes.view):
                return self.of(session)
            for tgid in touched:
                process = m.processes.view[tgid]
                self._rows[tgid] = (_parts(m, process), _row(m, process))
            self._stamp = stamp
        return self._list()

    def of(self, session: Session) -> list[TaskRow]:
        """The rows, all brought up to date."""
        return to_the_end(self.find(session))

    def find(self, session: Session) -> Generator[None, None, list[TaskRow]]:
        """`of` in slices: yields now and then, and returns the rows."""
        m, before, stamp = session.machine, self._rows, session.stamp
        if stamp == self._stamp:
            return self._list()
        after = {}
        for number, (tgid, process) in enumerate(m.processes.view.items()):
            if number % ITEMS_PER_SLICE == 0:
                yield
            parts = _parts(m, process)
            known = before.get(tgid)
            if known is None or known[0] != parts:
                known = (parts, _row(m, process))
            after[tgid] = known
        self._rows, self._stamp = after, stamp
        return self._list()

    def _list(self) -> list[TaskRow]:
        return [row for _, row in self._rows.values()]


_ROWS: Final = Question[TaskRows]("rows of the processes")


def _parts(m: Machine, process: Process) -> tuple[object, ...]:
    """The records that a row is made from. Records are immutable, so identical objects mean an unchanged row."""
    tasks, pending = m.tasks.view, m.pending.view
    return (process, m.rss.view.get(process.mm), *[(tasks.get(tid), pending.get(tid)) for tid in process.threads])


def _touched(m: Machine, steps: Iterable[Step]) -> set[int]:
    """The processes whose rows steps may have changed; a thread that no longer exists belongs to none."""
    found: set[int] = set()
    for step in steps:
        for store, key, old, new in step.changes:
            if store is m.processes or store is m.rss:  # an address space has its first owner's number
                found.add(key)
            elif store is m.tasks or store is m.pending:
                task = m.tasks.view.get(key) or next((one for one in (old, new) if isinstance(one, Task)), None)
                found.update((task.tgid,) if task is not None else ())
    return found


def _row(m: Machine, process: Process) -> TaskRow:
    main = m.tasks.view[process.threads[0]]
    alive = not process.ended
    pending = [info.signal for tid in process.threads for info in m.pending.view.get(tid, ())]
    by_signal = process.ended not in ("", "exit")
    return TaskRow(
        process.tgid,
        process.comm,
        process.name,
        "running" if alive else "killed" if by_signal else "exited",
        len(process.threads),
        _shared_policy(m, process),
        "blocked" if main.blocked else process.sigbus,
        m.rss.view.get(process.mm, 0) << (PAGE_SHIFT - 10) if alive else 0,
        ", ".join(dict.fromkeys(pending)),
        process.end if by_signal else "",
        f"{process.ended} {short_code(process.end_code)}" if by_signal else "",
        alive,
    )


def _shared_policy(m: Machine, process: Process) -> str:
    policies = {m.tasks.view[tid].mce_kill for tid in process.threads}
    return policies.pop() if len(policies) == 1 else "mixed"
