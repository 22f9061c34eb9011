"""Boots a bare machine: the kernel's own frames, the rest free, no process.

The layout is fixed, so that the same size and seed give the same frame numbers.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import page_flags as pf
from ..machine import Machine
from ..page_alloc import alloc_page, free_page
from ..profile.type import Profile
from ..records import MAX_ORDER

# The kernel's own frames in order of pfn: kind, share of the machine in 1/1024, least count, flags, refcount.
_LAYOUT: Final = (
    ("reserved", 4, 8, pf.RESERVED, 1),
    ("kernel-text", 8, 8, pf.RESERVED, 1),
    ("hole", 1, 4, pf.RESERVED, 1),
    ("zero", 0, 1, pf.RESERVED | pf.ZERO_PAGE, 1),
    ("pgtable", 1, 4, pf.PGTABLE, 1),
    ("kernel", 4, 8, 0, 1),
    ("slab-order0", 6, 8, pf.SLAB, 1),
)
_SLAB_ORDER: Final = 2
_HIGH_ORDER: Final = 2


def fresh_machine(frames: int, profile: Profile, seed: int = 0) -> Machine:
    """A machine of `frames` frames, booted and recording.

    Parameters
    ----------
    seed
        Moves the start of free memory by up to 15 frames.

    Raises
    ------
    ValueError
        For fewer than 256 frames.
    """
    m = Machine(frames, profile)
    special: dict[str, tuple[int, ...]] = {}
    at = 0
    for kind, share, least, flags, refcount in _LAYOUT:
        count = max(least, min(1024, frames * share // 1024)) if share else least
        span = slice(at, at + count)
        m.flags.load(span, np.uint64(flags))
        m.refcount.load(span, refcount)
        special[kind] = tuple(range(at, at + count))
        at += count
    at = _compound_slabs(m, at, max(2, min(64, frames // 1024)), special)
    at = _high_order(m, at, max(2, min(64, frames // 2048)), special)
    m.special.load(special)
    first = at + seed % 16
    m.refcount.load(slice(at, first), 1)  # the frames that the seed skips are the kernel's
    _free_from(m, first)
    _fill_pcp(m)
    m.gate.record()
    return m


def _compound_slabs(m: Machine, at: int, count: int, special: dict[str, tuple[int, ...]]) -> int:
    size = 1 << _SLAB_ORDER
    at = (at + size - 1) & -size
    heads = range(at, at + count * size, size)
    for head in heads:
        m.flags.load(head, pf.SLAB | pf.COMPOUND_HEAD)
        m.refcount.load(head, 1)
        m.flags.load(slice(head + 1, head + size), np.uint64(pf.SLAB | pf.COMPOUND_TAIL))
        m.mapping.load(slice(head + 1, head + size), head)
    m.compound_order.load(dict.fromkeys(heads, _SLAB_ORDER))
    special["slab"] = tuple(heads)
    special["slab-tail"] = tuple(head + 1 for head in heads)
    return at + count * size


def _high_order(m: Machine, at: int, count: int, special: dict[str, tuple[int, ...]]) -> int:
    size = 1 << _HIGH_ORDER
    heads = range(at, at + count * size, size)
    m.refcount.load(slice(at, at + count * size, size), 1)
    special["high-order"] = tuple(heads)
    special["high-order-tail"] = tuple(head + 1 for head in heads)
    return at + count * size


def _free_from(m: Machine, first: int) -> None:
    """Free all frames from `first` on, which is not 0, in the largest aligned blocks that fit."""
    m.flags.load(slice(first, m.frames), np.uint64(pf.BUDDY))
    blocks: list[list[int]] = [[] for _ in range(MAX_ORDER + 1)]
    while first < m.frames:
        order = min(MAX_ORDER, (m.frames - first).bit_length() - 1, (first & -first).bit_length() - 1)
        blocks[order].append(first)
        first += 1 << order
    for order, heads in enumerate(blocks):
        m.free_area.load(order, heads)


def _fill_pcp(m: Machine) -> None:
    """Put a batch of free frames on the per-CPU list, as on any machine that has run."""
    pfn = alloc_page(m)
    assert pfn is not None, "the kernel's own frames leave more than half of the smallest machine"
    free_page(m, pfn)
