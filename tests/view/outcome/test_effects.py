"""What the effect of an action says, from which losses are told, is what the action does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.filemap import ZERO, can, content_of, disk_content
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import FAILED
from hwpoison_gui.kernel.profile.variants import Effect
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, Inode
from hwpoison_gui.kernel.rmap import page_index
from hwpoison_gui.session.dry_run import dry_run
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome.matched_row import effect_of, matched_in_run
from hwpoison_gui.view.outcome.prediction import predict
from tests.view.outcome.states import with_huge_pages

# Whether the effect came about, by the inode before, and the flag word and the inode's id (0: none) after it.
_HOLDS: Final[dict[Effect, Callable[[Machine, Inode | None, int, int], bool]]] = {
    Effect.DROPS: lambda m, inode, after, left: left == _kept(m, inode),
    Effect.DROPS_DIRTY: lambda m, inode, after, left: left == _kept(m, inode) and _has_error(m, inode),
    Effect.KEEPS_IN_SWAP_CACHE: lambda m, inode, after, left: bool(after & pf.SWAPCACHE and not after & pf.DIRTY),
    Effect.DROPS_FROM_SWAP_CACHE: lambda m, inode, after, left: not after & pf.SWAPCACHE,
    Effect.LEAVES: lambda m, inode, after, left: left == _id(inode),
    Effect.LEAVES_FREE: lambda m, inode, after, left: left == _id(inode),
    Effect.HUGE: lambda m, inode, after, left: left == _id(inode) and (inode is not None or not after & pf.HUGE),
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
                left = _id(m.inode_of(m.compound_head(pfn)))
                assert _HOLDS[effect](m, inode, m.page(pfn), left), (pfn, effect, ran.result)
    assert len(seen) >= 3
    assert (Effect.HUGE in seen) is PROFILES[profile].runs("try_memory_failure_hugetlb")


def _copy_left(m: Machine, inode: Inode | None, index: int, slot: int | None) -> str:
    """The content that whoever reads the page next finds: on disk, in swap, or the zeros of new memory.

    A broken page has none, even where the handler could not take it away.
    """
    if inode is not None:
        return disk_content(m, inode, index) if can(inode, "writeback") else ZERO
    return m.swap_content.view.get(slot, ZERO) if slot is not None else ZERO


@pytest.mark.parametrize("profile", PROFILES)
def test_content_is_said_to_be_lost_where_no_other_copy_of_it_is_left(profile: str) -> None:
    """Asked of content, page cache, disk and swap as the handler leaves them, not of what the action declares."""
    seen = Counter[bool]()
    for seed in range(3):
        m = with_huge_pages(profile, np.random.default_rng(seed)).machine
        used = np.flatnonzero(m.refcount.view > 0)
        for pfn in np.random.default_rng(2).permutation(used)[:300].tolist():
            head = m.compound_head(pfn)
            inode, index = m.inode_of(head), page_index(m, pfn)
            whole = range(head, head + HPAGE_PMD_NR) if m.page(pfn) & pf.HUGE else range(pfn, pfn + 1)
            had = [content_of(m, frame) for frame in whole]
            slot = m.page_private.view.get(pfn) if m.page(pfn) & pf.SWAPCACHE else None
            ahead = predict(m, pfn)
            if ahead.matched.row is None:
                continue
            with dry_run(m, pfn):
                left = [_copy_left(m, inode, index + frame - pfn, slot) for frame in whole]
            effect = effect_of(m.profile, ahead.matched.row)
            if effect in (Effect.LEAVES, Effect.LEAVES_FREE, Effect.GIVES_UP):
                assert not ahead.lost
                continue
            assert ahead.lost or had == left, (hex(pfn), effect, ahead)
            # Nobody looks at content: of a dirty page that nothing was written to, zeros are lost.
            assert not ahead.lost or had != left or set(had) == {ZERO}, (hex(pfn), effect, ahead)
            seen[ahead.lost] += 1
    assert seen[True] > 100 and seen[False] > 10
