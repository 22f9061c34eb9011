"""The actions of the state tables over many frames at once: Ignored, Failed, Delayed or Recovered.

Each is the array twin of an action of the handler, looked up by the action that the profile names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from hwpoison_gui.kernel import actions
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.filemap import FILESYSTEMS
from hwpoison_gui.kernel.profile.type import DELAYED, FAILED, IGNORED, RECOVERED
from hwpoison_gui.view.outcome.cases import I64, NO_FILE, Bools, Cases, by_fs, has


def act_on(c: Cases, at: I64, rows: I64) -> None:
    """Take the action of each case's row and write down what comes of it; no case of `at` is open afterwards."""
    profile = c.m.profile
    for number in np.unique(rows).tolist():
        row = profile.states[number]
        mine = at[rows == number]
        c.kind[mine] = c.word(row.kind)
        c.lost[mine] = row.action in LOSES
        ACTIONS[profile.actions[row.action]](c, mine)
    for result, errno in profile.errno_of.items():
        c.errno[at[c.result[at] == c.word(result)]] = c.word(errno)


# Rows whose action means that the newest content is gone.
LOSES: Final = frozenset({"me_pagecache_dirty", "me_swapcache_dirty"})


def settle(c: Cases, at: I64, result: str, which: Bools | None = None) -> None:
    c.result[at if which is None else at[which]] = c.word(result)


def me_kernel_ignore(c: Cases, at: I64) -> None:
    settle(c, at, IGNORED)


def me_kernel(c: Cases, at: I64) -> None:
    settle(c, at, DELAYED)


def me_huge_page(c: Cases, at: I64) -> None:
    settle(c, at, FAILED)


def me_pagecache_clean(c: Cases, at: I64) -> None:
    settle(c, at, FAILED)
    owned = has(c.flags[at], pf.ANON) | c.anon[at]
    c.lost[at] |= owned
    settle(c, at, RECOVERED, owned)
    drops = by_fs(c.fs[at], lambda name: {"drops", "regular"} <= FILESYSTEMS[name])
    refuses = by_fs(c.fs[at], lambda name: "drops" in FILESYSTEMS[name])
    invalid = ~refuses & (c.fs[at] != NO_FILE) & can_invalidate(c, at, extra=1)
    c.dropped[at] = ~owned & (drops | invalid)
    settle(c, at, RECOVERED, c.dropped[at])


def can_invalidate(c: Cases, at: I64, extra: int) -> Bools:
    """invalidate_inode_page(): clean, unmapped, and nobody but the page cache and `extra` callers refer to it."""
    private = has(c.flags[at], pf.PRIVATE)
    alone = c.refs[at] == 1 + private + extra
    found: Bools = ~has(c.flags[at], pf.DIRTY | pf.WRITEBACK) & (c.maps[at] == 0) & alone
    return found


def me_swapcache_dirty(c: Cases, at: I64) -> None:
    settle(c, at, DELAYED)
    stays_in_swap_cache(c, at)


def stays_in_swap_cache(c: Cases, at: I64) -> None:
    """Whoever has a swap entry for it is told when it is swapped in."""
    c.late[at] += c.user["swap_holders"][at]
    told = at[c.signalled[at] > 0]
    gone = np.where(c.unmapped[told], c.user["holders_die"][told], c.user["holders_listed"][told])
    c.late[told] -= gone


def me_swapcache_clean(c: Cases, at: I64) -> None:
    settle(c, at, RECOVERED)
    c.dropped[at] = True


ACTIONS: Final[dict[Callable[..., object], Callable[[Cases, I64], None]]] = {
    actions.me_kernel_ignore: me_kernel_ignore,
    actions.me_kernel: me_kernel,
    actions.me_free: me_kernel,
    actions.me_huge_page: me_huge_page,
    actions.me_unknown: me_huge_page,
    actions.me_pagecache_clean: me_pagecache_clean,
    actions.me_pagecache_dirty: me_pagecache_clean,
    actions.me_swapcache_dirty: me_swapcache_dirty,
    actions.me_swapcache_clean: me_swapcache_clean,
}
