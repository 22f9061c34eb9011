"""Operations by their short form, with the defaults of the schema filled in, and a machine to try them on."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Mark
from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.session.scenario import shape
from hwpoison_gui.session.scenario.schema import OPS
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.facts.operation_chips import Chip, Chips

R = TypeVar("R")


def do(session: Session, op: str, /, **args: Any) -> Outcome:
    """Carry an operation out; keys that are left out have their default."""
    return session.act(op, shape.values_of(OPS[op].keys, args))


def chips_of(session: Session) -> list[Chip]:
    """The chips of all operations, read anew."""
    chips = Chips()
    chips.read(session)
    return chips.each


def crowd(workers: int) -> Session:
    """A task `top`, and workers forked by it, who share the one page of its area `m`."""
    session = Session.fresh(8192)
    do(session, "task", name="top")
    do(session, "mmap", task="top", name="m", pages=1)
    do(session, "write", task="top", at="m+0", value="x")
    for number in range(workers):
        do(session, "fork", task="top", child=f"worker-{number}")
    return session


class Workbench:
    """A session with one task, `a`, which has a handler for SIGBUS."""

    def __init__(self, profile: str = "6.1", early_kill: int = 0, frames: int = 8192, huge_pages: int = 0) -> None:
        self.session = Session.fresh(
            frames, huge_pages=huge_pages, profile=profile, sysctl={"memory_failure_early_kill": early_kill}
        )
        self.do("task", name="a", sigbus="handler")

    @property
    def m(self) -> Machine:
        return self.session.machine

    def do(self, op: str, /, **args: Any) -> Outcome:
        return do(self.session, op, **args)

    def area(self, name: str = "m", task: str = "a", **args: Any) -> None:
        """Map an area of one page, or as `args` say."""
        assert self.do("mmap", task=task, name=name, **{"pages": 1, **args}).errno == 0

    def pfn(self, frame: str = "a:m+0") -> int:
        return self.session.resolve_frame(frame)

    def flags(self, pfn: int) -> set[str]:
        return set(pf.names_of(self.m.page(pfn)))

    def functions(self) -> list[str]:
        """The functions that the last operation's steps name."""
        last = self.session.operations[-1]
        return [self.m.profile.called(step.mark.site.function) for step in self.session.steps[last.first : last.last]]


def run(steps: Generator[Mark, None, R]) -> R:
    """Carry out a kernel function to its end; returns what it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            value: R = stop.value
            return value
