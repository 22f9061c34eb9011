"""Actions of the state table that are new or different in 6.12.

After the me_*() functions of mm/memory-failure.c. Changes since 6.1: PG_error is gone, and a page of unknown state is
ignored.
"""

from __future__ import annotations

from typing import Final

from .actions_6_1 import me_pagecache_clean, record_write_back_error, unlock
from .handler import Handler
from .mark import Act, Mark, Steps, site
from .profile.type import IGNORED
from .profile.variants import Effect, action

UNKNOWN: Final = site("me_unknown", Act.DECIDE, IGNORED)


@action("6.12", Effect.GIVES_UP)
def me_unknown(h: Handler) -> Steps[str]:
    """No row matches, which should not happen: ignored."""
    h.log(h.m.profile.log.unknown_state)
    yield Mark(UNKNOWN, (), (h.pfn,))
    yield unlock(h, h.pfn)
    return IGNORED


@action("6.12", Effect.DROPS_DIRTY)
def me_pagecache_dirty(h: Handler) -> Steps[str]:
    """Contents are lost: record a write-back error, so that fsync fails, and drop the page, which has no PG_error."""
    yield record_write_back_error(h)
    return (yield from me_pagecache_clean(h))
