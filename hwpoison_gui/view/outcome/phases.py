"""The phases of memory_failure() over many frames at once, by the names under which a profile lists them.

Each is the array twin of the phase of the same name in kernel/phases.py and kernel/user_mappings.py; the state
table, the constants and the predicates are the profile's own.
"""

from __future__ import annotations

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.filemap import FILESYSTEMS
from hwpoison_gui.kernel.profile.type import IGNORED, StateRow
from hwpoison_gui.view.outcome import actions as assess_actions
from hwpoison_gui.view.outcome.cases import HWPOISON, I64, NOTHING, SWAP, U64, Cases, by_fs, by_word, has
from hwpoison_gui.view.outcome.classes import PANIC


def check_recovery(c: Cases) -> None:
    off = not c.m.sysctl.view["memory_failure_recovery"]
    c.decide(np.full(len(c.at), off), None, PANIC, "EPANIC")


def check_pfn_valid(c: Cases) -> None:
    c.decide(has(c.flags[c.at], pf.NOPAGE), "memory outside kernel control", IGNORED, "EIO")


def test_set_page_hwpoison(c: Cases) -> None:
    c.decide(has(c.flags[c.at], pf.HWPOISON), "already hardware poisoned", IGNORED, 0)
    c.set_flags(c.at, pf.HWPOISON)


def get_page_unless_zero(c: Cases) -> None:
    free = c.refs[c.at] == 0
    head = c.free_head[c.at]
    c.decide(free & head, "free or high order kernel", IGNORED, 0)
    c.decide(free[~(free & head)], "free or high order kernel", IGNORED, "EBUSY")
    c.refs[c.at] += 1


def isolate_lru_page(c: Cases) -> None:
    c.decide(~has(c.flags[c.at], pf.LRU), "non LRU", IGNORED, "EBUSY")
    c.clear_flags(c.at, pf.LRU)
    c.lost_lru[c.at] = True


def lock_page(c: Cases) -> None:
    c.set_flags(c.at, pf.LOCKED)


def wait_on_page_writeback(c: Cases) -> None:
    c.clear_flags(c.at, pf.WRITEBACK)


def hwpoison_user_mappings(c: Cases) -> None:
    profile = c.m.profile
    mapped = (c.maps[c.at] > 0) & by_word(c.flags[c.at], profile.has_users)
    stuck = c.m.profile.unmap_failed_kind
    merged = mapped & has(c.flags[c.at], pf.KSM)
    at = c.at[mapped & ~merged]
    if stuck:  # the handler of 2009 goes on with merged pages, which stay mapped
        c.decide(merged, stuck, IGNORED, "EBUSY")
    _choose_entries(c, at)
    listed = at if profile.has("collect_procs_of_clean") else at[c.entry_for[at] != NOTHING]
    _unmap(c, at)
    _kill(c, listed)
    if stuck:
        c.decide(~c.unmapped[c.at], stuck, IGNORED, "EBUSY")


def _choose_entries(c: Cases, at: I64) -> None:
    """What takes the place of the entries that map a page: a swap entry, a hwpoison entry, or nothing."""
    swap = has(c.flags[at], pf.SWAPCACHE)
    can_write = by_fs(c.fs[at], lambda name: "writeback" in FILESYSTEMS[name])
    reread = ~swap & can_write & ~has(c.flags[at], pf.DIRTY)
    written = reread & (c.user["written"][at] > 0)
    c.set_flags(at[written], pf.DIRTY)
    c.entry_for[at] = HWPOISON
    c.entry_for[at[swap]] = SWAP
    c.entry_for[at[reread & ~written]] = NOTHING


def _unmap(c: Cases, at: I64) -> None:
    profile, found = c.m.profile, c.user["found"][at]
    c.set_flags(at[c.user["dirty"][at] > 0], pf.DIRTY)
    c.refs[at] -= found
    c.maps[at] -= found
    c.cut[at], c.unmapped[at] = True, c.maps[at] == 0
    c.clear_flags(at[(c.entry_for[at] == SWAP) & (found > 0)], profile.exclusive)
    poisoned = at[c.entry_for[at] == HWPOISON]
    c.late[poisoned] += c.user["holders"][poisoned]
    bare = at[c.unmapped[at] & (found > 0)]
    if profile.has("unmap_clears_mlocked"):
        c.clear_flags(bare[has(c.flags[bare], pf.MLOCKED)], pf.UNEVICTABLE | pf.MLOCKED)
    c.clear_flags(bare, pf.MMAP)


def _kill(c: Cases, listed: I64) -> None:
    """Who is told now, and who dies of it and so meets no poisoned entry any more."""
    must_kill, user = c.m.profile.must_kill, c.user
    flags, unmapped = c.flags[listed], c.unmapped[listed]
    kill = np.where(
        unmapped,
        by_word(flags, lambda word: must_kill(word, True)),
        by_word(flags, lambda word: must_kill(word, False)),
    )
    told = listed[kill]
    force = ~c.unmapped[told]
    c.signalled[told] = user["listed"][told]
    c.dead[told] = np.where(force, user["listed"][told], user["listed_die"][told])
    gone = np.where(force, user["holders_listed"][told], user["holders_die"][told])
    left = c.entry_for[told] == HWPOISON
    c.late[told[left]] -= gone[left]


def check_truncated(c: Cases) -> None:
    at = c.at
    cut = c.lost_lru[at] & ~has(c.flags[at], pf.SWAPCACHE) & ~c.mapped_to[at]
    c.decide(cut, "already truncated LRU", IGNORED, 0)


def identify_page_state(c: Cases) -> None:
    at = c.at
    words = c.flags[at] | np.where(c.lost_lru[at], np.uint64(pf.LRU), np.uint64(0))
    c.ask_with(at, words, c.flags[at])
    assess_actions.act_on(c, at, matching_rows(c.m.profile.states, words))
    c.at = at[:0]


def matching_rows(states: tuple[StateRow, ...], flags: U64) -> I64:
    """The number of the first row of a state table that fits each page's flags (handler.matching_row())."""
    rows = np.full(len(flags), len(states) - 1, np.int64)
    for number in range(len(states) - 1, -1, -1):
        rows[(flags & np.uint64(states[number].mask)) == np.uint64(states[number].res)] = number
    return rows


PHASES = {
    phase.__name__: phase
    for phase in (
        check_recovery,
        check_pfn_valid,
        test_set_page_hwpoison,
        get_page_unless_zero,
        isolate_lru_page,
        lock_page,
        wait_on_page_writeback,
        hwpoison_user_mappings,
        check_truncated,
        identify_page_state,
    )
}

# Phases that ask about a compound page as a whole: its frames are no group then, but cases of their own.
LOOKS_AT_COMPOUNDS = frozenset({"try_memory_failure_hugetlb", "split_transparent_huge_page"})
