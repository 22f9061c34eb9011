"""The actions of the 6.1 state table over many frames at once; twins of kernel/actions_6_1.py."""

from __future__ import annotations

import numpy as np

from hwpoison_gui.kernel import actions_6_1 as actions
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.hugetlb_pool import available_huge_pages
from hwpoison_gui.kernel.profile.type import DELAYED, FAILED, IGNORED, RECOVERED
from hwpoison_gui.view.outcome.actions import ACTIONS, can_invalidate, settle, stays_in_swap_cache
from hwpoison_gui.view.outcome.cases import I64, NO_FILE, Bools, Cases, by_fs, has


def me_kernel(c: Cases, at: I64) -> None:
    settle(c, at, IGNORED)


def me_unknown(c: Cases, at: I64) -> None:
    settle(c, at, FAILED)


def delete_from_lru_cache(c: Cases, at: I64) -> Bools:
    """Which of them were on an LRU list."""
    isolated = has(c.flags[at], pf.LRU)
    c.clear_flags(at[isolated], pf.LRU | pf.ACTIVE | pf.UNEVICTABLE)
    return isolated


def has_extra_refcount(c: Cases, at: I64, expected: I64 | int) -> Bools:
    found: Bools = c.refs[at] - 1 - expected > 0
    return found


def me_pagecache_clean(c: Cases, at: I64) -> None:
    delete_from_lru_cache(c, at)
    settle(c, at, FAILED)
    settle(c, at, RECOVERED, c.anon[at])
    c.lost[at] |= c.anon[at]
    files = at[~c.anon[at] & (c.fs[at] != NO_FILE)]
    done = truncate_error_page(c, files)
    how = c.m.profile.error_remove_page
    kept = by_fs(c.fs[files], lambda name: how.get(name) == "shmem_error_remove_page").astype(np.int64)
    settle(c, files, RECOVERED, done & ~has_extra_refcount(c, files, kept))


def truncate_error_page(c: Cases, at: I64) -> Bools:
    """Which pages their files drop, or keep marked."""
    how = c.m.profile.error_remove_page
    cut = by_fs(c.fs[at], lambda name: how.get(name) == "generic_error_remove_page" and name != "directory")
    keeps = by_fs(c.fs[at], lambda name: how.get(name) not in (None, "generic_error_remove_page"))
    gone = cut | by_fs(c.fs[at], lambda name: name not in how) & can_invalidate(c, at, extra=1)
    c.dropped[at] = gone
    c.refs[at[gone]] -= 1 + has(c.flags[at[gone]], pf.PRIVATE)
    done: Bools = gone | keeps
    return done


def me_swapcache_dirty(c: Cases, at: I64) -> None:
    isolated = delete_from_lru_cache(c, at)
    settle(c, at, FAILED)
    settle(c, at, DELAYED, isolated & ~has_extra_refcount(c, at, isolated.astype(np.int64)))
    stays_in_swap_cache(c, at)


def me_swapcache_clean(c: Cases, at: I64) -> None:
    c.refs[at] -= 1
    c.dropped[at] = True
    isolated = delete_from_lru_cache(c, at)
    settle(c, at, FAILED)
    settle(c, at, RECOVERED, isolated & ~has_extra_refcount(c, at, 0))


def me_huge_page(c: Cases, at: I64) -> None:
    settle(c, at, FAILED)
    c.lost[at] = has(c.flags[at], pf.DIRTY) | c.anon[at]
    files, others = at[c.fs[at] != NO_FILE], at[c.fs[at] == NO_FILE]
    settle(c, files, RECOVERED, truncate_error_page(c, files) & ~has_extra_refcount(c, files, 1))
    # Its last reference gone it is a free huge page, one more than there were, and is dissolved.
    freed = (c.refs[others] == 1) & (available_huge_pages(c.m) + 1 > 0)
    settle(c, others, RECOVERED, freed)


ACTIONS.update(
    {
        actions.me_kernel: me_kernel,
        actions.me_unknown: me_unknown,
        actions.me_pagecache_clean: me_pagecache_clean,
        actions.me_pagecache_dirty: me_pagecache_clean,
        actions.me_swapcache_dirty: me_swapcache_dirty,
        actions.me_swapcache_clean: me_swapcache_clean,
        actions.me_huge_page: me_huge_page,
    }
)
