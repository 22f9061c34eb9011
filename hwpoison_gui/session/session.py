"""A session: one machine and what is done to it, recorded so that every step can be walked again.

`act` carries an operation out to its end and records its steps, `begin` as far as one likes; `seek` walks.
A new act in the past discards the future, which is kept as a branch.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.fork import do_group_exit
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Mark, Steps, site
from hwpoison_gui.kernel.profile.registry import PROFILES, oldest
from hwpoison_gui.kernel.signal import get_signal
from hwpoison_gui.session.booting import boot
from hwpoison_gui.session.branches import Branch, Branches, Past, Told, shared, summed
from hwpoison_gui.session.errors import NotYetSupportedError, ScenarioError
from hwpoison_gui.session.ops import OPS
from hwpoison_gui.session.outcome import OpResult, Outcome, SignalSeen
from hwpoison_gui.session.recall import Recall
from hwpoison_gui.session.recording import Recording
from hwpoison_gui.session.timeline import Notice, RecordedSteps, Timeline
from hwpoison_gui.session.world import World

# Of what an operation changes after its last mark, and of one without marks.
DONE: Final = {name: site(name, name="done") for name in OPS}

# Operations that only look, and so may follow a panic.
AFTER_PANIC: Final = frozenset({"check"})

SLICE_SECONDS: Final = 0.01  # seconds that others wait at most while something long is done


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """An operation that was carried out: its steps are `first` to `last` (exclusive).

    It is equal to itself alone: what has the same values on another line of what was done found another machine.
    """

    name: str
    args: Mapping[str, Any]
    caption: str
    first: int
    last: int
    outcome: Outcome


class _Left(NamedTuple):
    """What a new act takes the place of: everything after the position that it is done at."""

    position: int
    tail: RecordedSteps
    operations: list[Operation]
    branches: list[Branch]


class Session:
    """A machine under operations. Views read `machine`, and hear of every move by `subscribe`."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.world = World(machine)
        self.operations: list[Operation] = []
        self.branches = Branches()
        self.timeline = Timeline(machine.gate)
        self.recording: Recording | None = None
        self.recall = Recall()

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
        """A session on a new machine. Raises ScenarioError for what it cannot be built of."""
        profile = profile or oldest().name
        if profile not in PROFILES:
            raise NotYetSupportedError(f"profile {profile}", key="profile")
        return cls(boot(frames, seed, background, profile, huge_pages, sysctl))

    # Walking

    @property
    def steps(self) -> RecordedSteps:
        return self.timeline.steps

    @property
    def position(self) -> int:
        """How many steps are applied; 0 is the machine as booted."""
        return self.timeline.position

    @property
    def at_rest(self) -> bool:
        """Whether the machine is as at `position`, and not between two moments or at another one."""
        return self.recording is None and not self.timeline.away

    @property
    def stamp(self) -> tuple[int, int]:
        """Identifies the state of the machine: with equal stamps it is the same one."""
        return self.timeline.stamp

    def seek(self, position: int) -> None:
        """Walk to a step, forward or back. Raises ValueError for one that is not there."""
        assert self.recording is None, "an operation is being recorded"
        self.timeline.seek(position)

    def walking(self, position: int) -> Iterator[None]:
        """`seek` in slices: whoever does not go on with it stays at a step on the way."""
        assert self.recording is None, "an operation is being recorded"
        before = self.position
        try:
            yield from self.timeline.walk(position)
        finally:
            self.timeline.announce(before)

    def subscribe(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        """Call `listener` after every move; returns a function that ends this."""
        return self.timeline.subscribe(listener)

    def operation_at(self, position: int) -> Operation | None:
        """The operation that made step `position` (the last one applied), or None at the start."""
        return self.operations[self.steps.operations[position - 1]] if position else None

    # Acting

    def act(self, name: str, args: Mapping[str, Any], caption: str = "") -> Outcome:
        """Carry an operation out and record it.

        Raises ScenarioError, with nothing changed, for names that stand for nothing, dead tasks,
        or a machine that has panicked.
        """
        recording = self.begin(name, args, caption)
        recording.advance()
        assert recording.outcome is not None
        return recording.outcome

    def begin(self, name: str, args: Mapping[str, Any], caption: str = "") -> Recording:
        """`act`, but carried out as it is asked to advance; nothing else may be done or walked meanwhile."""
        assert self.recording is None, "an operation is being recorded"
        if self.machine.panicked and name not in AFTER_PANIC:
            raise ScenarioError("the machine has panicked: only going back or a new machine helps")
        left = self._leave_future()
        m, first = self.machine, self.position
        before = (len(m.log.view), len(m.deliveries.view), len(m.results.view), m.counter("already_poisoned"))
        frame = self._frame_of(args)

        def done(result: OpResult) -> Outcome:
            self.recording = None
            known = frame
            if known is None and result.pfn is not None:
                known = result.pfn, m.compound_head(result.pfn)
            outcome = self._outcome(name, known, result, before)
            self.operations.append(Operation(name, dict(args), caption, first, self.position, outcome))
            self.branches.drop_covered(self.operations)
            self.timeline.announce(first)
            return outcome

        def undone() -> None:
            self.recording = None
            self._return_to(left)

        marks, last = self._carry_out(name, args), Mark(DONE[name])
        self.recording = Recording(self.timeline, len(self.operations), marks, last, done, undone)
        return self.recording

    def _leave_future(self) -> _Left:
        """What comes after the present is left; an operation in whose middle we stand is finished first."""
        position, branches = self.position, list(self.branches.kept)
        current = self.operation_at(position)
        if current is not None and position < current.last:
            self.seek(current.last)
        done = bisect_left(self.operations, self.position, key=lambda op: op.first)
        operations = self.operations[done:]
        if operations:
            self.branches.keep(self.line(), done)
            del self.operations[done:]
        return _Left(position, self.timeline.cut(), operations, branches)

    def _return_to(self, left: _Left) -> None:
        self.timeline.mend(left.tail)
        self.operations += left.operations
        self.branches.kept = left.branches
        self.seek(left.position)

    # Branches

    def line(self) -> tuple[Past, ...]:
        """What was done so far, with what is ahead: enough to do it again."""
        return tuple(summed(operation, operation.last - operation.first) for operation in self.operations)

    def go_along(self, line: Sequence[Told]) -> Generator[int, None, None]:
        """Make the operations begin with those of `line`, doing again what is missing; what was there is kept.

        Yields how many are left to do, now and then. The one under way is given up when nobody asks any more.
        """
        common = shared(line, self.operations)
        if common == len(line):
            return
        branch = self.branches.leading_along(line)
        rest: Sequence[Told] = branch.operations if branch else line
        self.seek(self.operations[common - 1].last if common else 0)
        for number, past in enumerate(rest[common:], start=common):
            yield len(rest) - number
            recording = self.begin(past.name, past.args, getattr(past, "caption", ""))
            try:
                while not recording.advance(SLICE_SECONDS):
                    yield len(rest) - number
            finally:
                if self.recording is recording:
                    recording.give_up()

    def reopen(self, line: Sequence[Told]) -> None:
        """`go_along` to its end."""
        for _ in self.go_along(line):
            pass

    def _carry_out(self, name: str, args: Mapping[str, Any]) -> Steps[OpResult]:
        result = yield from OPS[name](self.world, args)
        if not self.machine.panicked:
            doomed = yield from get_signal(self.machine)
            yield from do_group_exit(self.machine, doomed)
        return result

    def _frame_of(self, args: Mapping[str, Any]) -> tuple[int, int] | None:
        """(pfn, head) of the key `frame` as it stands before the operation."""
        if not args.get("frame"):
            return None
        try:
            pfn = self.world.frame(args["frame"])
        except ScenarioError:
            return None
        inside = 0 <= pfn < self.machine.frames
        return pfn, self.machine.compound_head(pfn) if inside else pfn

    def _outcome(
        self, name: str, frame: tuple[int, int] | None, done: OpResult, before: tuple[int, int, int, int]
    ) -> Outcome:
        m = self.machine
        results = [m.results.view[n] for n in range(before[2], len(m.results.view))]
        last = results[-1] if results else None
        return Outcome(
            op=name,
            pfn=frame[0] if frame else None,
            head=frame[1] if frame else None,
            result=last.result if last else None,
            kind=last.kind if last else None,
            dirty=last.dirty if last else False,
            errno=done.errno,
            signals=tuple(self._signal(n) for n in range(before[1], len(m.deliveries.view))),
            log=tuple(m.log.view[n].text for n in range(before[0], len(m.log.view))),
            value=done.value,
            mce_kill=done.mce_kill,
            handed_out=done.handed_out,
            panic=m.panicked,
            already_poisoned=m.counter("already_poisoned") > before[3],
        )

    def _signal(self, number: int) -> SignalSeen:
        delivery = self.machine.deliveries.view[number]
        task = self.machine.tasks.view[delivery.tid]
        info = delivery.info
        name = self.world.task_name(task.tgid)
        return SignalSeen(name, task.number, info.signal, info.code, info.address, info.lsb, delivery.effect)

    # Asking

    def resolve_frame(self, text: str) -> int:
        return self.world.frame(text)

    def resolve_address(self, task: str, at: str) -> int:
        return self.world.address(task, at)

    def tid_of(self, task: str, thread: int = 0) -> int | None:
        """The number of a thread, living or dead, or None when there is none."""
        tgid = self.world.task_names.view.get(task)
        threads = self.machine.processes.view[tgid].threads if tgid is not None else ()
        return threads[thread] if thread < len(threads) else None

    def address_name(self, task: str, address: int) -> str | None:
        """`AREA+PAGE` of an address in bytes, or None where no area covers it."""
        return self.world.name_of_address(self.world.task_names.view[task], address)

    def task_name(self, tgid: int) -> str:
        return self.world.task_name(tgid)

    def pte_state(self, task: str, at: str) -> str:
        return self.world.pte_state(task, at)

    def alive(self, task: str) -> bool:
        """Whether the process of that name lives. Raises KeyError when it never did."""
        return not self.machine.processes.view[self.world.task_names.view[task]].ended

    def corrupted_kb(self) -> int:
        return self.machine.hardware_corrupted_kb

    def flags(self, pfn: int) -> int:
        return self.machine.page(pfn) if 0 <= pfn < self.machine.frames else pf.NOPAGE

    def mapcount(self, pfn: int) -> int:
        return int(self.machine.mapcount.view[pfn]) if 0 <= pfn < self.machine.frames else 0
