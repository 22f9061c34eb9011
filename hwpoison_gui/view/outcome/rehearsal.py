"""The flags with which the handler looks at the state table: those it did look at, or would.

What it would look at comes from the phases that the assessment of all memory runs, for one frame.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final, NamedTuple

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.gate import Cells
from hwpoison_gui.kernel.handler import matching_row
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.session.session import Operation, Session
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome.assessment import frame_without_users, give_users, run
from hwpoison_gui.view.outcome.cases import Cases
from hwpoison_gui.view.outcome.one import Counting

_SAVES: Final = "hwpoison_filter"  # the step that saves a page's flags
_NO_PAGE: Final = "there is no memory at this number"


class Rehearsed(NamedTuple):
    """`word` is what the rows are compared with, None where the handler stops before; `stops` says why.

    `now` are the page's flags of that moment, without those that the handler remembers.
    """

    pfn: int
    word: int | None
    now: int = 0
    stops: str = ""


def rehearse(m: Machine, pfn: int) -> Rehearsed:
    """What the handler would find if the frame broke now."""
    return to_the_end(find_rehearsed(m, pfn))


def find_rehearsed(m: Machine, pfn: int) -> Generator[None, None, Rehearsed]:
    """The same in slices; the machine must stay as it is."""
    if not 0 <= pfn < m.frames:
        return Rehearsed(pfn, None, stops=_NO_PAGE)
    c, page = frame_without_users(m, pfn)
    counting = Counting(m, page)
    yield from counting.work()
    give_users(c, counting.counts)
    run(c)
    if not c.asked[0]:
        return Rehearsed(pfn, None, stops=_stops(c))
    return Rehearsed(pfn, int(c.asked_with[0]), int(c.had[0]))


def _stops(c: Cases) -> str:
    kind, result = c.words[int(c.kind[0])], c.words[int(c.result[0])]
    return f"“{kind}”, {result}" if kind else f"it stops with {result or c.words[int(c.errno[0])]}"


def _word(m: Machine, now: int, lost_lru: bool, saved: int) -> int:
    """The remembered LRU flag counts in 2009; later, where the flags of now say nothing, those saved before."""
    word = now | (pf.LRU if lost_lru else 0)
    if matching_row(m.profile.states, word).mask or lost_lru:
        return word
    return saved | now & pf.DIRTY


def looked_at(session: Session, operation: Operation, pfn: int, number: int) -> Rehearsed:
    """What the handler did find in step `number` of an operation."""
    m = session.machine
    now = flags_then(session, pfn, number)
    was_on_lru = bool(flags_then(session, pfn, operation.first) & pf.LRU)
    lost_lru = was_on_lru and not now & pf.LRU and "isolate_lru_page" in m.profile.phases
    return Rehearsed(pfn, _word(m, now, lost_lru, _saved(session, operation, number)), now)


def _saved(session: Session, operation: Operation, number: int) -> int:
    """The flags as the handler saved them, of the page that it locked; 0 where it saves none."""
    for earlier in range(operation.first, number):
        mark = session.steps[earlier].mark
        if mark.function == _SAVES and mark.frames:
            return flags_then(session, mark.frames[0], earlier)
    return 0


def flags_then(session: Session, pfn: int, position: int) -> int:
    """A frame's flags at an earlier step, from the changes since: the machine is left alone."""
    flags = session.machine.flags
    word = int(flags.view[pfn])
    for step in reversed(session.steps[position : session.position]):
        for store, key, old, _ in reversed(step.changes):
            if store is flags and key == pfn:
                word = old
            elif isinstance(store, Cells) and store.column is flags and pfn in key:
                word = int(np.frombuffer(old, np.uint64)[key == pfn][0])
    return word
