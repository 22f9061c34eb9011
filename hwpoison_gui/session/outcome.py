"""The outcome of an operation: plain values, to compare, print and show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Steps
from hwpoison_gui.kernel.records import Delivery, Process, SigInfo, Task
from hwpoison_gui.record import Record, as_columns, from_columns


class SignalSeen(Record):
    """A signal and its effect, as of Delivery. `addr` in bytes, `thread` 0 is the main one.

    `task` is the process by its name in scenarios.
    """

    task: str
    thread: int
    signal: str
    code: str
    addr: int
    lsb: int
    effect: str
    comm: str = ""
    pid: int = 0

    @property
    def label(self) -> str:
        """`COMM:PID`, as the kernel log names the process."""
        return f"{self.comm}:{self.pid}"


def signals_since(m: Machine, first: int) -> tuple[SignalSeen, ...]:
    """The signals delivered since there were `first` deliveries."""
    delivered = m.deliveries.of_each(range(first, len(m.deliveries.view)))
    if not delivered:
        return ()
    done = as_columns(Delivery, delivered)
    sent = as_columns(SigInfo, done.info)
    tasks = as_columns(Task, m.tasks.of_each(done.tid))
    who = as_columns(Process, m.processes.of_each(tasks.tgid))
    seen = who.name, tasks.number, sent.signal, sent.code, sent.address, sent.lsb, done.effect, who.comm, who.tgid
    return tuple(from_columns(SignalSeen, *seen))


class OpResult(Record):
    """The result that an operation returns; `pfn` and `head` are of the frame that it found by an address."""

    errno: int | str = 0
    value: str | None = None
    mce_kill: str | None = None
    handed_out: frozenset[int] = frozenset()
    pfn: int | None = None
    head: int | None = None


Args = Mapping[str, Any]
DONE: Final = OpResult()


def errno_of(steps: Steps[int | str]) -> Steps[OpResult]:
    """An operation that returns only an errno."""
    return OpResult(errno=(yield from steps))


class Outcome(Record):
    """All facts about a finished operation.

    `pfn` and `head` are those of its frame before it ran. `result` and `kind` are of its last result line, None if it
    logged none; `dirty` is the prefix of a line of 2.6.32. `already_poisoned`: the handler found the frame poisoned.
    `filtered`: a filter of the injector refused the error, so that nothing broke.
    """

    op: str
    pfn: int | None = None
    head: int | None = None
    result: str | None = None
    kind: str | None = None
    dirty: bool = False
    errno: int | str = 0
    signals: tuple[SignalSeen, ...] = ()
    log: tuple[str, ...] = ()
    value: str | None = None
    mce_kill: str | None = None
    handed_out: frozenset[int] = frozenset()
    panic: bool = False
    already_poisoned: bool = False
    filtered: bool = False

    @property
    def broke(self) -> bool:
        """Whether an error that was injected broke the frame: it was neither broken before nor filtered."""
        return not (self.already_poisoned or self.filtered)
