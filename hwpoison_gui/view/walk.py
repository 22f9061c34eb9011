"""The walk over a reverse map: what each entry and task is like now, and how far the handler has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Act, Mark
from hwpoison_gui.kernel.records import Delivery, SigInfo
from hwpoison_gui.session.peek import as_of
from hwpoison_gui.session.session import Operation, Session
from hwpoison_gui.session.timeline import Step
from hwpoison_gui.view import kinds
from hwpoison_gui.view.moment import Moment, moment_of
from hwpoison_gui.view.reverse_map import Mapper, ReverseMap, reverse_map


class Fate(NamedTuple):
    """What became of a task. `kind`: alive, told, pending, handled, ignored, killed; `text` says it in a few words."""

    kind: str
    text: str = ""
    short: str = ""


class Passed(NamedTuple):
    """A pair that the walk passed by, and why."""

    short: str
    why: str


@dataclass(slots=True)
class WalkState:
    """What is drawn on a reverse map. Keys: VMA ids for entries, tgids for tasks.

    `entries`: dirty, clean, swap, hwpoison, other, none. `current_vma` and `current_task`: what the
    present step is about; `act` is its act.
    """

    letters: str = ""
    poisoned: bool = False
    kind: kinds.Kind = kinds.KINDS[0]
    entries: dict[int, str] = field(default_factory=dict)
    visited: set[int] = field(default_factory=set)
    cut: set[int] = field(default_factory=set)
    passed: dict[int, Passed] = field(default_factory=dict)
    fates: dict[int, Fate] = field(default_factory=dict)
    act: Act | None = None
    at_frame: bool = False
    current_vmas: frozenset[int] = frozenset()
    current_task: int | None = None


_SHORT: Final = {
    "memory_failure_early_kill is 0": "later: early_kill is 0",
    "PR_MCE_KILL is late": "later: its policy",
    "no PTE maps the page": "no PTE: does not map it",
}


def entry_state(m: Machine, pfn: int, mapper: Mapper) -> str:
    """What stands in the page table where the frame would be mapped."""
    entry = m.pte(mapper.mm, mapper.vpn)
    state = ptes.state_of(entry)
    if state != "present":
        return state
    first = ptes.value_of(entry)
    if not first <= pfn < first + (512 if entry & ptes.PSE else 1):
        return "other"
    return "dirty" if entry & ptes.DIRTY else "clean"


def walk_state(session: Session, graph: ReverseMap) -> WalkState:
    """The state of a reverse map at the present step."""
    return Follower(graph).state_at(session)


def _standing(m: Machine, tgid: int) -> Fate:
    """What can be said of a task without knowing how it came to that."""
    process = m.processes.view.get(tgid)
    if process is None:
        return Fate("gone", "not started", "gone")
    if process.ended:
        by_signal = process.ended != "exit"
        return Fate("killed" if by_signal else "exited", _shorter(process.ended), "killed" if by_signal else "exited")
    pending = [info.signal for tid in process.threads for info in m.pending.view.get(tid, ())]
    return Fate("pending", f"{pending[0]} pending", "pending") if pending else Fate("alive")


def _shorter(ended: str) -> str:
    """`SIGBUS (BUS_MCEERR_AO)` in the room of a box."""
    return ended.replace("BUS_MCEERR_", "").replace("SI_KERNEL", "forced")


def concerns(session: Session, operation: Operation, pfn: int) -> bool:
    """Whether an operation is about the frame."""
    return pfn in frames_concerned(session, operation)


def frames_concerned(session: Session, operation: Operation) -> list[int]:
    """The operation's own frame, or those its steps name, in order."""
    m = session.machine
    if operation.outcome.pfn is not None:
        return [operation.outcome.pfn] if 0 <= operation.outcome.pfn < m.frames else []
    steps = session.steps[operation.first : operation.last]
    return list(dict.fromkeys(pfn for step in steps for pfn in step.mark.frames if 0 <= pfn < m.frames))


class Follower:
    """The state of one reverse map, carried on from step to step: a step costs what it changed, not all users.

    Going back, or to another operation, begins anew.
    """

    def __init__(self, graph: ReverseMap) -> None:
        self.graph = graph
        self._by_pte = {(mapper.mm, mapper.vpn): mapper.vma for mapper in graph.mappers}
        self._of_mm: dict[int, list[Mapper]] = {}
        for mapper in graph.mappers:
            self._of_mm.setdefault(mapper.mm, []).append(mapper)
        self._state = WalkState()
        self._told: set[int] = set()  # tasks whose fate a step has told
        self._concerned = False
        self._operation: Operation | None = None
        self._position = -1

    def state_at(self, session: Session) -> WalkState:
        """The state at the session's present step; the same object as long as it can be carried on."""
        m, pfn, moment = session.machine, self.graph.pfn, moment_of(session)
        if self._position < 0 or moment.operation is not self._operation or session.position < self._position:
            self._begin(session, moment)
        else:
            steps = session.steps[self._position : session.position]
            self._take(m, steps)
            self._look_again(m, steps)
        self._position = session.position
        word = m.page(pfn)
        self._state.letters, self._state.poisoned = pf.letters_of(word), bool(word & pf.HWPOISON)
        self._state.kind = kinds.KINDS[kinds.kind_of(word)]
        self._point(m, moment)
        return self._state

    def _begin(self, session: Session, moment: Moment) -> None:
        m, state = session.machine, WalkState()
        for mapper in self.graph.mappers:
            state.entries[mapper.vma] = entry_state(m, self.graph.pfn, mapper)
            state.fates.setdefault(mapper.tgid, _standing(m, mapper.tgid))
        self._state, self._told, self._operation = state, set(), moment.operation
        self._concerned = moment.operation is not None and concerns(session, moment.operation, self.graph.pfn)
        if moment.operation is not None:
            self._take(m, session.steps[moment.operation.first : session.position])

    def _take(self, m: Machine, steps: list[Step]) -> None:
        """What the steps say of pairs, and whom they told."""
        for step in steps if self._concerned else ():
            mark, state = step.mark, self._state
            if mark.act is Act.VISIT:
                state.visited.update(self._vmas(mark))
            elif mark.act is Act.UNMAP:
                state.cut.update(self._vmas(mark))
            elif mark.act is Act.SKIP:
                passed = Passed(_SHORT.get(mark.why, mark.why), mark.text)
                state.passed.update((vma, passed) for vma in self._vmas(mark))
            for change in step.changes:
                if change.store is m.deliveries and isinstance(change.new, Delivery):
                    self._tell(m, change.new.tid, change.new.info, change.new.effect)
                elif change.store is m.pending and isinstance(change.new, tuple) and change.new:
                    self._tell(m, change.key, change.new[-1], "told")

    def _vmas(self, mark: Mark) -> list[int]:
        return [self._by_pte[pte] for pte in mark.ptes if pte in self._by_pte] or list(mark.vmas)

    def _tell(self, m: Machine, tid: int, info: SigInfo, effect: str) -> None:
        tgid = m.tasks.view[tid].tgid
        if self._state.fates.get(tgid, Fate("alive")).kind == "killed":
            return
        code = info.code.replace("BUS_MCEERR_", "").replace("SI_KERNEL", "forced")
        words = {"handled": "caught", "pending": "pending", "ignored": "ignored", "killed": "dying", "told": "sent"}
        word = words[effect]
        short = info.signal if effect in ("told", "killed") else word
        self._told.add(tgid)
        self._state.fates[tgid] = Fate("told" if effect == "killed" else effect, f"{info.signal} {code} {word}", short)

    def _look_again(self, m: Machine, steps: list[Step]) -> None:
        """Entries and tasks that the steps changed, as they are now."""
        spaces: set[int] = set()
        tasks: set[int] = set()
        for step in steps:
            for store, key, _, _ in step.changes:
                if store.name == m.ptes.name:
                    spaces.add(key[0] if isinstance(key, tuple) else key)
                elif store is m.processes:
                    tasks.add(key)
                elif store is m.pending and key in m.tasks.view:
                    tasks.add(m.tasks.view[key].tgid)
        for mm in spaces:
            for mapper in self._of_mm.get(mm, ()):
                self._state.entries[mapper.vma] = entry_state(m, self.graph.pfn, mapper)
        for tgid in tasks & self._state.fates.keys():
            now = _standing(m, tgid)
            if now.kind == "killed" or tgid not in self._told:
                self._state.fates[tgid] = now

    def _point(self, m: Machine, moment: Moment) -> None:
        """What the present step is about."""
        state = self._state
        state.act, state.at_frame, state.current_vmas, state.current_task = None, False, frozenset(), None
        if moment.step is None or not self._concerned:
            return
        mark = moment.step.mark
        state.act = mark.act
        if mark.act is not Act.ENTER:
            state.current_vmas = frozenset(self._vmas(mark))
            if mark.tasks:
                state.current_task = m.tasks.view[mark.tasks[0]].tgid
        state.at_frame = bool(mark.frames) and not state.current_vmas


class Walks:
    """Remembers the reverse map of each operation's frame, as it was before the operation."""

    def __init__(self) -> None:
        self._maps: dict[tuple[int, int], ReverseMap] = {}
        self._follower: Follower | None = None

    def clear(self) -> None:
        """The operations are other ones."""
        self._maps.clear()
        self._follower = None

    def state_of(self, session: Session, graph: ReverseMap) -> WalkState:
        """The state of a reverse map at the present step, carried on where that is possible."""
        if self._follower is None or self._follower.graph is not graph:
            self._follower = Follower(graph)
        return self._follower.state_at(session)

    def map_for(self, session: Session, selected: int) -> ReverseMap | None:
        """Of the present operation's frame; of the selected one where no operation is about any."""
        moment = moment_of(session)
        if moment.operation is not None:
            concerned = frames_concerned(session, moment.operation)
            if concerned and (selected in (*concerned, -1) or not moment.at_end):
                pfn = selected if selected in concerned else concerned[0]
                return self._before(session, moment.operation, moment.number, pfn)
        return reverse_map(session, selected) if selected >= 0 else None

    def _before(self, session: Session, operation: Operation, number: int, pfn: int) -> ReverseMap:
        key = (number, pfn)
        if key not in self._maps:
            with as_of(session, operation.first):
                self._maps[key] = reverse_map(session, pfn)
        return self._maps[key]
