"""Phases of memory_failure() that are different in 9.9, which is made up."""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from . import phases_6_12
from .handler import Handler, Verdict, action_result, leave, matching_row, take_action
from .mark import Act, Mark, Steps, site
from .profile.variants import phase

DRAINED: Final = site("lru_add_drain_all", Act.DECIDE, "twice", name="drained twice")


@phase("9.9")
def set_page_hwpoison(h: Handler) -> Steps[Verdict]:
    """A page that is poisoned already gets a result line."""
    if h.m.page(h.pfn) & pf.HWPOISON:
        return (yield from leave(h, "already poisoned"))
    return (yield from phases_6_12.set_page_hwpoison(h))


@phase("9.9")
def shake_page(h: Handler) -> Steps[Verdict]:
    """Drain the per-CPU LRU caches twice."""
    yield Mark(DRAINED, (), (h.pfn,))
    return None


@phase("9.9")
def identify_page_state(h: Handler) -> Steps[Verdict]:
    """Only the flags saved before unmapping are matched with the state table."""
    h.page_flags |= h.m.page(h.pfn)
    row = matching_row(h.m.profile.results.states, h.page_flags)
    h.kind = row.kind
    result = yield from take_action(h, row, h.page_flags, saved=True)
    yield action_result(h, row.kind, result)
    return h.m.profile.results.errno_of[result]
