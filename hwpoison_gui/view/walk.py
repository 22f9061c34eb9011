"""The walk over a reverse map: what each entry and task is like now, and how far the handler has come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Act
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
    m = session.machine
    word = m.page(graph.pfn)
    state = WalkState(pf.letters_of(word), bool(word & pf.HWPOISON), kinds.KINDS[kinds.kind_of(word)])
    for mapper in graph.mappers:
        state.entries[mapper.vma] = entry_state(m, graph.pfn, mapper)
        state.fates.setdefault(mapper.tgid, _standing(m, mapper.tgid))
    moment = moment_of(session)
    if moment.operation is not None and concerns(session, moment.operation, graph.pfn):
        _follow(session, moment, graph, state)
    return state


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


def _follow(session: Session, moment: Moment, graph: ReverseMap, state: WalkState) -> None:
    assert moment.operation is not None and moment.step is not None
    by_pte = {(mapper.mm, mapper.vpn): mapper.vma for mapper in graph.mappers}
    for step in session.steps[moment.operation.first : moment.position]:
        mark = step.mark
        vmas = [by_pte[pte] for pte in mark.ptes if pte in by_pte] or list(mark.vmas)
        if mark.act is Act.VISIT:
            state.visited.update(vmas)
        elif mark.act is Act.UNMAP:
            state.cut.update(vmas)
        elif mark.act is Act.SKIP:
            short = _SHORT.get(mark.why, mark.why)
            state.passed.update((vma, Passed(short, mark.text)) for vma in vmas)
        _tell_fates(session.machine, step, state)
    mark = moment.step.mark
    state.act = mark.act
    state.current_vmas = frozenset([by_pte[pte] for pte in mark.ptes if pte in by_pte] or mark.vmas)
    if mark.act is Act.ENTER:
        state.current_vmas = frozenset()
    if mark.tasks and mark.act is not Act.ENTER:
        state.current_task = session.machine.tasks.view[mark.tasks[0]].tgid
    state.at_frame = bool(mark.frames) and not state.current_vmas


def _tell_fates(m: Machine, step: Step, state: WalkState) -> None:
    """Signals that the step sent or delivered."""
    for change in step.changes:
        if change.store is m.deliveries and isinstance(change.new, Delivery):
            delivery = change.new
            _set_fate(m, state, delivery.tid, delivery.info, delivery.effect)
        elif change.store is m.pending and isinstance(change.new, tuple) and change.new:
            _set_fate(m, state, change.key, change.new[-1], "told")


def _set_fate(m: Machine, state: WalkState, tid: int, info: SigInfo, effect: str) -> None:
    tgid = m.tasks.view[tid].tgid
    if state.fates.get(tgid, Fate("alive")).kind == "killed":
        return
    code = info.code.replace("BUS_MCEERR_", "").replace("SI_KERNEL", "forced")
    words = {"handled": "caught", "pending": "pending", "ignored": "ignored", "killed": "dying", "told": "sent"}
    word = words[effect]
    short = info.signal if effect in ("told", "killed") else word
    state.fates[tgid] = Fate("told" if effect == "killed" else effect, f"{info.signal} {code} {word}", short)


class Walks:
    """Remembers the reverse map of each operation's frame, as it was before the operation."""

    def __init__(self) -> None:
        self._maps: dict[tuple[int, int], ReverseMap] = {}

    def clear(self) -> None:
        """The operations are other ones."""
        self._maps.clear()

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


def by_task(mappers: Iterable[Mapper]) -> dict[int, list[Mapper]]:
    """Mappers of each task, in order."""
    found: dict[int, list[Mapper]] = {}
    for mapper in mappers:
        found.setdefault(mapper.tgid, []).append(mapper)
    return found
