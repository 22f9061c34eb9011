"""Actions of the state table that are new or different in 6.12.

After the me_*() functions of mm/memory-failure.c. Change since 6.1: a page of unknown state is ignored.
"""

from __future__ import annotations

from typing import Final

from .actions_6_1 import unlock
from .handler import Handler
from .mark import Act, Mark, Steps, site
from .profile.type import IGNORED
from .profile.variants import Effect, action

UNKNOWN: Final = site("me_unknown", Act.DECIDE, IGNORED)


@action("6.12", Effect.GIVES_UP)
def me_unknown(h: Handler) -> Steps[str]:
    """Unlock the page where no row matches, which should not happen. Returns IGNORED (MF_IGNORED)."""
    h.log(h.m.profile.log.unknown_state)
    yield Mark(UNKNOWN, (), (h.pfn,))
    yield unlock(h, h.pfn)
    return IGNORED
