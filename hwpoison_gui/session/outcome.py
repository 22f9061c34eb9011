"""The outcome of an operation: plain values, to compare, print and show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, TypeVar, cast

from hwpoison_gui.kernel.block_list import Alike, Block, Later
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import LONGEST_RUN, Steps
from hwpoison_gui.kernel.records import Delivery, LogLine, SigInfo, label_of
from hwpoison_gui.kernel.threads import Threads
from hwpoison_gui.record import Record, as_columns, from_columns

T = TypeVar("T")


class SignalSeen(Record):
    """A signal and its effect; see Delivery. `addr` in bytes, `thread` 0 is the main one.

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


def signals_since(m: Machine, first: int) -> Sequence[SignalSeen]:
    """The signals delivered since there were `first` deliveries."""
    parts = list(map(_delivered, m.deliveries.since(first)))
    who = [m.threads_of(part.tid) for part in parts]  # as get_signal() took them
    return _short(len(m.deliveries.view) - first, lambda: chain.from_iterable(map(_seen, who, parts)))


def _delivered(part: Block[Delivery] | list[Delivery]) -> Any:
    """A Delivery whose fields are columns."""
    return part.columns if isinstance(part, Alike) else as_columns(Delivery, cast("list[Delivery]", part))


def _seen(who: Threads, done: Any) -> Iterator[SignalSeen]:
    """The signals of some threads. `done`: see `_delivered`."""
    sent, process = as_columns(SigInfo, done.info), who.process
    return from_columns(
        SignalSeen,
        process.name, who.task.number, sent.signal, sent.code, sent.address, sent.lsb, done.effect, process.comm,
        process.tgid,
    )  # fmt: skip


def lines_since(m: Machine, first: int) -> Sequence[str]:
    """The lines of the kernel log since there were `first` lines."""
    parts = list(m.log.since(first))
    return _short(len(m.log.view) - first, lambda: chain.from_iterable(map(_texts, parts)))


def _texts(part: Block[LogLine] | list[LogLine]) -> Sequence[str]:
    texts: Sequence[str] = (
        part.columns.text if isinstance(part, Alike) else [line.text for line in cast("list[LogLine]", part)]
    )
    return texts


def _short(count: int, make: Callable[[], Iterable[T]]) -> Sequence[T]:
    """The values, at once if they are few."""
    return Later(count, make) if count > LONGEST_RUN else tuple(make())


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
    log: Sequence[str] = ()
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
