"""Boots a bare machine: the kernel's own frames, the rest free, no process.

The layout is fixed, so that the same size and seed give the same frame numbers.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import page_flags as pf
from ..machine import Machine
from ..page_alloc import PCP_BATCH, alloc_page, free_page
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
    free_range(m, at + (seed % 16), frames)
    _give_away(m, at, at + (seed % 16))
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


def _give_away(m: Machine, first: int, last: int) -> None:
    """Mark the frames that the seed skips as the kernel's."""
    m.refcount.load(slice(first, last), 1)


def free_range(m: Machine, first: int, last: int) -> None:
    """Free the frames from `first` to `last` (exclusive) in the largest aligned blocks that fit; only while booting."""
    m.flags.load(slice(first, last), np.uint64(pf.BUDDY))
    blocks: dict[int, list[int]] = {order: [] for order in range(MAX_ORDER + 1)}
    top = 1 << MAX_ORDER
    while first < last:
        if first % top == 0 and last - first >= top:
            count = (last - first) // top
            blocks[MAX_ORDER].extend(range(first, first + count * top, top))
            first += count * top
            continue
        order = min(
            MAX_ORDER, (last - first).bit_length() - 1, (first & -first).bit_length() - 1 if first else MAX_ORDER
        )
        blocks[order].append(first)
        first += 1 << order
    for order, heads in blocks.items():
        m.free_area.load(order, (*m.free_area.of(order), *heads))


def _fill_pcp(m: Machine) -> None:
    """Put a batch of free frames on the per-CPU list, as on any machine that has run."""
    taken = [pfn for pfn in (alloc_page(m) for _ in range(PCP_BATCH // 2)) if pfn is not None]
    for pfn in taken:
        free_page(m, pfn)
