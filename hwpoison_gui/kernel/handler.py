"""State and helpers that the phases of memory_failure() share.

After mm/memory-failure.c. action_result() is the only function that reports an outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from . import page_flags as pf
from .collect import ToKill
from .machine import Machine
from .mark import Act, Mark, Site, Steps, site
from .profile.type import StateRow
from .records import ActionResult

# Flags of a call of the handler (enum mf_flags, include/linux/mm.h).
MF_COUNT_INCREASED: Final = 1 << 0
MF_ACTION_REQUIRED: Final = 1 << 1
MF_MUST_KILL: Final = 1 << 2
MF_SOFT_OFFLINE: Final = 1 << 3
MF_SW_SIMULATED: Final = 1 << 5

Verdict = int | str | None

RESULT: Final = site("action_result", Act.RESULT, args="kind result")
EXITS: Final = {
    by: site("action_result", Act.RESULT, args="kind result", name=by)
    for by in (
        "no page",
        "already poisoned",
        "poisoned huge page",
        "free",
        "high-order kernel",
        "not on LRU",
        "truncated",
        "unhandlable",
        "unsplit thp",
        "unmap failed",
    )
}
ROW: Final = site("identify_page_state", Act.DECIDE, args="row saved flags own_flags")
UNLOCKED: Final = site("unlock_page", Act.FLAG)


@dataclass(eq=False, repr=False)  # generating these methods delays start-up
class Handler:
    """The local variables of memory_failure().

    Attributes
    ----------
    pfn : int
        The frame in which the error is.
    page : int
        The frame that the page tables name: the head of a hugetlb page, else `pfn`.
    prefix : str
        Start of each log line.
    trapno : int
        Trap number; in the panic line of 2.6.32.
    extra : int
        References held by the injector.
    flags : int
        MF_ bits.
    current : int
        Thread that runs the handler, or 0.
    kind : str
        Kind of the matching row of the state table.
    lru_flag, page_flags : int
        PG_lru, and the whole flag word, from before the handler changed them.
    to_kill : sequence of ToKill
        Threads to signal.
    unmapped : bool
        Whether unmapping succeeded.
    """

    m: Machine
    pfn: int
    page: int = field(init=False)
    prefix: str = field(init=False)
    trapno: int = 18
    extra: int = 0
    flags: int = 0
    current: int = 0
    kind: str = ""
    lru_flag: int = 0
    page_flags: int = 0
    to_kill: Sequence[ToKill] = ()
    unmapped: bool = True

    def __post_init__(self) -> None:
        self.page = self.pfn
        self.prefix = self.m.profile.log.prefix.format(pfn=self.pfn)

    def log(self, text: str, fatal: bool = False) -> None:
        self.m.printk(self.prefix + text, self.pfn, fatal)


def frames_of(m: Machine, pfn: int) -> tuple[int, ...]:
    """The frame as objects of a mark; empty if there is no such frame."""
    return (pfn,) if 0 <= pfn < m.frames else ()


def action_result(h: Handler, kind: str, result: str, where: Site = RESULT, counted: bool = True) -> Mark:
    """action_result(): log and record the result of the handler.

    `where` is the site of the call; `counted`: whether HardwareCorrupted and the counts of the node grow by it.
    """
    m, pfn = h.m, h.pfn
    dirty = 0 <= pfn < m.frames and bool(m.page(pfn) & pf.DIRTY)
    if counted and m.profile.has("count_at_action_result"):
        m.add_to(m.counters, "num_poisoned_pages", 1)
    if counted and m.profile.has("memory_failure_stats"):
        for name in ("total", result.lower()):
            m.add_to(m.counters, f"mf_stats:{name}", 1)
    h.log(m.profile.log.result.format(dirty="dirty " if dirty else "", kind=kind, result=result))
    m.put(m.results, len(m.results.view), ActionResult(pfn, kind, result, dirty))
    m.add_to(m.counters, f"result:{result}", 1)
    return Mark(where, (kind, result), frames_of(m, pfn))


def found_poisoned(m: Machine) -> None:
    """Record that the page was poisoned before this error, which the result alone does not show."""
    m.add_to(m.counters, "already_poisoned", 1)


def leave(h: Handler, by: str) -> Steps[Verdict]:
    """Report one of the exits of the profile and return its errno. Raises KeyError for an exit without a site."""
    exit_ = h.m.profile.results.exits[by]
    yield action_result(h, exit_.kind, exit_.result, EXITS[by], exit_.counted)
    return exit_.errno


def matching_row(states: tuple[StateRow, ...], flags: int) -> StateRow:
    """The first row of a state table that matches a flag word."""
    return next(row for row in states if flags & row.mask == row.res)


def take_action(h: Handler, row: StateRow, flags: int, saved: bool = False) -> Steps[str]:
    """Run the action of the row that matches; the only way to run one, as views find the row by the mark.

    Parameters
    ----------
    h
        The handler.
    row
        The matching row.
    flags
        The flag word that matches it.
    saved
        Whether `flags` were saved before unmapping.

    Returns
    -------
    The result: IGNORED, FAILED, DELAYED or RECOVERED.
    """
    yield Mark(ROW, (row, saved, flags, h.m.page(h.pfn)), (h.pfn,))
    return (yield from h.m.profile.results.actions[row.action](h))


def unlock_page(h: Handler) -> Mark:
    """Unlock the page at the end of the handler, whose reference stays: the frame is never allocated again."""
    h.m.clear_flags(h.pfn, pf.LOCKED)
    return Mark(UNLOCKED, (), (h.pfn,))
