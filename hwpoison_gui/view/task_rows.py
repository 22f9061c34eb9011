"""Tasks as rows of a table: what each is, what it does with SIGBUS, and what became of it."""

from __future__ import annotations

from typing import NamedTuple

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import PAGE_SHIFT, Process


class TaskRow(NamedTuple):
    """One process. `killed_by` is empty while it lives, and when it ended by itself."""

    tgid: int
    name: str
    comm: str
    state: str
    threads: int
    policy: str
    sigbus: str
    rss_kb: int
    pending: str
    killed_by: str
    alive: bool


def task_rows(m: Machine) -> list[TaskRow]:
    """All processes, living and dead, in order of creation."""
    return TaskRows().of(m)


class TaskRows:
    """Rows as they were last time, made anew only for processes of which something is another one now."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[tuple[object, ...], TaskRow]] = {}

    def of(self, m: Machine) -> list[TaskRow]:
        """All processes, living and dead, in order of creation."""
        tasks, pending, rss, before = m.tasks.view, m.pending.view, m.rss.view, self._rows
        after, found = {}, []
        for tgid, process in m.processes.view.items():
            # Records are never changed, only replaced: what is the same object is the same state.
            parts = (process, rss.get(process.mm), *[(tasks.get(tid), pending.get(tid)) for tid in process.threads])
            known = before.get(tgid)
            if known is None or known[0] != parts:
                known = (parts, _row(m, process))
            after[tgid] = known
            found.append(known[1])
        self._rows = after
        return found


def _row(m: Machine, process: Process) -> TaskRow:
    main = m.tasks.view[process.threads[0]]
    alive = not process.ended
    pending = [info.signal for tid in process.threads for info in m.pending.view.get(tid, ())]
    killed_by = process.ended if process.ended not in ("", "exit") else ""
    return TaskRow(
        process.tgid,
        process.name,
        process.comm,
        "running" if alive else "killed" if killed_by else "exited",
        len(process.threads),
        _shared_policy(m, process),
        "blocked" if main.blocked else process.sigbus,
        m.rss.view.get(process.mm, 0) << (PAGE_SHIFT - 10) if alive else 0,
        ", ".join(dict.fromkeys(pending)),
        killed_by,
        alive,
    )


def _shared_policy(m: Machine, process: Process) -> str:
    policies = {m.tasks.view[tid].mce_kill for tid in process.threads}
    return policies.pop() if len(policies) == 1 else "mixed"
