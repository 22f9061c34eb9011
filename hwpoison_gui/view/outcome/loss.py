"""Loss of a finished operation: content that is gone, and the actual impact on each process."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.handler import EXITS
from hwpoison_gui.kernel.memory_failure import ENTER
from hwpoison_gui.kernel.records import BUS_MCEERR_AR
from hwpoison_gui.record import Record
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.peek import at_in_slices
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.impacts import IMPACTS, Hit, rank, worse
from hwpoison_gui.view.base.naming import names
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome.impact import (
    EFFECTS,
    Before,
    covering_only,
    find_before,
    find_hits,
    find_touches_by_now,
)
from hwpoison_gui.view.outcome.loss_words import lost_words
from hwpoison_gui.view.outcome.matched_row import effect_of, matched_row
from hwpoison_gui.view.outcome.touch import Place
from hwpoison_gui.view.rmap.graph import ReverseMap, mappers_of
from hwpoison_gui.view.rmap.groups import Mapper

LOST_BEFORE: Final = "The data was lost when the frame failed: this access only exposed it."
NOT_DONE: Final = ("EFAULT", "ENOMEM")  # madvise() did not find the page: nothing broke


class Loss(Record):
    """Lost data, as a sentence (`lost`) and as a clause (`brief`), and the impact on all processes that could have
    had the page (`hits`).

    `gone`: whether content was lost. `in_use`: the broken page was left to its users. `tone`: good or warn.
    `covering`: names of those that were signalled for a VMA that covers the page, though no PTE of theirs mapped it.
    `again`: it was broken before, and what the next touch does is not the work of this error.
    """

    lost: str
    hits: tuple[Hit, ...] = ()
    brief: str = ""
    gone: bool = False
    in_use: bool = False
    tone: str = "warn"
    covering: tuple[str, ...] = ()
    again: bool = False

    def names(self) -> dict[str, list[str]]:
        """The names of the processes with each impact, as far as there are some."""
        found = dict[str, list[str]]()
        for hit in self.hits:
            found.setdefault(hit.kind, []).append(hit.task)
        return found


# For the newest few operations, as many as fates.py asks about and the present one. Answers never change, and walking
# back over thousands of changes takes long.
_KEPT: Final = 10
_LOSS: Final = Question["Loss"]("loss", _KEPT)
_BEFORE: Final = Question["Before"]("the page and its users before the operation", _KEPT)
_NEAR: Final = 100


def loss_of(session: Session, operation: Operation) -> Loss | None:
    """Loss of a complete operation; None if it concerns no error."""
    return to_the_end(find_loss(session, operation))


def find_loss(session: Session, operation: Operation) -> Generator[None, None, Loss | None]:
    """`loss_of` in slices, for thousands of processes; the session must stay as it is."""
    known = session.recall.known(_LOSS, operation)
    if known is not None:
        return known[0]
    return (yield from _find(session, operation))


def _find(session: Session, operation: Operation) -> Generator[None, None, Loss | None]:
    outcome = operation.outcome
    if outcome.panic:
        return Loss("All that was not written yet is lost: the machine has stopped.")
    inside = outcome.pfn is not None and 0 <= outcome.pfn < session.machine.frames
    if outcome.result is not None and not inside:
        return Loss("Nothing is lost: there is no memory at this number.", (), "nothing is lost", tone="good")
    if outcome.filtered:
        return None
    handled = operation.name == "poison" and outcome.errno not in NOT_DONE
    if (not handled and outcome.result is None) or not inside:
        ran_into = any(signal.code == BUS_MCEERR_AR for signal in outcome.signals)
        return Loss(LOST_BEFORE, tuple(_of_signals(session, operation))) if ran_into else None
    before = yield from _find_before(session, operation)
    assert before is not None
    # What took no look at the machine as it was is not worth a place among those that did.
    found = yield from at_in_slices(session, operation.last, lambda: _look_after(session, operation, before))
    return session.recall.keep(_LOSS, found, operation)


def _look_after(session: Session, operation: Operation, before: Before) -> Generator[None, None, Loss]:
    row, outcome = matched_row(session, operation), operation.outcome
    hits = yield from _hits(session, operation, before)
    effect = effect_of(session.machine.profile, row)
    marks = session.steps.marks
    truncated = row is None and marks.find(EXITS["truncated"], operation.first, operation.last) is not None
    lost = lost_words(session.machine, before.page, outcome.result, effect, truncated)
    yield
    covering = covering_only(before, _effects(session, operation))
    names_of_these = tuple(session.label_of(mm) for mm in covering)
    return Loss(lost.text, hits, lost.brief, lost.gone, lost.in_use, lost.tone, names_of_these, lost.again)


def note_beginning(session: Session, operation: Operation) -> None:
    """Look the page up as it was before the handler of an operation, if that is only a few steps ago."""
    to_the_end(find_beginning(session, operation))


def find_beginning(
    session: Session, operation: Operation, graph: ReverseMap | None = None
) -> Generator[None, None, None]:
    """`note_beginning` in slices. `graph`: the reverse map from before the operation, if at hand."""
    if session.position - operation.first <= _NEAR and session.position >= _start_of_handler(session, operation):
        yield from _find_before(session, operation, graph)


def look_before(session: Session, operation: Operation) -> Before | None:
    """The page and its users as they were before the handler of an operation; None if it names no frame."""
    return to_the_end(_find_before(session, operation))


def _find_before(
    session: Session, operation: Operation, graph: ReverseMap | None = None
) -> Generator[None, None, Before | None]:
    """`look_before` in slices. `graph`: the reverse map from before the operation, if at hand."""
    known, m, pfn = session.recall.known(_BEFORE, operation), session.machine, operation.outcome.pfn
    if known is not None:
        return known[0]
    if pfn is None or not 0 <= pfn < m.frames:
        return None
    start = _start_of_handler(session, operation)
    mappers = graph.mappers if graph is not None and graph.pfn == pfn and start == operation.first else None
    found = yield from at_in_slices(
        session, start, lambda: find_before(m, pfn, _places(session, operation, pfn, mappers))
    )
    return session.recall.keep(_BEFORE, found, operation)


def _places(session: Session, operation: Operation, pfn: int, mappers: Sequence[Mapper] | None) -> list[Place] | None:
    """Places from the mappers of a reverse map; of a frame that was poisoned before also those where an earlier error
    unmapped it. None if `find_before` must look them up.
    """
    m = session.machine
    if m.page(pfn) & pf.HWPOISON:
        mappers = mappers_of(session, pfn) if mappers is None else mappers
    elif any(session.parts(operation.first, pfn)):
        return None  # entries that an earlier error replaced no longer lead to the frame
    return [Place(one.vma, one.mm, one.vpn) for one in mappers] if mappers is not None else None


def _hits(session: Session, operation: Operation, before: Before) -> Generator[None, None, tuple[Hit, ...]]:
    """The impact on each process, the worst first."""
    m, effects = session.machine, _effects(session, operation)
    found = yield from find_hits(m, before, effects)
    ranked = sorted(found.items(), key=lambda item: rank(item[1]))
    yield
    return tuple(Hit(tgid, m.processes.view[tgid].label, kind) for tgid, kind in ranked)


def hits_now(session: Session, operation: Operation) -> dict[int, str]:
    """tgid -> impact of the next touch of the page as the machine is now, for processes that could have it by now."""
    before = look_before(session, operation)
    if before is None:
        return {}
    return to_the_end(find_touches_by_now(session.machine, before, _suspects(session, operation)))


# Operations that give an address space entries for a page elsewhere, and the argument that names the process.
_COPIES_ENTRIES: Final = {"fork": "child", "mremap": "task"}


def _suspects(session: Session, operation: Operation) -> set[int]:
    """Address spaces that operations after this one gave entries which they had copied or moved."""
    names = session.world.task_names.view
    found = set[int]()
    for later in session.since(operation.last):
        if later.last <= session.position and later.name in _COPIES_ENTRIES:
            found.add(names[later.args[_COPIES_ENTRIES[later.name]]])
    return found


def _start_of_handler(session: Session, operation: Operation) -> int:
    """Timeline position at which memory_failure() begins: madvise() faults the page in before. Else the operation's."""
    if operation.name == "poison":
        for number in range(operation.first, operation.last):
            if session.steps.marks[number].site is ENTER:
                return number
    return operation.first


def _effects(session: Session, operation: Operation) -> dict[int, str]:
    """tgid -> impact of the signals of an operation."""
    found = dict[int, str]()
    for signal in operation.outcome.signals:
        tgid = session.world.task_names.view[signal.task]
        found[tgid] = worse(found.get(tgid, ""), EFFECTS[signal.effect])
    return found


def _of_signals(session: Session, operation: Operation) -> Iterable[Hit]:
    """Impact on processes that touched a page which was broken before."""
    for tgid, effect in _effects(session, operation).items():
        yield Hit(tgid, session.label_of(tgid), effect)


class Fact(Record):
    """A line about the end of an operation. `tone`: kill, warn, good or plain."""

    text: str
    tone: str = "plain"


def ending_of(loss: Loss) -> list[Fact]:
    """Lines about what was lost, and which processes have which impact."""
    facts, hit = [Fact(loss.lost, loss.tone)], loss.names()
    for impact in IMPACTS.values():
        if who := hit.get(impact.kind):
            before = ", as before" if loss.again and impact.on_touch else ""
            facts.append(Fact(f"{impact.meaning}{before}: {names(who, 12)}.", impact.tone))
    if loss.covering:
        facts.append(Fact(f"Signalled for a VMA over the page, without a PTE for it: {names(loss.covering, 12)}."))
    return facts
