"""Runs operations on one machine and records their steps.

`act` runs an operation to completion, `begin` in slices; `seek` moves to any step. A new operation in the past turns
later ones into a branch.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from hwpoison_gui.kernel.kpageflags import stable_page_flags
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Mark, Steps, site
from hwpoison_gui.kernel.profile.registry import PROFILES, oldest
from hwpoison_gui.kernel.signal import get_signal
from hwpoison_gui.record import Record
from hwpoison_gui.session import many
from hwpoison_gui.session.booting import boot
from hwpoison_gui.session.branches import Branch, Branches, Inputs, Past, past_of, shared
from hwpoison_gui.session.errors import NotYetSupportedError, ScenarioError
from hwpoison_gui.session.operation import Operation, Parts, Sifted
from hwpoison_gui.session.outcome import OpResult, Outcome, lines_since, signals_since
from hwpoison_gui.session.recall import Recall
from hwpoison_gui.session.recording import Recording
from hwpoison_gui.session.scenario import schema
from hwpoison_gui.session.steps import Gathering, RecordedSteps, RunOfFrames
from hwpoison_gui.session.telling import UNTOLD, Telling
from hwpoison_gui.session.timeline import Notice, Timeline
from hwpoison_gui.session.world import World

if TYPE_CHECKING:
    from hwpoison_gui.session.comparisons import Compared

# Sites of the step that holds the changes after the last mark of an operation, or of an operation without marks.
DONE: Final = {name: site("", name=f"{name} done") for name in schema.OPS}

# Operations that change nothing, and are therefore allowed after a panic.
AFTER_PANIC: Final = frozenset({"check"})

SLICE_SECONDS: Final = 0.006  # seconds of work between two yields


def _is_on_many(operation: Operation) -> bool:
    return bool(operation.parts)


def _is_told(operation: Operation) -> bool:
    return operation.telling is not UNTOLD


class _Left(Record):
    """The discarded future: steps and operations after the position of a new operation, and the branches before it."""

    position: int
    tail: RecordedSteps
    operations: list[Operation]
    branches: list[Branch]


class _Before(Record):
    """The machine before an operation: (pfn, head) of its frame, and lengths of the tables that only grow."""

    frame: tuple[int, int] | None
    log: int
    deliveries: int
    results: int
    already_poisoned: int
    filtered: int


class Session:
    """A machine, its operations and its timeline. Views read `machine`; `subscribe` notifies them of each move."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.world = World(machine)
        self.operations: list[Operation] = []
        self.branches = Branches()
        self.timeline = Timeline(machine.gate)
        self.recording: Recording | None = None
        self.recall = Recall()
        self.comparisons: list[Compared] = []
        self._on_many, self._told = Sifted(_is_on_many), Sifted(_is_told)
        self.tellings = 0  # changes with each `tell`

    @classmethod
    def fresh(
        cls,
        frames: int = 4096,
        seed: int = 0,
        background: str = "none",
        huge_pages: int = 0,
        profile: str = "",
        sysctl: Mapping[str, int] | None = None,
    ) -> Session:
        """Boot a machine and return a session on it.

        Parameters
        ----------
        frames
            Number of 4 KiB frames.
        background
            `none` for a bare machine, or the name of a preset.
        huge_pages
            nr_hugepages, 2 MiB pages in the hugetlb pool.
        profile
            Name of the kernel's profile; empty for the oldest.
        sysctl
            Values that replace those of the profile.

        Raises
        ------
        NotYetSupportedError
            If there is no such profile.
        """
        profile = profile or oldest().name
        if profile not in PROFILES:
            raise NotYetSupportedError(f"profile {profile}", key="profile")
        return cls(boot(frames, seed, background, profile, huge_pages, sysctl))

    # Timeline

    @property
    def steps(self) -> RecordedSteps:
        """All recorded steps, those after the position included."""
        return self.timeline.steps

    @property
    def position(self) -> int:
        """The number of steps applied; 0 is the machine as booted."""
        return self.timeline.position

    @property
    def at_rest(self) -> bool:
        """Whether the machine is in the state of `position`: nothing is being recorded, and no `as_of` is active."""
        return self.recording is None and not self.timeline.away

    @property
    def stamp(self) -> tuple[int, int]:
        """Identifies the state of the machine: equal stamps mean the same session and equal states."""
        return self.timeline.stamp

    def seek(self, position: int) -> None:
        """Move to a position, forward or back. Raises ValueError if it is not within 0 to len(steps)."""
        assert self.recording is None, "an operation is being recorded"
        self.timeline.seek(position)

    def walking(self, position: int) -> Iterator[None]:
        """`seek` in slices. If the iterator is closed early, the session stays at a step on the way."""
        assert self.recording is None, "an operation is being recorded"
        before = self.position
        try:
            yield from self.timeline.walk(position)
        finally:
            self.timeline.announce(before)

    def subscribe(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        """Call `listener` after every move. Returns a function that unsubscribes it."""
        return self.timeline.subscribe(listener)

    def operation_at(self, position: int) -> Operation | None:
        """The operation of the last step applied at `position`; None at position 0."""
        return self.operations[self.steps.operations[position - 1]] if position else None

    def part_at(self, position: int) -> Operation | None:
        """Return the same as `operation_at`; in an operation on many frames, the operation on one of them."""
        operation = self.operation_at(position)
        if operation is None or not operation.parts:
            return operation
        return operation.parts[operation.part_number(position)]

    def parts(self, upto: int | None = None, pfn: int | None = None) -> Iterator[Operation]:
        """The operations, newest first; those on many frames frame by frame.

        `upto`: only those that are complete at that position. `pfn`: only those on that frame.
        """
        for operation in reversed(self.operations):
            if pfn is not None and not operation.parts and operation.outcome.pfn != pfn:
                continue  # thousands are, and this is asked at each step
            if upto is None or operation.first < upto:
                for part in operation.each(upto) if pfn is None else operation.on(pfn):
                    if upto is None or part.last <= upto:
                        yield part

    @property
    def newest(self) -> Operation | None:
        """The operation that was run last. While it is the same, so are all operations before it."""
        return self.operations[-1] if self.operations else None

    @property
    def on_many(self) -> Sequence[Operation]:
        """The operations on many frames, oldest first."""
        return self._on_many.of(self.operations)

    @property
    def told(self) -> Sequence[Operation]:
        """The operations with words or claims, oldest first."""
        return self._told.of(self.operations)

    def since(self, position: int) -> list[Operation]:
        """The operations that begin at a position or later."""
        return self.operations[bisect_left(self.operations, position, key=lambda one: one.first) :]

    # Operations

    def act(self, name: str, args: Mapping[str, Any], telling: Telling = UNTOLD) -> Outcome:
        """Run an operation to completion and record it.

        Parameters
        ----------
        name
            A key of OPS in scenario/schema.py.
        args
            All keys of the operation that have a value, defaults included (see scenario/schema.py).
        telling
            The user's words for the operation.

        Raises
        ------
        ScenarioError
            If a name does not exist, a task is dead, the profile lacks what is asked for, or the machine has
            panicked. Nothing has changed then.
        """
        recording = self.begin(name, args, telling)
        recording.advance()
        assert recording.outcome is not None
        return recording.outcome

    def tell(self, operation: Operation, telling: Telling) -> None:
        """Replace caption, notes and stop of an operation. The machine, the steps and the branches do not change."""
        if telling != operation.telling:
            operation.telling = telling
            self.tellings += 1
            self._told = Sifted(_is_told)

    def begin(
        self, name: str, args: Mapping[str, Any], telling: Telling = UNTOLD, back_to: int | None = None
    ) -> Recording:
        """Act in slices, which `Recording.advance` runs. Until it ends, nothing else may be run, and no seek.

        An operation begins where the present one ends. `back_to`: position to return to if it fails or is given up;
        None: the present one.
        """
        assert self.recording is None, "an operation is being recorded"
        if self.machine.panicked and name not in AFTER_PANIC:
            raise ScenarioError("the machine has panicked: only going back or a new machine helps")
        self._check_available(name, args)
        frames = many.frames_of(many.entries_of(args), self.machine.frames, self.world.frame)
        left = self._leave_future(self.position if back_to is None else back_to)
        first, before = self.position, self._before(args)
        parts = Parts(name, {key: value for key, value in args.items() if key != "frames"}, first) if frames else None

        def done(result: OpResult) -> Outcome:
            self.recording = None
            outcome = self._outcome(name, result, before) if parts is None else many.outcome_of(parts)
            self.operations.append(Operation(name, dict(args), telling, first, self.position, outcome, parts or ()))
            self.branches.drop_covered(self.operations)
            self.timeline.announce(first)
            return outcome

        def undone() -> None:
            self.recording = None
            self._return_to(left)

        marks = self._carry_out(name, args) if parts is None else self._carry_out_each(name, frames, parts)
        number, last = len(self.operations), Mark(DONE[name])
        self.recording = Recording(self.timeline, number, marks, last, done, undone, () if parts is None else parts)
        return self.recording

    def _check_available(self, name: str, args: Mapping[str, Any]) -> None:
        from hwpoison_gui.session.scenario.available import (
            check_available,  # imported here to keep start-up fast
        )

        check_available(self.machine.profile, name, args)

    def _leave_future(self, back_to: int) -> _Left:
        """Cut the steps after the current operation, or after the position, and keep them as a branch."""
        branches, current = list(self.branches.kept), self.operation_at(self.position)
        if current is not None and self.position < current.last:
            self.seek(current.last)
        operations = self.since(self.position)
        if operations:
            done = len(self.operations) - len(operations)
            self.branches.keep(self.line(), done)
            del self.operations[done:]
        return _Left(back_to, self.timeline.cut(), operations, branches)

    def _return_to(self, left: _Left) -> None:
        self.timeline.mend(left.tail)
        self.operations += left.operations
        self.branches.kept = left.branches
        self.seek(left.position)

    # Branches

    def line(self) -> tuple[Past, ...]:
        """All operations, those after the position included, as records from which they can be run again."""
        return tuple(map(past_of, self.operations))

    def go_along(self, line: Sequence[Inputs]) -> Generator[int, None, None]:
        """Make `line` the beginning of the operations: run again those that are missing. Replaced ones become a branch.

        Yields the number of operations left. If the generator is closed, the operation under way is undone.
        """
        common = shared(line, self.operations)
        if common == len(line):
            return
        branch = self.branches.leading_along(line)
        rest: Sequence[Inputs] = branch.operations if branch else line
        for _ in self.walking(self.operations[common - 1].last if common else 0):
            yield len(rest) - common
        for number, past in enumerate(rest[common:], start=common):
            yield len(rest) - number
            recording = self.begin(past.name, past.args, past.telling)
            try:
                while not recording.advance(SLICE_SECONDS):
                    yield len(rest) - number
            finally:
                if self.recording is recording:
                    recording.give_up()

    def reopen(self, line: Sequence[Inputs]) -> None:
        """Redo a line of operations completely (see `go_along`)."""
        for _ in self.go_along(line):
            pass

    def _carry_out(self, name: str, args: Mapping[str, Any]) -> Steps[OpResult]:
        from hwpoison_gui.kernel.exit import do_group_exit  # imported here to keep start-up fast
        from hwpoison_gui.session.ops import OPS

        result = yield from OPS[name](self.world, args)
        if not self.machine.panicked:
            doomed = yield from get_signal(self.machine)
            yield from do_group_exit(self.machine, doomed)
        return result

    def _carry_out_each(self, name: str, frames: Sequence[int], parts: Parts) -> Generator[RunOfFrames, None, OpResult]:
        """Run an operation on one frame after the other, until the machine panics. Appends to `parts`."""
        gathering, first = Gathering(self.machine.gate), self.position
        for pfn in frames:
            args = parts.args_of(pfn)
            before = self._before(args)
            result = yield from gathering.of(pfn, self._carry_out(name, args), Mark(DONE[name]))
            parts.add(pfn, first + gathering.steps, self._outcome(name, result, before))
            if self.machine.panicked:
                break
        yield from gathering.rest()
        return OpResult()

    def _before(self, args: Mapping[str, Any]) -> _Before:
        m = self.machine
        return _Before(
            self._frame_of(args),
            len(m.log.view),
            len(m.deliveries.view),
            len(m.results.view),
            m.counter("already_poisoned"),
            m.counter("filtered"),
        )

    def _frame_of(self, args: Mapping[str, Any]) -> tuple[int, int] | None:
        """(pfn, compound head) of the argument `frame` before the operation; None if there is none."""
        if not args.get("frame"):
            return None
        try:
            pfn = self.world.frame(args["frame"])
        except ScenarioError:
            return None
        inside = 0 <= pfn < self.machine.frames
        return pfn, self.machine.compound_head(pfn) if inside else pfn

    def _outcome(self, name: str, done: OpResult, before: _Before) -> Outcome:
        m = self.machine
        frame = before.frame if done.pfn is None or done.head is None else (done.pfn, done.head)
        results = len(m.results.view)
        last = m.results.view[results - 1] if results > before.results else None
        return Outcome(
            op=name,
            pfn=frame[0] if frame else None,
            head=frame[1] if frame else None,
            result=last.result if last else None,
            kind=last.kind if last else None,
            dirty=last.dirty if last else False,
            errno=done.errno,
            signals=signals_since(m, before.deliveries),
            log=lines_since(m, before.log),
            value=done.value,
            mce_kill=done.mce_kill,
            handed_out=done.handed_out,
            panic=m.panicked,
            already_poisoned=m.counter("already_poisoned") > before.already_poisoned,
            filtered=m.counter("filtered") > before.filtered,
        )

    # Queries

    def resolve_frame(self, text: str) -> int:
        """The pfn of a page in any form of the scenario format. Raises ScenarioError if there is no such page."""
        return self.world.frame(text)

    def resolve_address(self, task: str, at: str) -> int:
        """The virtual address, in bytes, of `AREA+PAGE`. Raises ScenarioError if the task or VMA does not exist."""
        return self.world.address(task, at)

    def tid_of(self, task: str, thread: int = 0) -> int | None:
        """The tid of thread number `thread` (0: the main one), living or dead; None if there is none."""
        tgid = self.world.task_names.view.get(task)
        threads = self.machine.processes.view[tgid].threads if tgid is not None else ()
        return threads[thread] if thread < len(threads) else None

    def address_name(self, task: str, address: int) -> str | None:
        """`AREA+PAGE` of a virtual address in bytes; None if no VMA covers it. Raises KeyError for an unknown task."""
        return self.world.name_of_address(self.world.task_names.view[task], address)

    def task_name(self, tgid: int) -> str:
        """Return the name of a process in scenarios, living or dead. Raises KeyError for an unknown tgid."""
        return self.machine.processes.view[tgid].name

    def label_of(self, tgid: int) -> str:
        """`COMM:PID` of a process, living or dead. Raises KeyError for an unknown tgid."""
        return self.machine.processes.view[tgid].label

    def pte_state(self, task: str, at: str) -> str:
        """State of the PTE at `AREA+PAGE`: present, none, hwpoison or swap. Raises ScenarioError for unknown names."""
        return self.world.pte_state(task, at)

    def alive(self, task: str) -> bool:
        """Return whether there is a process of that name and it is alive."""
        tgid = self.world.task_names.view.get(task)
        return tgid is not None and not self.machine.processes.view[tgid].ended

    def corrupted_kb(self) -> int:
        """HardwareCorrupted of /proc/meminfo, in KiB."""
        return self.machine.hardware_corrupted_kb

    def flags(self, pfn: int) -> int:
        """Flag word of a frame, as /proc/kpageflags has it: NOPAGE past the last frame."""
        return stable_page_flags(self.machine, pfn)

    def mapcount(self, pfn: int) -> int:
        """The number of PTEs that map a frame, as in /proc/kpagecount; 0 past the last frame."""
        return int(self.machine.mapcount.view[pfn]) if 0 <= pfn < self.machine.frames else 0
