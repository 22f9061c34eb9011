"""What an error cost: what was lost, and who is hit by it, from the machine before and after an operation.

Dead, signalled, told when they touch it, silently reading something old, using broken memory, or safe.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Sequence
from typing import Final, NamedTuple

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.filemap import find_get_page
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import BUS_MCEERR_AR, MAX_ORDER, Process
from hwpoison_gui.kernel.rmap import page_index
from hwpoison_gui.session.peek import at, at_in_slices
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Operation, Session
from hwpoison_gui.view.base.hits import (
    DEAD,
    IGNORED,
    MEANINGS,
    PENDING,
    SAFE,
    SIGNALLED,
    TONES,
    USES,
    Hit,
    rank,
    told_and_touched,
    when_read_again,
    when_touched,
    worse,
)
from hwpoison_gui.view.base.naming import names
from hwpoison_gui.view.base.slicing import SLICE, to_the_end
from hwpoison_gui.view.outcome.loss_words import Page, lost_words
from hwpoison_gui.view.outcome.matched_row import matched_row
from hwpoison_gui.view.outcome.one import swap_holders
from hwpoison_gui.view.rmap.graph import Mapper, ReverseMap, mappers_of, mapping_of

LOST_BEFORE: Final = "What was there has been lost since the frame broke: the touch only found it out."
AGAIN: Final = "already hardware poisoned"  # what the handler says of a frame that broke before
NOT_DONE: Final = ("EFAULT", "ENOMEM")  # madvise() did not find the page: nothing broke
_EFFECTS: Final = {"killed": DEAD, "handled": SIGNALLED, "pending": PENDING, "ignored": IGNORED}


class Loss(NamedTuple):
    """`lost` says what was, as a sentence, `brief` in a clause; `hits` are all who had or could have had the page."""

    lost: str
    hits: tuple[Hit, ...] = ()
    brief: str = ""

    def names(self, kind: str) -> list[str]:
        """The tasks that are hit in that way."""
        return [hit.task for hit in self.hits if hit.kind == kind]


class _Before(NamedTuple):
    """What is known only before the operation."""

    page: Page
    mappers: tuple[Mapper, ...]
    mapped: frozenset[tuple[int, int]]
    swapped: frozenset[int]


# Of the newest few operations. Neither ever changes, and walking back over thousands of changes takes its time.
_KEPT: Final = 3
_LOSS: Final = Question["Loss | None"]("loss", _KEPT)
_BEFORE: Final = Question["_Before | None"]("what is known only before", _KEPT)
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
        return Loss("Nothing is lost: there is no memory at this number.", (), "nothing is lost")
    handled = operation.name == "poison" and outcome.errno not in NOT_DONE
    if (not handled and outcome.result is None) or not inside:
        ran_into = any(signal.code == BUS_MCEERR_AR for signal in outcome.signals)
        return Loss(LOST_BEFORE, tuple(_of_signals(session, operation))) if ran_into else None
    before = _look_before(session, operation)
    assert before is not None
    return (yield from at_in_slices(session, operation.last, lambda: _look_after(session, operation, before)))


def _look_after(session: Session, operation: Operation, before: _Before) -> Generator[None, None, Loss]:
    row = matched_row(session, operation)
    hits = yield from _hits(session, operation, before)
    lost = lost_words(session.machine, before.page, operation.outcome, row.action if row else "")
    return Loss(lost.text, hits, lost.brief)


def note_beginning(session: Session, operation: Operation, graph: ReverseMap | None = None) -> None:
    """Looks at what must be known from before an operation, while that is only a few steps away.

    `graph`: the reverse map from before it, where that is at hand.
    """
    if session.position - operation.first <= _NEAR:
        _look_before(session, operation, graph)


def _look_before(session: Session, operation: Operation, graph: ReverseMap | None = None) -> _Before | None:
    def find() -> _Before | None:
        pfn = operation.outcome.pfn
        if pfn is None or not 0 <= pfn < session.machine.frames:
            return None
        known = graph.mappers if graph is not None and graph.pfn == pfn else ()
        return at(session, operation.first, lambda: _look(session, pfn, known))

    return session.recall.answer(_BEFORE, find, operation)


def _look(session: Session, pfn: int, known: Sequence[Mapper]) -> _Before:
    m = session.machine
    mappers = known or mappers_of(session, pfn)
    mapped = frozenset((one.mm, one.vpn) for one in mappers if ptes.maps_frame(m.pte(one.mm, one.vpn), pfn))
    swapped = frozenset(swap_holders(m, pfn))
    living = {one.tgid for one in mappers if (one.mm, one.vpn) in mapped} | swapped
    owners = tuple(process.name for process in m.processes.view.values() if process.tgid in living)
    head = m.page(m.compound_head(pfn))
    dirty = bool(head & pf.DIRTY) or any(m.pte(mm, vpn) & ptes.DIRTY for mm, vpn in mapped)
    page = Page(pfn, m.page(pfn), head, mapping_of(m, pfn), m.inode_of(m.compound_head(pfn)), page_index(m, pfn),
                owners, _is_free(m, pfn), dirty)  # fmt: skip
    return _Before(page, tuple(mappers), mapped, swapped)


def _is_free(m: Machine, pfn: int) -> bool:
    """In a free block of any size, on a per-CPU list, or in the pool of huge pages."""
    in_block = any(m.free_area.get((order, pfn & -(1 << order))) is True for order in range(MAX_ORDER + 1))
    return in_block or m.pcp.get((0, pfn)) is True or m.huge_free.get((0, m.compound_head(pfn))) is True


def _hits(session: Session, operation: Operation, before: _Before) -> Generator[None, None, tuple[Hit, ...]]:
    """One for each process, the worst that happens to it."""
    m, effects = session.machine, _effects(session, operation)
    found = yield from _next_touches(m, before, effects)
    for tgid, effect in effects.items():
        found[tgid] = told_and_touched(effect, found.get(tgid, SAFE))
    ranked = sorted(found.items(), key=lambda item: rank(item[1]))
    yield
    return tuple(Hit(tgid, m.processes.view[tgid].name, kind) for tgid, kind in ranked)


def hits_now(session: Session, operation: Operation) -> dict[int, str]:
    """Process -> what its next touch of the page comes to as the machine is now, of those that could have it still."""
    before = _look_before(session, operation)
    return to_the_end(_next_touches(session.machine, before)) if before is not None else {}


def _next_touches(m: Machine, before: _Before, told: Collection[int] = ()) -> Generator[None, None, dict[int, str]]:
    """What the next touch of each process comes to, of the living and of those who were `told`."""
    found = dict[int, str]()
    for tgid in before.swapped:
        process = m.processes.view.get(tgid)
        if process is not None:
            found[tgid] = _when_swapped_in(m, before.page.pfn, process)
    for number, mapper in enumerate(before.mappers):
        if number % SLICE == 0:
            yield
        process = m.processes.view[mapper.tgid]
        if mapper.tgid in told or (not process.ended and mapper.vma in m.vmas.view):
            kind = _left_with(m, mapper, before, process)
            found[mapper.tgid] = worse(found.get(mapper.tgid, ""), kind)
    return found


def _effects(session: Session, operation: Operation) -> dict[int, str]:
    """What the signals of an operation did to those who were sent them."""
    found = dict[int, str]()
    for signal in operation.outcome.signals:
        tgid = session.world.task_names.view[signal.task]
        found[tgid] = worse(found.get(tgid, ""), _EFFECTS[signal.effect])
    return found


def _of_signals(session: Session, operation: Operation) -> Iterable[Hit]:
    """Who ran into something that was broken before."""
    for tgid, effect in _effects(session, operation).items():
        yield Hit(tgid, session.task_name(tgid), effect)


def _left_with(m: Machine, mapper: Mapper, before: _Before, process: Process) -> str:
    """What its next touch of the page comes to."""
    entry, pfn = m.pte(mapper.mm, mapper.vpn), before.page.pfn
    if entry & ptes.HWPOISON:
        return when_touched(m, process)
    if ptes.maps_frame(entry, pfn):
        return USES
    if entry & ptes.SWAP and not entry & ptes.PRESENT:
        had_it = (mapper.mm, mapper.vpn) in before.mapped or mapper.tgid in before.swapped
        return _when_swapped_in(m, pfn, process) if had_it else SAFE
    return SAFE if entry & ptes.PRESENT else _when_faulted(m, before, process)


def _when_swapped_in(m: Machine, pfn: int, process: Process) -> str:
    still_there = m.page(pfn) & pf.SWAPCACHE and m.page(pfn) & pf.HWPOISON
    return when_touched(m, process) if still_there else SAFE


def _when_faulted(m: Machine, before: _Before, process: Process) -> str:
    """Nothing stands in the page table: the next fault asks the file."""
    page = before.page
    if page.inode is None:
        return SAFE
    cached = find_get_page(m, page.inode.id, page.number)
    if cached is not None and _is_poisoned(m, cached):
        return when_touched(m, process)
    if not m.page(page.pfn) & pf.ERROR:
        return SAFE
    return when_read_again(m, page.inode, page.number)


def _is_poisoned(m: Machine, pfn: int) -> bool:
    """Of a huge page of hugetlb the mark stands on its head."""
    return bool((m.page(m.compound_head(pfn)) if m.page(pfn) & pf.HUGE else m.page(pfn)) & pf.HWPOISON)


class Fact(NamedTuple):
    """A line of what became of it. `tone`: kill, warn, good or plain."""

    text: str
    tone: str = "plain"


def ending_of(loss: Loss) -> list[Fact]:
    """What was lost, and for each way to be hit, who."""
    facts = [Fact(loss.lost, "good" if loss.lost.startswith("Nothing is lost") else "warn")]
    for kind, meaning in MEANINGS.items():
        who = loss.names(kind)
        if who:
            facts.append(Fact(f"{meaning}: {names(who, 12)}.", TONES.get(kind, "warn")))
    return facts
