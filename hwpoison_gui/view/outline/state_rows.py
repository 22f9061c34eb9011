"""The state table as the handler matches it: the bits of each row against the flags of the page.

A fact once an operation has reached the table; before that, and for a frame that is only selected, a prediction.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.handler import matching_row
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.type import Profile, StateRow
from hwpoison_gui.kernel.profile.variants import Effect
from hwpoison_gui.record import Record
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.peek import at_in_slices
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.moment import moment_of
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome.matched_row import Matched, matched_by, step_of_table
from hwpoison_gui.view.outcome.prediction import find_predicted, find_prediction
from hwpoison_gui.view.outline.reachable import unreachable
from hwpoison_gui.view.words.lookup import behaviour_of

FITS: Final = "fits"  # the first match
TRIED: Final = "tried"  # compared before the match, does not fit
SPARED: Final = "spared"  # after the first match: not compared
OPEN: Final = "open"  # no page is selected

# What an action does with a page in a few words; what follows depends on whose page it is, and on the kernel.
_DOES: Final = {
    Effect.LEAVES: "leave it",
    Effect.LEAVES_FREE: "leave it free",
    Effect.HUGE: "the huge page",
    Effect.DROPS: "drop it",
    Effect.DROPS_DIRTY: "note EIO, drop it",
    Effect.KEEPS_IN_SWAP_CACHE: "keep it, unwritten",
    Effect.DROPS_FROM_SWAP_CACHE: "drop it",
    Effect.GIVES_UP: "give up",
}
# Anonymous pages are in no page cache.
_DOES_ANON: Final = _DOES | {Effect.DROPS: "no more to do", Effect.DROPS_DIRTY: "no more to do"}
_DOES_ANON_ERROR: Final = _DOES_ANON | {Effect.DROPS_DIRTY: "mark ERROR"}
# Shared memory of a kernel whose tmpfs keeps poisoned pages, and any page of it before one is selected.
_DOES_KEPT: Final = _DOES | {Effect.DROPS: "keep it, poisoned", Effect.DROPS_DIRTY: "note EIO, keep it"}
_DOES_EITHER: Final = _DOES | {Effect.DROPS: "drop or keep it", Effect.DROPS_DIRTY: "note EIO, drop or keep it"}

AT_REST: Final = "The first row that fits decides. Select a frame to try it."


class Bit(Record):
    """A flag that a row asks for. `has` is None while there is no page."""

    name: str
    wanted: bool
    has: bool | None

    @property
    def fits(self) -> bool:
        return self.has is None or self.has == self.wanted


class TableRow(Record):
    """`does`: what its action does with the page that is shown, in a few words; `means`: what it does, in a sentence.

    `why`: why the row does not match; `never`: why no page ever reaches it. Both may be empty.
    """

    number: int
    bits: tuple[Bit, ...]
    kind: str
    action: str
    does: str
    means: str
    state: str
    why: str
    never: str


class StateTable(Record):
    """`flags`: those of the page when it is matched; `remembered`: those of them that were saved earlier.

    `fact`: an operation has matched it; else it is a prediction. `caption` names the frame, `short` in few words.
    """

    rows: tuple[TableRow, ...]
    flags: tuple[str, ...] = ()
    remembered: tuple[str, ...] = ()
    pfn: int = -1
    fact: bool = False
    caption: str = ""
    step: int = -1  # the step that looked, as a position of the timeline; -1 for a preview


def rows_of(profile: Profile, word: int | None) -> tuple[TableRow, ...]:
    """The rows of the table against a flag word, or None without a page."""
    states = profile.results.states
    never = unreachable(profile)
    first = None if word is None else states.index(matching_row(states, word))
    does = _does(profile, word)
    actions = [profile.results.actions[row.action] for row in states]
    return tuple(
        _row(number, row, word, first, does[action.effect], behaviour_of(action), never.get(number, ""))
        for number, (row, action) in enumerate(zip(states, actions, strict=True))
    )


def _does(profile: Profile, word: int | None) -> dict[Effect, str]:
    """Return what each action does with a page of this flag word, or with any page where it is None."""
    keeps = profile.files.keeps_poison("tmpfs")
    if word is None:
        return _DOES_EITHER if keeps else _DOES
    if word & pf.ANON:
        return _DOES_ANON_ERROR if profile.has("page_error_flag") else _DOES_ANON
    return _DOES_KEPT if keeps and word & pf.SWAPBACKED else _DOES


def _row(
    number: int, row: StateRow, word: int | None, first: int | None, does: str, means: str, never: str
) -> TableRow:
    bits = tuple(_bit(name, row, word) for name in pf.names_of(row.mask))
    state = OPEN if first is None else FITS if number == first else TRIED if number < first else SPARED
    wrong = [bit for bit in bits if not bit.fits] if state == TRIED else []
    said = {has: ", ".join(bit.name for bit in wrong if bool(bit.has) == has) for has in (True, False)}
    why = "; ".join(f"{said[has]} {is_so}" for has, is_so in ((True, "set"), (False, "clear")) if said[has])
    return TableRow(number, bits, row.kind, row.action, does, means, state, why, never)


def _bit(name: str, row: StateRow, word: int | None) -> Bit:
    flag = 1 << pf.BY_NAME[name].bit
    return Bit(name, bool(row.res & flag), None if word is None else bool(word & flag))


# What the frame of an operation looked like to the handler before it.
_MATCHED: Final = Question[Matched]("flags that the state table is compared with", 4)


def table_for(session: Session, selected: int) -> StateTable:
    """The table of the frame of the present operation, else of the selected frame."""
    return to_the_end(find_table(session, selected))


def find_table(session: Session, selected: int) -> Generator[None, None, StateTable]:
    """`table_for` in slices; the machine must not change meanwhile."""
    moment = moment_of(session)
    profile = session.machine.profile
    operation = moment.operation
    if operation is not None and operation.outcome.pfn is not None:
        pfn = operation.outcome.pfn
        if selected in (pfn, -1) or not moment.at_end:
            return (yield from _of_operation(session, operation, pfn))
    if 0 <= selected < session.machine.frames:
        ahead = yield from find_predicted(session, selected)
        return _table(profile, ahead.matched, "if it broke now")
    return StateTable(rows_of(profile, None), caption=AT_REST)


def _of_operation(session: Session, operation: Operation, pfn: int) -> Generator[None, None, StateTable]:
    profile = session.machine.profile
    number = step_of_table(session, operation)
    if number is not None and session.position > number:
        looked = matched_by(session.steps.marks[number], pfn)
        return _table(profile, looked, "when the handler looked", number + 1)
    found = yield from _matched_before(session, operation, pfn)
    return _table(profile, found, "when the handler will look")


def _matched_before(session: Session, operation: Operation, pfn: int) -> Generator[None, None, Matched]:
    known = session.recall.known(_MATCHED, operation)
    if known is not None:
        return known[0]
    found = yield from at_in_slices(session, operation.first, lambda: _find_matched(session.machine, pfn))
    return session.recall.keep(_MATCHED, found, operation)


def _find_matched(m: Machine, pfn: int) -> Generator[None, None, Matched]:
    """The flags that the handler would match if an error hit the frame now."""
    if not 0 <= pfn < m.frames:
        return Matched(pfn, None, stops="there is no memory at this number")
    return (yield from find_prediction(m, pfn)).matched


def _table(profile: Profile, found: Matched, when: str, step: int = -1) -> StateTable:
    if found.word is None:
        caption = f"{found.pfn:#x} does not reach the state table: {found.stops}."
        return StateTable(rows_of(profile, None), pfn=found.pfn, caption=caption)
    return StateTable(
        rows_of(profile, found.word),
        pf.names_of(found.word),
        pf.names_of(found.word & ~found.own),
        found.pfn,
        step >= 0,
        f"{found.pfn:#x}, its flags {when}",
        step,
    )
