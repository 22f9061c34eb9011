"""The flag word that the handler compares with the rows of the state table: in an operation, or in a dry run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from hwpoison_gui.kernel import memory_failure_hugetlb as hugetlb
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import phases_6_1
from hwpoison_gui.kernel.gate import Cells, Change
from hwpoison_gui.kernel.handler import matching_row
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.session.dry_run import Ran
from hwpoison_gui.session.session import Operation, Session
from hwpoison_gui.session.timeline import RecordedSteps
from hwpoison_gui.view.outcome.matched_row import find_table_step

_SAVES: Final = (phases_6_1.LOCKED, phases_6_1.LOCK_WAITED, hugetlb.LOCKED)  # steps that save a page's flags
_NO_PAGE: Final = "there is no memory at this number"


class Matched(NamedTuple):
    """`word` is what the rows are compared with, None where the handler stops before; `stops` says why.

    `now`: the flag word of the page itself at that step, without flags that the handler remembers.
    """

    pfn: int
    word: int | None
    now: int = 0
    stops: str = ""


NO_PAGE: Final = Matched(-1, None, stops=_NO_PAGE)


def matched_in_run(m: Machine, pfn: int, ran: Ran) -> Matched:
    """How the handler asks the state table in a dry run, inside of which the machine still is."""
    number = find_table_step(ran.steps.marks)
    if number is not None:
        return _matched(_Operation(m, ran.steps, 0, len(ran.steps)), pfn, number)
    result = ran.result
    if result is not None:
        return Matched(pfn, None, stops=f"“{result.kind}”, {result.result}")
    return Matched(pfn, None, stops=f"it stops with {ran.errno}")


def matched_in_operation(session: Session, operation: Operation, pfn: int, number: int) -> Matched:
    """How the handler asked it in step `number` of an operation that the timeline is in or behind."""
    return _matched(_Operation(session.machine, session.steps, operation.first, session.position), pfn, number)


class _Operation(NamedTuple):
    """A run of the handler: it began before step `first` of `steps`; the machine is as before step `now`."""

    m: Machine
    steps: RecordedSteps
    first: int
    now: int

    def flags_at(self, pfn: int, number: int) -> int:
        """A frame's flag word before step `number`, from the changes since; nothing is walked for it."""
        return flags_before(self.m, pfn, self.steps.between(number, self.now))


def _matched(run: _Operation, pfn: int, number: int) -> Matched:
    """Of step `number`, in which the handler finds the row."""
    now = run.flags_at(pfn, number)
    was_on_lru = bool(run.flags_at(pfn, run.first) & pf.LRU)
    lost_lru = was_on_lru and not now & pf.LRU and run.m.profile.runs("isolate_lru_page")
    return Matched(pfn, _word(run.m, now, lost_lru, _saved(run, number)), now)


def _word(m: Machine, now: int, lost_lru: bool, saved: int) -> int:
    """The remembered LRU flag counts in 2009; later, where the flags of now fit no row, those saved before."""
    word = now | (pf.LRU if lost_lru else 0)
    if matching_row(m.profile.results.states, word).mask or lost_lru:
        return word
    return saved | now & pf.DIRTY


def _saved(run: _Operation, number: int) -> int:
    """The flags as the handler saved them, of the page that it locked; 0 where it saves none."""
    for earlier in range(run.first, number):
        mark = run.steps.marks[earlier]
        if mark.site in _SAVES:
            return run.flags_at(mark.frames[0], earlier)
    return 0


def flags_before(m: Machine, pfn: int, changes: Sequence[Change]) -> int:
    """A frame's flag word before `changes`, oldest first, that led to the machine as it is now."""
    flags, word = m.flags, m.page(pfn)
    for store, key, old, _ in reversed(changes):
        if store is flags and key == pfn:
            word = old
        elif type(store) is Cells and store.column is flags and pfn in key:
            word = int(np.frombuffer(old, np.uint64)[key == pfn][0])
    return word
