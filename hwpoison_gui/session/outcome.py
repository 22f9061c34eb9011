"""What an operation came to: plain values, for comparing, printing and showing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from hwpoison_gui.kernel.mark import Steps


class SignalSeen(NamedTuple):
    """A signal and its effect (killed, handled, ignored, pending). `addr` in bytes, `thread` 0 is the main one."""

    task: str
    thread: int
    signal: str
    code: str
    addr: int
    lsb: int
    effect: str


class OpResult(NamedTuple):
    """What an operation itself returns; `pfn` is a frame that it first had to fault in."""

    errno: int | str = 0
    value: str | None = None
    mce_kill: str | None = None
    handed_out: frozenset[int] = frozenset()
    pfn: int | None = None


Args = Mapping[str, Any]
DONE: Final = OpResult()


def errno_of(steps: Steps[int | str]) -> Steps[OpResult]:
    """An operation that returns nothing but an errno."""
    return OpResult(errno=(yield from steps))


class Outcome(NamedTuple):
    """All that can be said of an operation afterwards.

    `pfn` and `head` are of the operation's frame, before it ran. `result` and `kind` come from its
    last result line, None when there was none; `dirty` is the prefix of a 2009 line. `already_poisoned`: the handler
    found that the frame had been poisoned before.
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
