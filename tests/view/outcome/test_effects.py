"""What the effect of an action says, from which losses are told, is what the action does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import FAILED
from hwpoison_gui.kernel.profile.variants import Effect
from hwpoison_gui.kernel.records import Inode
from hwpoison_gui.session.dry_run import dry_run
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome.matched_row import effect_of, matched_in_run
from tests.view.outcome.states import with_huge_pages

# Whether the effect came about, by the inode before, and the flag word and the inode's id (0: none) after it.
_HOLDS: Final[dict[Effect, Callable[[Machine, Inode | None, int, int], bool]]] = {
    Effect.DROPS: lambda m, inode, after, left: left == _kept(m, inode),
    Effect.DROPS_DIRTY: lambda m, inode, after, left: left == _kept(m, inode) and _has_error(m, inode),
    Effect.KEEPS_IN_SWAP_CACHE: lambda m, inode, after, left: bool(after & pf.SWAPCACHE and not after & pf.DIRTY),
    Effect.DROPS_FROM_SWAP_CACHE: lambda m, inode, after, left: not after & pf.SWAPCACHE,
    Effect.LEAVES: lambda m, inode, after, left: left == _id(inode),
    Effect.LEAVES_FREE: lambda m, inode, after, left: left == _id(inode),
    Effect.GIVES_UP: lambda m, inode, after, left: left == _id(inode),
}


def _id(inode: Inode | None) -> int:
    return inode.id if inode is not None else 0


def _kept(m: Machine, inode: Inode | None) -> int:
    """shmem_error_remove_page() leaves a poisoned page in the page cache, since 5.16."""
    return _id(inode) if inode is not None and m.profile.files.keeps_poison(inode.filesystem) else 0


def _has_error(m: Machine, inode: Inode | None) -> bool:
    return inode is None or bool(m.inodes.view[inode.id].wb_err)


@pytest.mark.parametrize("profile", PROFILES)
def test_an_effect_comes_about_in_every_dry_run(profile: str) -> None:
    seen = Counter[Effect]()
    machines = [with_huge_pages(profile, np.random.default_rng(seed)).machine for seed in range(3)]
    for m in [*machines, Session.fresh(1 << 13, 1, "desktop", profile=profile).machine]:
        used = np.flatnonzero(m.refcount.view > 0)
        for pfn in np.random.default_rng(1).permutation(used)[:400].tolist():
            inode = m.inode_of(m.compound_head(pfn))
            with dry_run(m, pfn) as ran:
                row = matched_in_run(pfn, ran).row
                effect = effect_of(m.profile, row)
                if effect is None or ran.result is None or ran.result.result == FAILED:
                    continue
                seen[effect] += 1
                holds = _HOLDS.get(effect)
                left = _id(m.inode_of(m.compound_head(pfn)))
                assert holds is None or holds(m, inode, m.page(pfn), left), (pfn, effect, ran.result)
    assert len(seen) >= 3
