"""Kinds of frames: the rules in order, and the recorded memory of real machines."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.view.base import kinds


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        ("", kinds.KERNEL),
        ("BUDDY", kinds.FREE),
        ("BUDDY HWPOISON", kinds.POISON),
        ("NOPAGE", kinds.HOLE),
        ("NOPAGE HWPOISON", kinds.POISON),
        ("RESERVED", kinds.RESERVED),
        ("RESERVED MMAP REFERENCED", kinds.RESERVED),
        ("ZERO_PAGE RESERVED", kinds.RESERVED),
        ("OFFLINE", kinds.RESERVED),
        ("SLAB COMPOUND_HEAD", kinds.SLAB),
        ("PGTABLE", kinds.PGTABLE),
        ("COMPOUND_TAIL", kinds.KERNEL),
        ("COMPOUND_TAIL HUGE", kinds.HUGE),
        ("MMAP ANON COMPOUND_TAIL THP", kinds.HUGE),
        ("UPTODATE LRU MMAP ANON SWAPBACKED", kinds.ANON),
        ("UPTODATE MMAP ANON SWAPBACKED KSM", kinds.ANON),
        ("UPTODATE LRU ANON SWAPCACHE SWAPBACKED", kinds.SWAP_CACHE),
        ("UPTODATE LRU SWAPCACHE SWAPBACKED RECLAIM", kinds.SWAP_CACHE),
        ("UPTODATE DIRTY LRU SWAPBACKED", kinds.SHMEM),
        ("UPTODATE LRU MMAP MAPPEDTODISK", kinds.FILE),
        ("UPTODATE PRIVATE", kinds.FILE),
        ("ACTIVE PRIVATE", kinds.FILE),
    ],
)
def test_rules(names: str, kind: int) -> None:
    assert kinds.kind_of(sum(getattr(pf, name) for name in names.split())) == kind


def test_poison_outranks_every_kind() -> None:
    assert max(kind.id for kind in kinds.KINDS) == kinds.POISON
    assert all(kinds.kind_of(1 << flag.bit | pf.HWPOISON) == kinds.POISON for flag in pf.FLAGS)


def test_kinds_are_numbered_by_their_place() -> None:
    assert [kind.id for kind in kinds.KINDS] == list(range(len(kinds.KINDS)))
    assert len({kind.key for kind in kinds.KINDS}) == len(kinds.KINDS)
    assert kinds.OUTSIDE == 0


def test_signs() -> None:
    word = pf.DIRTY | pf.MMAP | pf.LRU
    assert kinds.signs_of(word) == kinds.DIRTY | kinds.MAPPED
    assert kinds.signs_of(0) == 0
    assert kinds.signs_of(pf.LOCKED | pf.WRITEBACK | pf.MLOCKED) == (kinds.LOCKED | kinds.WRITEBACK | kinds.MLOCKED)
