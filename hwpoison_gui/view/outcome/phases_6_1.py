"""The phases that Linux 6.1 has and 2009 had not, over many frames at once; twins of kernel/phases_6_1.py.

Of a hugetlb page the case holds what its first frame says, for the handler looks at that one.
"""

from __future__ import annotations

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.huge_memory import INHERITED
from hwpoison_gui.kernel.hugetlb_pool import available_huge_pages
from hwpoison_gui.kernel.profile.type import FAILED, IGNORED, RECOVERED
from hwpoison_gui.view.outcome import actions as assess_actions
from hwpoison_gui.view.outcome.cases import I64, NO_FILE, U64, Bools, Cases, has
from hwpoison_gui.view.outcome.phases import PHASES, hwpoison_user_mappings, matching_rows

_COMPOUND = pf.COMPOUND_HEAD | pf.COMPOUND_TAIL


def pfn_to_online_page(c: Cases) -> None:
    c.decide(has(c.flags[c.at], pf.NOPAGE), None, None, "ENXIO")


def try_memory_failure_hugetlb(c: Cases) -> None:
    huge = has(c.flags[c.at], pf.HUGE)
    mine, rest = c.at[huge], c.at[~huge]
    if not len(mine):
        return
    c.at = mine
    c.flags[mine] = c.head[mine]
    c.decide(has(c.head[mine], pf.HWPOISON) | c.noted[mine], None, None, "EHWPOISON")
    c.set_flags(c.at, pf.HWPOISON)
    dissolved = RECOVERED if available_huge_pages(c.m) > 0 else FAILED
    c.decide(c.refs[c.at] == 0, "free huge page", dissolved, c.m.profile.errno_of[dissolved])
    c.refs[c.at] += 1
    c.set_flags(c.at, pf.LOCKED)
    c.saved[c.at] = c.flags[c.at]
    hwpoison_user_mappings(c)
    identify_saved_state(c)
    c.at = rest


def set_page_hwpoison(c: Cases) -> None:
    c.decide(has(c.flags[c.at], pf.HWPOISON), None, None, "EHWPOISON")
    c.set_flags(c.at, pf.HWPOISON)


def take_reference(c: Cases) -> None:
    free = _free(c)
    c.decide(~(has(c.head[c.at], pf.LRU) | free), "unknown page", IGNORED, "EBUSY")
    for of_buddy, result in ((True, RECOVERED), (False, FAILED)):
        unused = (c.refs[c.at] == 0) & (_free(c) == of_buddy)
        c.decide(unused, "free buddy page", result, c.m.profile.errno_of[result])
    c.refs[c.at] += 1


def _free(c: Cases) -> Bools:
    """Frames of free blocks; those of the per-CPU lists are, once these are drained."""
    found: Bools = has(c.flags[c.at], pf.BUDDY) | c.on_pcp[c.at]
    return found


def split_transparent_huge_page(c: Cases) -> None:
    at = c.at
    huge = has(c.flags[at], pf.THP) & has(c.flags[at], _COMPOUND)
    c.decide(huge & ~c.splits[at], "unsplit thp", IGNORED, "EBUSY")
    _split(c, at[huge & c.splits[at]])


def _split(c: Cases, at: I64) -> None:
    """What the page of 4 KiB is like when it stands alone.

    A poisoned anonymous page does not get its small entries back, and their owners are not looked for. Pages of
    files lose all entries.
    """
    user, anon = c.user, c.anon[at]
    c.was_split[at] = True
    kept = np.where(anon, user["huge_found"][at], 0)
    c.late[at] += np.where(anon, user["holders"][at] - user["huge_holders"][at], 0)
    c.maps[at] -= user["found"][at] - kept
    word = c.flags[at] & np.uint64(~(_COMPOUND | pf.HUGE | pf.THP) & (1 << 64) - 1)
    c.flags[at] = word | c.head[at] & np.uint64(INHERITED)
    entries = at[anon & (user["huge_found"][at] > 0)]
    c.flags[entries] |= c.head[entries] & np.uint64(c.m.profile.exclusive)
    c.set_flags(at[user["dirty"][at] > 0], pf.DIRTY)
    c.clear_flags(at[c.maps[at] == 0], pf.MMAP | pf.MLOCKED)
    c.refs[at] = c.maps[at] + (c.fs[at] != NO_FILE) + 1
    user["found"][at], user["dirty"][at] = kept, np.where(anon, user["huge_dirty"][at], 0)
    for name, of_huge in (("holders", "huge_holders"), ("holders_listed", "huge_listed"), ("holders_die", "huge_die")):
        user[name][at] = np.where(anon, user[of_huge][at], 0)
    user["listed"][at] = np.where(anon, user["huge_listed"][at], user["listed"][at])
    user["listed_die"][at] = np.where(anon, user["huge_die"][at], user["listed_die"][at])


def shake_page(c: Cases) -> None:
    pass


def lock_and_filter(c: Cases) -> None:
    c.saved[c.at] = c.flags[c.at]
    c.set_flags(c.at, pf.LOCKED)
    stray = ~has(c.flags[c.at], pf.LRU | pf.WRITEBACK)
    mine, rest = c.at[stray], c.at[~stray]
    c.at = mine
    identify_saved_state(c)
    c.at = rest


def check_torn_down(c: Cases) -> None:
    flags = c.flags[c.at]
    cut = has(flags, pf.LRU) & ~has(flags, pf.SWAPCACHE) & ~c.mapped_to[c.at]
    c.decide(cut, "already truncated LRU page", IGNORED, "EBUSY")


def identify_saved_state(c: Cases) -> None:
    at, states = c.at, c.m.profile.states
    own = _own_flags(c, at)
    by_saved = np.array([not row.mask for row in states])[matching_rows(states, own)]
    words = np.where(by_saved, c.saved[at] | own & np.uint64(pf.DIRTY), own)
    c.ask_with(at, words, own)
    assess_actions.act_on(c, at, matching_rows(states, words))
    c.at = at[:0]


def _own_flags(c: Cases, at: I64) -> U64:
    """What the bad page says of itself; inside of a huge page of hugetlb only the head has changed."""
    inside = has(c.before[at], pf.HUGE) & has(c.before[at], pf.COMPOUND_TAIL)
    unmapped = np.where(c.maps[at] == 0, np.uint64(~pf.MMAP & (1 << 64) - 1), ~np.uint64(0))
    own: U64 = np.where(inside, c.before[at] & unmapped, c.flags[at])
    return own


PHASES.update(
    (phase.__name__, phase)
    for phase in (
        pfn_to_online_page,
        try_memory_failure_hugetlb,
        set_page_hwpoison,
        take_reference,
        split_transparent_huge_page,
        shake_page,
        lock_and_filter,
        check_torn_down,
        identify_saved_state,
    )
)
