"""Actions of the state table that are different in 9.9, which is made up."""

from __future__ import annotations

from . import actions_6_1
from .handler import Handler
from .mark import Steps
from .profile.variants import Effect, action


@action("9.9", Effect.DROPS_DIRTY)
def me_folio_dirty(h: Handler) -> Steps[str]:
    """Contents are lost: as before, under a new name."""
    return (yield from actions_6_1.me_pagecache_dirty(h))
