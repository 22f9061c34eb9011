"""The state of a reverse-map walk: each PTE and task now, and how far the handler has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.collect import LATE, NOT_MAPPED
from hwpoison_gui.kernel.collect_ksm import LISTED
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Act, Mark, Site
from hwpoison_gui.kernel.records import Delivery, SigInfo
from hwpoison_gui.record import Record
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.peek import at_in_slices
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.steps import Step
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.mappers import mappers_unknown, why_unknown
from hwpoison_gui.view.base.moment import Moment, moment_of
from hwpoison_gui.view.base.slicing import ITEMS_PER_SLICE, to_the_end
from hwpoison_gui.view.rmap.compound import exact_kind, is_per_cpu
from hwpoison_gui.view.rmap.departed import Departed, departed
from hwpoison_gui.view.rmap.graph import Mapping, ReverseMap, find_reverse_map, mapping_of
from hwpoison_gui.view.rmap.groups import Mapper
from hwpoison_gui.view.walk.entries import ENTRY_WORDS, entry_state
from hwpoison_gui.view.words.lookup import text_of
from hwpoison_gui.view.words.signal import short_code


class Standing(Record):
    """The state of a task: alive, signalled, pending, handled, ignored, killed, exited or gone; `text` is displayed."""

    kind: str
    text: str = ""
    short: str = ""


class Skipped(Record):
    """Why the walk skipped a pair: at which site; `why` is a sentence, `short` fits a box, `brief` a low one."""

    site: Site
    brief: str
    short: str
    why: str


@dataclass(repr=False)  # generating __repr__() would slow start-up
class WalkState:
    """The state that a reverse map shows. Keys: VMA ids for PTEs, tgids for tasks.

    `entries`: keys of ENTRY_WORDS; `unmapped`: VMAs whose PTE the operation has replaced or cleared. `current_vmas` and
    `current_task`: the objects of the present step; `act` is its act. `kind` is what the frame holds, or held before it
    was poisoned; `mapping` what its page->mapping refers to now, None if unknown; `cached`: it is in the page cache or
    swap cache; `per_cpu`: free, on a per-CPU list; `mapped`: PTEs that map it; `unknown`: it is mapped, but not known
    by whom: why not, else empty; `departed`: how its page left, where nothing else leads to its users.
    `ends`: impact of the error on each task, once it is handled (impacts.IMPACTS).
    """

    letters: str = ""
    poisoned: bool = False
    kind: kinds.Kind = kinds.KINDS[0]
    mapping: Mapping | None = None
    cached: bool = False
    per_cpu: bool = False
    mapped: int = 0
    unknown: str = ""
    departed: Departed = field(default_factory=Departed)
    entries: dict[int, str] = field(default_factory=dict)
    visited: set[int] = field(default_factory=set)
    unmapped: set[int] = field(default_factory=set)
    skipped: dict[int, Skipped] = field(default_factory=dict)
    standings: dict[int, Standing] = field(default_factory=dict)
    ends: dict[int, str] = field(default_factory=dict)
    act: Act | None = None
    at_frame: bool = False
    current_vmas: frozenset[int] = frozenset()
    current_task: int | None = None

    def skip_of(self, vma: int) -> Skipped | None:
        """Why the walk skipped the place of a VMA; where the page is not mapped, by what its PTE is instead."""
        found = self.skipped.get(vma)
        if found is None:
            return None
        short, brief = _reason(_KEY_OF(found), self.entries.get(vma))
        return found._replace(short=short, brief=brief)

    def reasons_of(self, vmas: Sequence[int]) -> Counter[tuple[str, str]]:
        """Return how many of these VMAs, which were skipped, there are for each reason, in short and briefly."""
        keys = zip(map(_KEY_OF, map(self.skipped.__getitem__, vmas)), map(self.entries.get, vmas), strict=True)
        found: Counter[tuple[str, str]] = Counter()
        for (key, entry), count in Counter(keys).items():  # thousands of VMAs have a handful of reasons
            found[_reason(key, entry)] += count
        return found


# Reverse maps of the frames of operations, as they were before, and of selected frames.
_MAP: Final = Question[ReverseMap]("reverse map", 8)
_FOLLOWER: Final = Question["Follower"]("how far a reverse map has been followed")
_STEPS_PER_SLICE: Final = 100  # applied between two yields; each may say something of many PTEs
_EFFECTS: Final = {
    "handled": "caught",
    "pending": "pending",
    "ignored": "ignored",
    "dropped": "dropped",
    "killed": "dying",
    "signalled": "sent",
}


# Why a pair is skipped, briefly and in short; for LATE the policy says more, for NOT_MAPPED the PTE there.
_SKIPS: Final = {
    NOT_MAPPED: (ENTRY_WORDS["none"].brief, "no PTE: does not map it"),
    LATE: ("not now", "not now: its policy"),
    LISTED: ("listed", "on to_kill already"),
}
_OTHER_ENTRIES: Final = {
    "other": "its PTE maps another frame",
    "swap": "its PTE is a swap entry",
    "hwpoison": "its PTE is a hwpoison entry",
}

_KEY_OF: Final[Callable[[Skipped], tuple[Site, str, str]]] = attrgetter("site", "short", "brief")


def _reason(key: tuple[Site, str, str], entry: str | None) -> tuple[str, str]:
    """Why a VMA was skipped, in short and briefly, by what its PTE is."""
    site, short, brief = key
    if site is NOT_MAPPED and entry in _OTHER_ENTRIES:
        brief, short = ENTRY_WORDS[entry].brief, _OTHER_ENTRIES[entry]
    return short, brief


def _skipped(mark: Mark) -> Skipped:
    brief, short = _SKIPS[mark.site]
    if mark.site is LATE and mark.value("policy") == "default":
        short = "not now: early_kill is 0"
    return Skipped(mark.site, brief, short, text_of(mark))


def _standing(m: Machine, tgid: int) -> Standing:
    """The state of a task by the machine alone."""
    process = m.processes.view.get(tgid)
    if process is None:
        return Standing("gone", "not started", "gone")
    if process.ended:
        by_signal = process.ended != "exit"
        kind = "killed" if by_signal else "exited"
        code = f" ({short_code(process.end_code)})" if by_signal else ""
        return Standing(kind, f"{process.ended}{code}", kind)
    pending = [info.signal for tid in process.threads for info in m.pending.view.get(tid, ())]
    return Standing("pending", f"{pending[0]} pending", "pending") if pending else Standing("alive")


def _is_poisoned(m: Machine, pfn: int) -> bool:
    """Return whether a frame is poisoned, or part of a hugetlb page that is: PG_hwpoison is set on its head."""
    word = m.page(pfn)
    return bool((word | m.page(m.compound_head(pfn)) if word & pf.HUGE else word) & pf.HWPOISON)


def _kind_now(before: kinds.Kind, word: int) -> kinds.Kind:
    """Kind of a frame; of a poisoned one the kind before, unless a huge page was split or dissolved."""
    if not word & pf.HWPOISON:
        return kinds.KINDS[kinds.kind_of(word)]
    if before.id != kinds.HUGE or word & (pf.HUGE | pf.THP):
        return before
    left = kinds.kind_of(word & ~pf.HWPOISON)
    return kinds.KINDS[kinds.FREE if left == kinds.KERNEL else left]  # one dissolved was free


def concerns(session: Session, operation: Operation, pfn: int) -> bool:
    """Return whether an operation concerns the frame."""
    return pfn in frames_concerned(session, operation)


def frames_concerned(session: Session, operation: Operation) -> list[int]:
    """The frame of the operation, or those of its steps, in order."""
    m = session.machine
    if operation.outcome.pfn is not None:
        return [operation.outcome.pfn] if 0 <= operation.outcome.pfn < m.frames else []
    marks = session.steps.marks[operation.first : operation.last]
    return list(dict.fromkeys(pfn for mark in marks for pfn in mark.frames if 0 <= pfn < m.frames))


class Follower:
    """Updates the state of one reverse map from step to step, in both directions, at the cost of the changes.

    For another operation it is rebuilt from all users.
    """

    def __init__(self, graph: ReverseMap) -> None:
        self.graph = graph
        self._by_pte = {(mapper.mm, mapper.vpn): mapper.vma for mapper in graph.mappers}
        self._of_mm: dict[int, list[Mapper]] = {}
        for mapper in graph.mappers:
            self._of_mm.setdefault(mapper.mm, []).append(mapper)
        self._state = WalkState()
        self._signalled: dict[int, Standing] = {}  # who was signalled in the steps applied so far
        self._log: list[tuple[int, Callable[..., object], tuple[Any, ...]]] = []  # step, and the call that undoes it
        self._concerned = False
        self._operation: Operation | None = None
        self._position = -1

    def state_at(self, session: Session) -> WalkState:
        """The state at the present position; the same object as long as it can be updated."""
        from hwpoison_gui.view.outcome.impact_now import impact_now

        to_the_end(self.carry(session))
        m, word = session.machine, session.machine.page(self.graph.pfn)
        self._state.letters, self._state.poisoned = pf.letters_of(word), _is_poisoned(m, self.graph.pfn)
        self._state.kind = exact_kind(m, self.graph.pfn, _kind_now(self.graph.kind, word))
        self._state.mapping = mapping_of(m, self.graph.pfn)
        in_file = m.inode_of(m.compound_head(self.graph.pfn)) is not None
        self._state.cached = in_file or bool(word & pf.SWAPCACHE)
        self._state.per_cpu = is_per_cpu(m, self.graph.pfn)
        self._state.mapped = m.mapcount.get(self.graph.pfn)
        self._state.unknown = why_unknown(m) if mappers_unknown(m, self.graph.pfn) else ""
        alone = self._state.poisoned and not self.graph.mappers
        self._state.departed = departed(session, self.graph.pfn) if alone else Departed()
        self._state.ends = impact_now(session, self.graph.pfn)
        self._point(m, moment_of(session))
        return self._state

    def carry(self, session: Session) -> Generator[None, None, None]:
        """Update the state to the present position; yields now and then."""
        m, operation, here, there = session.machine, moment_of(session).operation, self._position, session.position
        self._position = -1  # if this generator is abandoned, the next one starts over
        if here < 0 or operation is not self._operation:
            yield from self._begin(session, operation)
        elif here != there:
            signalled = yield from self._take_back(there)
            if here < there:
                signalled = yield from self._take(m, session.steps.each(here, there), here)
            changed = session.steps.each(min(here, there), max(here, there))
            yield from self._look_again(m, changed, signalled)
        self._position = there

    def _begin(self, session: Session, operation: Operation | None) -> Iterator[None]:
        m, state = session.machine, WalkState()
        self._state, self._operation = state, operation
        self._signalled, self._log = {}, []
        self._concerned = operation is not None and concerns(session, operation, self.graph.pfn)
        if operation is not None:
            yield from self._take(m, session.steps.each(operation.first, session.position), operation.first)
        for number, mapper in enumerate(self.graph.mappers):
            state.entries[mapper.vma] = entry_state(m, self.graph.pfn, mapper)
            if number % ITEMS_PER_SLICE == 0:
                yield
        yield from self._update_standings(m, self._signalled.keys() | {mapper.tgid for mapper in self.graph.mappers})

    def _take(self, m: Machine, steps: Iterable[Step], before: int) -> Generator[None, None, set[int]]:
        """Apply steps; returns the tasks that they signalled."""
        signalled: set[int] = set()
        for number, step in enumerate(steps if self._concerned else (), before + 1):
            if number % _STEPS_PER_SLICE == 0:
                yield
            mark, state = step.mark, self._state
            if mark.act is Act.VISIT:
                self._note(number, state.visited, self._vmas(mark))
            elif mark.act is Act.UNMAP:
                self._note(number, state.unmapped, self._vmas(mark))
            elif mark.act is Act.SKIP:
                skipped = _skipped(mark)
                for vma in self._vmas(mark):
                    if vma in state.visited:
                        continue  # a KSM page that a process has twice: found there, and listed already
                    self._log.append((number, _restore, (state.skipped, vma, state.skipped.get(vma))))
                    state.skipped[vma] = skipped
            for store, key, _, new in step.changes:
                if store is m.deliveries and isinstance(new, Delivery):
                    signalled.add(self._note_signal(m, number, new.tid, new.info, new.effect))
                elif store is m.pending and isinstance(new, tuple) and new:
                    signalled.add(self._note_signal(m, number, key, new[-1], "signalled"))
        return signalled

    def _note(self, number: int, pairs: set[int], vmas: list[int]) -> None:
        new = set(vmas) - pairs
        if new:
            pairs |= new
            self._log.append((number, pairs.difference_update, (new,)))

    def _vmas(self, mark: Mark) -> list[int]:
        return [self._by_pte[pte] for pte in mark.ptes if pte in self._by_pte] or list(mark.vmas)

    def _note_signal(self, m: Machine, number: int, tid: int, info: SigInfo, effect: str) -> int:
        tgid = m.tasks.view[tid].tgid
        word = _EFFECTS[effect]
        short = info.signal if effect in ("signalled", "killed") else word
        self._log.append((number, _restore, (self._signalled, tgid, self._signalled.get(tgid))))
        self._signalled[tgid] = Standing(
            "signalled" if effect == "killed" else effect, f"{info.signal} {short_code(info.code)} {word}", short
        )
        return tgid

    def _take_back(self, position: int) -> Generator[None, None, set[int]]:
        """Undo the steps after a position; returns the tasks that they signalled."""
        signalled: set[int] = set()
        while self._log and self._log[-1][0] > position:
            _, undo, args = self._log.pop()
            undo(*args)
            if args[0] is self._signalled:
                signalled.add(args[1])
            if len(self._log) % ITEMS_PER_SLICE == 0:
                yield
        return signalled

    def _look_again(self, m: Machine, steps: Iterable[Step], signalled: set[int]) -> Iterator[None]:
        """Reread the PTEs and tasks that the steps changed."""
        spaces: set[int] = set()
        tasks: set[int] = set()
        for number, step in enumerate(steps):
            if number % ITEMS_PER_SLICE == 0:
                yield
            for store, key, _, _ in step.changes:
                if store.name == m.ptes.name:
                    spaces.add(key[0] if isinstance(key, tuple) else key)
                elif store is m.processes:
                    tasks.add(key)
                elif store is m.pending and key in m.tasks.view:
                    tasks.add(m.tasks.view[key].tgid)
        for number, mm in enumerate(spaces):
            if number % ITEMS_PER_SLICE == 0:
                yield
            for mapper in self._of_mm.get(mm, ()):
                self._state.entries[mapper.vma] = entry_state(m, self.graph.pfn, mapper)
        yield from self._update_standings(m, tasks & self._state.standings.keys() | signalled)

    def _update_standings(self, m: Machine, tasks: Iterable[int]) -> Iterator[None]:
        """Update the state of tasks: death by the task itself, else the last signal."""
        for number, tgid in enumerate(tasks):
            if number % ITEMS_PER_SLICE == 0:
                yield
            now = _standing(m, tgid)
            self._state.standings[tgid] = now if now.kind == "killed" else self._signalled.get(tgid, now)

    def _point(self, m: Machine, moment: Moment) -> None:
        """Set the objects that the present step marks."""
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


def _restore(values: dict[int, Any], key: int, old: object) -> None:
    if old is None:
        del values[key]
    else:
        values[key] = old


_FINDERS: Final = frozenset({"read", "write", "pread", "pwrite", "swapin", "copy_from_user"})


def _is_shown_now(operation: Operation) -> bool:
    """True if it faults a page in or gives the frame back: each step shows its own users, none that were before."""
    return operation.name == "unpoison" or (operation.name in _FINDERS and not operation.outcome.signals)


def map_for(session: Session, selected: int) -> ReverseMap | None:
    """The map of the frame of the present operation, else of the selected frame."""
    return to_the_end(find_map(session, selected))


def find_map(session: Session, selected: int) -> Generator[None, None, ReverseMap | None]:
    """`map_for` in slices: of an operation that unmaps a page as it was before; at its end another may be selected."""
    moment = moment_of(session)
    if moment.operation is not None:
        concerned = frames_concerned(session, moment.operation)
        if concerned and (selected in (*concerned, -1) or not moment.at_end):
            pfn = selected if selected in concerned else concerned[0]
            if not _is_shown_now(moment.operation):
                return (yield from _recalled(session, moment.operation, pfn, moment.operation.first))
            selected = pfn
    if selected < 0:
        return None
    return (yield from _recalled(session, session.stamp, selected, session.position))


def _recalled(session: Session, made_for: object, pfn: int, position: int) -> Generator[None, None, ReverseMap]:
    """The map of a frame before an operation, or in a state of the machine (its stamp)."""
    known = session.recall.known(_MAP, made_for, pfn)
    if known is not None:
        return known[0]
    graph = yield from at_in_slices(session, position, lambda: find_reverse_map(session, pfn))
    return session.recall.keep(_MAP, graph, made_for, pfn)


def state_of(session: Session, graph: ReverseMap) -> WalkState:
    """The state of a reverse map at the present position, updated from the one shown before where possible."""
    return _follower(session, graph).state_at(session)


def prepare_walk(session: Session, selected: int) -> Iterator[None]:
    """Compute what `map_for` and `state_of` need; yields now and then."""
    graph = yield from find_map(session, selected)
    if graph is not None:
        yield from graph.grouping()
        follower = _follower(session, graph)
        yield
        yield from follower.carry(session)


def _follower(session: Session, graph: ReverseMap) -> Follower:
    return session.recall.answer(_FOLLOWER, lambda: Follower(graph), graph)
