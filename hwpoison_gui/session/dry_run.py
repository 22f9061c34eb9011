"""Runs the handler on a frame and undoes it, to predict an outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

from hwpoison_gui.kernel.block_list import BlockList
from hwpoison_gui.kernel.gate import Change
from hwpoison_gui.kernel.hwpoison_filter import is_filtering
from hwpoison_gui.kernel.hwpoison_inject import hwpoison_inject
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Act, Mark, Run, Steps
from hwpoison_gui.kernel.memory_failure import memory_failure
from hwpoison_gui.kernel.records import ActionResult, Delivery
from hwpoison_gui.kernel.signal import get_signal
from hwpoison_gui.record import Record

R = TypeVar("R")


class Ran(Record):
    """Result of a dry run of memory_failure() and get_signal().

    `marks`: of the steps of memory_failure(), as the timeline would have recorded them. `errno`: what it returned.
    `result`: its result line, None where it logged none. `deliveries`: what became of the signals.
    `doomed`: tgids of the processes that get_signal() would end; they are still there. `filtered`: a filter of the
    injector refused the error. `already_poisoned`: the handler found the page poisoned, which neither errno nor result
    line says on every kernel.
    """

    marks: Sequence[Mark]
    errno: int | str
    result: ActionResult | None
    deliveries: tuple[Delivery, ...]
    doomed: tuple[int, ...]
    filtered: bool
    already_poisoned: bool

    @property
    def signals(self) -> bool:
        """Whether the handler sent a signal to anybody, be it refused or not."""
        return any(mark.act is Act.SIGNAL for mark in self.marks)


@contextmanager
def dry_run(m: Machine, pfn: int, prepare: Callable[[Machine], None] | None = None) -> Iterator[Ran]:
    """Inside, the machine is as the handler leaves it after an error in frame `pfn`; afterwards it is as before.

    No notice is sent and nothing is kept. The processes that would die are listed (`Ran.doomed`) but not ended, since
    do_group_exit() may take seconds. Inside, other functions may be run `dry`.

    Parameters
    ----------
    m
        A machine that no operation is at work on: views read the live columns, and a suspended operation may iterate
        over a table. Nobody else may see it before the context is left.
    prepare
        Changes made through the gate before the handler runs; they are taken back as well.
    """
    assert not m.gate.changed, "an operation is between two steps"
    taken: Sequence[Change] = ()
    marks = BlockList[Mark]()
    try:
        if prepare is not None:
            prepare(m)
        results, deliveries = len(m.results.view), len(m.deliveries.view)
        filtered, already_poisoned = m.counter("filtered"), m.counter("already_poisoned")
        # A click is a write to corrupt-pfn, and the injector asks the filters before the handler does.
        errno = _drive(hwpoison_inject(m, pfn) if is_filtering(m) else memory_failure(m, pfn), marks)
        doomed = _drive(get_signal(m), BlockList()) if not m.panicked else []
        taken = m.gate.take()
        yield Ran(
            marks,
            errno,
            m.results.view[len(m.results.view) - 1] if len(m.results.view) > results else None,
            tuple(m.deliveries.view[number] for number in range(deliveries, len(m.deliveries.view))),
            tuple(tgid for tgid, _ in doomed),
            m.counter("filtered") > filtered,
            m.counter("already_poisoned") > already_poisoned,
        )
    finally:
        m.gate.backward(m.gate.take())
        m.gate.backward(taken)


class RanAlone(Generic[R]):
    """Result of a dry run of one function of the kernel: the marks of its steps, and what it returned."""

    def __init__(self, marks: Sequence[Mark], returned: R) -> None:
        self.marks, self.returned = marks, returned


@contextmanager
def dry(m: Machine, function: Steps[R]) -> Iterator[RanAlone[R]]:
    """Inside, the machine is as a function of the kernel leaves it; afterwards it is as before; see `dry_run`."""
    assert not m.gate.changed, "an operation is between two steps"
    marks = BlockList[Mark]()
    try:
        yield RanAlone(marks, _drive(function, marks))
    finally:
        m.gate.backward(m.gate.take())


def _drive(handler: Steps[R], marks: BlockList[Mark]) -> R:
    """Run a generator of the kernel to its end; the marks of its steps are appended to `marks`.

    Nobody looks between two steps: what they change stays with the gate, and is taken back all at once.
    """
    while True:
        try:
            made = next(handler)
        except StopIteration as stop:
            returned: R = stop.value
            return returned
        if isinstance(made, Run):
            marks.extend(made.marks)
        else:
            marks.items.append(made)
