"""Work under another value of vm.memory_failure_early_kill, on a machine that others see unchanged."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL

Y = TypeVar("Y")
R = TypeVar("R")

KILL: Final = ("late kill", "early kill")  # names by value of vm.memory_failure_early_kill


def early_kill_of(m: Machine) -> int:
    """The present value of the sysctl."""
    return int(m.sysctl.view[SYSCTL_EARLY_KILL])


@contextmanager
def early_kill(m: Machine, value: int) -> Iterator[None]:
    """Context in which the sysctl has a value. The machine is at rest, and nothing else may read it meanwhile."""
    if early_kill_of(m) == value:
        yield
        return
    assert not m.gate.changed, "an operation is between two steps"
    m.put(m.sysctl, SYSCTL_EARLY_KILL, value)
    changes = m.gate.take()
    try:
        yield
    finally:
        m.gate.backward(changes)


def under(m: Machine, value: int, work: Generator[Y, None, R]) -> Generator[Y, None, R]:
    """Run work with the sysctl at a value in each of its slices, and at its own value between them."""
    while True:
        with early_kill(m, value):
            try:
                made = next(work)
            except StopIteration as stop:
                returned: R = stop.value
                return returned
        yield made
