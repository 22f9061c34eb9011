"""What an error cost: what was lost, and who is hit by it, from the machine before and after an operation.

Dead, signalled, told when they touch it, silently reading something old, using broken memory, or safe.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import Final, NamedTuple

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.records import BUS_MCEERR_AR
from hwpoison_gui.session.peek import at, at_in_slices
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Operation, Session
from hwpoison_gui.view.base.hits import MEANINGS, TONES, Hit, rank, worse
from hwpoison_gui.view.base.naming import names
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome.impact import EFFECTS, Before, Place, find_before, find_hits, find_next_touches
from hwpoison_gui.view.outcome.loss_words import lost_words
from hwpoison_gui.view.outcome.matched_row import matched_row
from hwpoison_gui.view.rmap.graph import Mapper, ReverseMap, mappers_of

LOST_BEFORE: Final = "What was there has been lost since the frame broke: the touch only found it out."
NOT_DONE: Final = ("EFAULT", "ENOMEM")  # madvise() did not find the page: nothing broke


class Loss(NamedTuple):
    """`lost` says what was, as a sentence, `brief` in a clause; `hits` are all who had or could have had the page.

    `gone`: whether content was lost. `in_use`: the page was left to its users, broken. `tone`: good or warn.
    """

    lost: str
    hits: tuple[Hit, ...] = ()
    brief: str = ""
    gone: bool = False
    in_use: bool = False
    tone: str = "warn"

    def names(self, kind: str) -> list[str]:
        """The tasks that are hit in that way."""
        return [hit.task for hit in self.hits if hit.kind == kind]


# Of the newest few operations. Neither ever changes, and walking back over thousands of changes takes its time.
_KEPT: Final = 3
_LOSS: Final = Question["Loss | None"]("loss", _KEPT)
_BEFORE: Final = Question["Before | None"]("the page and its users before the operation", _KEPT)
_NEAR: Final = 100


def loss_of(session: Session, operation: Operation) -> Loss | None:
    """Of an operation that is complete; None for one that is about no error."""
    return to_the_end(find_loss(session, operation))


def find_loss(session: Session, operation: Operation) -> Generator[None, None, Loss | None]:
    """The same in slices, for there may be thousands who are hit."""
    known = session.recall.known(_LOSS, operation)
    if known is not None:
        return known[0]
    return session.recall.keep(_LOSS, (yield from _find(session, operation)), operation)


def _find(session: Session, operation: Operation) -> Generator[None, None, Loss | None]:
    outcome = operation.outcome
    if outcome.panic:
        return Loss("All that was not written yet is lost: the machine has stopped.")
    inside = outcome.pfn is not None and 0 <= outcome.pfn < session.machine.frames
    if outcome.result is not None and not inside:
        return Loss("Nothing is lost: there is no memory at this number.", (), "nothing is lost", tone="good")
    handled = operation.name == "poison" and outcome.errno not in NOT_DONE
    if (not handled and outcome.result is None) or not inside:
        ran_into = any(signal.code == BUS_MCEERR_AR for signal in outcome.signals)
        return Loss(LOST_BEFORE, tuple(_of_signals(session, operation))) if ran_into else None
    before = _look_before(session, operation)
    assert before is not None
    return (yield from at_in_slices(session, operation.last, lambda: _look_after(session, operation, before)))


def _look_after(session: Session, operation: Operation, before: Before) -> Generator[None, None, Loss]:
    row, outcome = matched_row(session, operation), operation.outcome
    hits = yield from _hits(session, operation, before)
    action = row.action if row is not None else ""
    lost = lost_words(session.machine, before.page, outcome.kind, outcome.result, action)
    return Loss(lost.text, hits, lost.brief, lost.gone, lost.in_use, lost.tone)


def note_beginning(session: Session, operation: Operation, graph: ReverseMap | None = None) -> None:
    """Looks at what must be known from before an operation, while that is only a few steps away.

    `graph`: the reverse map from before it, where that is at hand.
    """
    if session.position - operation.first <= _NEAR:
        _look_before(session, operation, graph)


def _look_before(session: Session, operation: Operation, graph: ReverseMap | None = None) -> Before | None:
    def find() -> Before | None:
        pfn = operation.outcome.pfn
        if pfn is None or not 0 <= pfn < session.machine.frames:
            return None
        known = graph.mappers if graph is not None and graph.pfn == pfn else None
        m = session.machine
        return at(
            session, operation.first, lambda: to_the_end(find_before(m, pfn, _places(session, operation, pfn, known)))
        )

    return session.recall.answer(_BEFORE, find, operation)


def _places(session: Session, operation: Operation, pfn: int, mappers: Sequence[Mapper] | None) -> list[Place] | None:
    """Of a frame that was poisoned before also the places that it was unmapped from then; None: look them up."""
    m = session.machine
    if (m.page(pfn) | m.page(m.compound_head(pfn))) & pf.HWPOISON:
        mappers = mappers_of(session, pfn) if mappers is None else mappers
    elif any(one.outcome.pfn == pfn and one.last <= operation.first for one in session.operations):
        return None  # what an earlier error cut off is not hit by this one
    return [Place(one.vma, one.mm, one.vpn) for one in mappers] if mappers is not None else None


def _hits(session: Session, operation: Operation, before: Before) -> Generator[None, None, tuple[Hit, ...]]:
    """One for each process, the worst that happens to it."""
    m, effects = session.machine, _effects(session, operation)
    found = yield from find_hits(m, before, effects)
    ranked = sorted(found.items(), key=lambda item: rank(item[1]))
    yield
    return tuple(Hit(tgid, m.processes.view[tgid].name, kind) for tgid, kind in ranked)


def hits_now(session: Session, operation: Operation) -> dict[int, str]:
    """tgid -> what the next touch of the page does as the machine is now, of the processes that could have it still."""
    before = _look_before(session, operation)
    return to_the_end(find_next_touches(session.machine, before)) if before is not None else {}


def _effects(session: Session, operation: Operation) -> dict[int, str]:
    """What the signals of an operation did to those who were sent them."""
    found = dict[int, str]()
    for signal in operation.outcome.signals:
        tgid = session.world.task_names.view[signal.task]
        found[tgid] = worse(found.get(tgid, ""), EFFECTS[signal.effect])
    return found


def _of_signals(session: Session, operation: Operation) -> Iterable[Hit]:
    """Who ran into something that was broken before."""
    for tgid, effect in _effects(session, operation).items():
        yield Hit(tgid, session.task_name(tgid), effect)


class Fact(NamedTuple):
    """A line of what became of it. `tone`: kill, warn, good or plain."""

    text: str
    tone: str = "plain"


def ending_of(loss: Loss) -> list[Fact]:
    """What was lost, and for each way to be hit, who."""
    facts = [Fact(loss.lost, loss.tone)]
    for kind, meaning in MEANINGS.items():
        who = loss.names(kind)
        if who:
            facts.append(Fact(f"{meaning}: {names(who, 12)}.", TONES.get(kind, "warn")))
    return facts
