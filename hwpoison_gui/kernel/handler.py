"""What the phases of memory_failure() share: the handler's variables, its log, its one report.

After mm/memory-failure.c. `action_result` is the only place that says what became of a page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from . import page_flags as pf
from .collect import ToKill
from .machine import Machine
from .mark import Act, Mark, Site, Steps, site
from .profile.type import StateRow
from .records import ActionResult

# Why the handler was called (enum mf_flags, include/linux/mm.h).
MF_COUNT_INCREASED: Final = 1 << 0
MF_ACTION_REQUIRED: Final = 1 << 1
MF_SOFT_OFFLINE: Final = 1 << 3
MF_SW_SIMULATED: Final = 1 << 5

Verdict = int | str | None

RESULT: Final = site("action_result", Act.RESULT, args="kind result")
EXITS: Final = {
    by: site("action_result", Act.RESULT, args="kind result", name=by)
    for by in (
        "no page",
        "already poisoned",
        "free",
        "high-order kernel",
        "not on LRU",
        "truncated",
        "unhandlable",
        "unsplit thp",
        "unmap failed",
    )
}
UNLOCKED: Final = site("unlock_page", Act.FLAG)


@dataclass(slots=True)
class Handler:
    """The handler's local variables.

    `page` is the one that the page tables name: the head of a page of hugetlb, else the frame itself.
    `prefix` begins each line that it logs.
    `extra` references are the injector's; `flags` are MF_ bits; `current` is the thread that runs, or 0.
    `kind` is that of the state row that fits. `lru_flag` and `page_flags` are what the page had before
    the handler changed it.
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
    to_kill: list[ToKill] = field(default_factory=list)
    unmapped: bool = True

    def __post_init__(self) -> None:
        self.page = self.pfn
        self.prefix = self.m.profile.log.prefix.format(pfn=self.pfn)

    def log(self, text: str) -> None:
        self.m.printk(self.prefix + text)


def frames_of(m: Machine, pfn: int) -> tuple[int, ...]:
    """The frame as a mark's objects, none when there is no such frame."""
    return (pfn,) if 0 <= pfn < m.frames else ()


def action_result(h: Handler, kind: str, result: str, where: Site = RESULT) -> Mark:
    """action_result(): the one place that reports what became of a page. `where`: the site of the call."""
    m, pfn = h.m, h.pfn
    dirty = 0 <= pfn < m.frames and bool(m.page(pfn) & pf.DIRTY)
    if m.profile.has("count_at_action_result"):
        m.add_to(m.counters, "num_poisoned_pages", 1)
    h.log(m.profile.log.result.format(dirty="dirty " if dirty else "", kind=kind, result=result))
    m.put(m.results, len(m.results.view), ActionResult(pfn, kind, result, dirty))
    m.add_to(m.counters, f"result:{result}", 1)
    return Mark(where, (kind, result), frames_of(m, pfn))


def found_poisoned(m: Machine) -> None:
    """Note that the frame was poisoned before this report of it: the result alone does not tell."""
    m.add_to(m.counters, "already_poisoned", 1)


def leave(h: Handler, by: str) -> Steps[Verdict]:
    """Report one of the profile's exits, by its name, and return its errno."""
    exit_ = h.m.profile.results.exits[by]
    yield action_result(h, exit_.kind, exit_.result, EXITS[by])
    return exit_.errno


def matching_row(states: tuple[StateRow, ...], flags: int) -> StateRow:
    """The first row of a state table that fits a page's flags."""
    return next(row for row in states if flags & row.mask == row.res)


def unlock_page(h: Handler) -> Mark:
    """The last thing the handler does; its reference stays, so that the frame is never free again."""
    h.m.clear_flags(h.pfn, pf.LOCKED)
    return Mark(UNLOCKED, (), (h.pfn,))
