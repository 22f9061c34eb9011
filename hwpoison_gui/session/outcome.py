"""The outcome of an operation: plain values, to compare, print and show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import Any, Final, overload

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import LONGEST_RUN, Steps, stretches
from hwpoison_gui.kernel.records import Delivery, SigInfo, label_of
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
        return label_of(self.comm, self.pid)


class Signals(Sequence[SignalSeen]):
    """Signals and their effects, in order; equal to a tuple of the same. They are made when one is read."""

    def __init__(self, columns: Sequence[Sequence[Any]]) -> None:
        self._columns = columns  # by the fields of SignalSeen

    @cached_property
    def _made(self) -> tuple[SignalSeen, ...]:
        return tuple(from_columns(SignalSeen, *self._columns))

    def __len__(self) -> int:
        return len(self._columns[0])

    @overload
    def __getitem__(self, at: int) -> SignalSeen: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[SignalSeen]: ...
    def __getitem__(self, at: int | slice) -> SignalSeen | Sequence[SignalSeen]:
        return self._made[at]

    def __iter__(self) -> Iterator[SignalSeen]:
        return iter(self._made)

    def __eq__(self, other: object) -> bool:
        return self._made == (other._made if isinstance(other, Signals) else other)

    def __hash__(self) -> int:
        return hash(self._made)

    def __repr__(self) -> str:
        return repr(self._made)


def signals_since(m: Machine, first: int) -> Sequence[SignalSeen]:
    """The signals delivered since there were `first` deliveries."""
    delivered = m.deliveries.of_each(range(first, len(m.deliveries.view)))
    if not delivered:
        return ()
    done = as_columns(Delivery, delivered)
    sent = as_columns(SigInfo, done.info)
    who = [m.threads_of(part) for part in stretches(done.tid)]  # as get_signal() took them
    name, number, comm, tgid = (
        list(chain.from_iterable(map(column, who)))
        for column in map(attrgetter, ("process.name", "task.number", "process.comm", "process.tgid"))
    )
    columns = name, number, sent.signal, sent.code, sent.address, sent.lsb, done.effect, comm, tgid
    return Signals(columns) if len(delivered) > LONGEST_RUN else tuple(from_columns(SignalSeen, *columns))


class OpResult(Record):
    """The result of an operation; `pfn` and `head`: the frame to which its address was translated, and its head."""

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
    signals: Sequence[SignalSeen] = ()
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
