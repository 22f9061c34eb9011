"""Booting: the columns of frames, compound pages, and the free lists.

Reference counts are not exported. Derived: one for each mapping, one for the page cache or the swap
cache, one for private data of a file page, one for whatever else is in use. Where they were recorded
(-1 says not), a count above the derived one is believed: somebody else holds the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from . import page_flags as pf
from .gate import Column
from .image import U64, MemoryImage
from .machine import MAPPING_ANON, MAPPING_KSM, Machine
from .records import MAX_ORDER

if TYPE_CHECKING:
    from .boot_anon import AnonFamilies
    from .boot_entries import Entries

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SWAP_TYPE_SHIFT = 58
_NOT_IN_USE = np.uint64(pf.BUDDY | pf.NOPAGE | pf.COMPOUND_TAIL)


@dataclass(frozen=True, slots=True)
class Compounds:
    """`head`: the head of each frame's compound page, the frame itself where there is none. `order`: by head."""

    head: I64
    order: dict[int, int]


def compounds_of(words: U64) -> Compounds:
    """Compound pages: a head and the tails behind it."""
    frames = np.arange(len(words))
    tail = (words & np.uint64(pf.COMPOUND_TAIL)) != 0
    if not tail.any():
        return Compounds(frames, {})
    last = np.maximum.accumulate(np.where(tail, 0, frames))
    # A tail without a head: the frame was freed or taken while the words were read.
    tail &= (words[last] & np.uint64(pf.COMPOUND_HEAD)) != 0
    head = np.where(tail, last, frames)
    heads, count = np.unique(head[tail], return_counts=True)
    order = np.log2(count + 1).astype(np.int64)
    return Compounds(head, dict(zip(heads.tolist(), order.tolist(), strict=True)))


def free_blocks(free: Bools) -> list[list[int]]:
    """Heads of free blocks by order: the largest aligned blocks that lie in the free frames."""
    span = 1 << MAX_ORDER
    left = np.zeros((len(free) + span - 1) & -span, bool)
    left[: len(free)] = free
    found: list[list[int]] = []
    for order in range(MAX_ORDER, -1, -1):
        blocks = left.reshape(-1, 1 << order)
        whole = blocks.all(axis=1)
        found.append((np.nonzero(whole)[0] << order).tolist())
        blocks[whole] = False
    return found[::-1]


def load_frames(m: Machine, image: MemoryImage, entries: Entries, families: AnonFamilies, compounds: Compounds) -> None:
    """Flags, mapcount, mapping and index of anonymous pages, the swap cache, reference counts."""
    words = image.kpageflags
    everything = slice(None)
    m.flags.load(everything, words)
    counted = entries.counted
    mapcount = np.bincount(entries.value[counted], minlength=len(words))
    m.mapcount.load(everything, mapcount)
    m.compound_order.load(compounds.order)
    tails = np.nonzero(compounds.head != np.arange(len(words)))[0]
    m.mapping.load(tails, compounds.head[tails])
    _load_anon(m, words, families, compounds)
    _load_swap(m, image, entries, compounds)
    m.refcount.load(everything, _refcounts(image, mapcount, compounds, m.mapping))


def _load_anon(m: Machine, words: U64, families: AnonFamilies, compounds: Compounds) -> None:
    anon = (words & np.uint64(pf.ANON)) != 0
    pfn = np.nonzero(anon & (compounds.head == np.arange(len(words))))[0]
    kind = np.where((words[pfn] & np.uint64(pf.KSM)) != 0, MAPPING_KSM, MAPPING_ANON)
    m.mapping.load(pfn, families.of_frame[pfn] << 2 | kind)
    m.index.load(pfn, families.index[pfn])


def _load_swap(m: Machine, image: MemoryImage, entries: Entries, compounds: Compounds) -> None:
    """Users of swap entries, and the entries of swap-cache pages: recorded, else made up above all others."""
    offsets, users = np.unique(entries.value[entries.swapped], return_counts=True)
    m.swap_map.load(dict(zip(offsets.tolist(), users.tolist(), strict=True)))
    cached = (image.kpageflags & np.uint64(pf.SWAPCACHE)) != 0
    pfns = np.nonzero(cached & (compounds.head == np.arange(len(cached))))[0].tolist()
    following = int(offsets[-1]) + 1 if len(offsets) else 1
    known: dict[int, int] = {}
    if image.hidden.private is not None:
        for pfn in pfns:
            word = int(image.hidden.private[pfn])
            offset = (word & (1 << 50) - 1) | word >> SWAP_TYPE_SHIFT << 50
            if offset:
                known.setdefault(offset, pfn)
        following = max(following, max(known, default=0) + 1)
    has_entry = set(known.values())
    unknown = [pfn for pfn in pfns if pfn not in has_entry]
    known.update(zip(range(following, following + len(unknown)), unknown, strict=True))
    m.swap_cache.load(known)
    m.page_private.load({pfn: offset for offset, pfn in known.items()})


def _refcounts(image: MemoryImage, mapcount: I64, compounds: Compounds, mapping: Column) -> I64:
    words = image.kpageflags
    frames = np.arange(len(words))
    count = mapcount.copy()
    tails = np.nonzero(compounds.head != frames)[0]
    np.add.at(count, compounds.head[tails], count[tails])
    count[tails] = 0

    def has(mask: int) -> Bools:
        return np.asarray((words & np.uint64(mask)) != 0)

    of_file = (mapping.view != 0) & ((mapping.view & 3) == 0) & ~has(pf.COMPOUND_TAIL)
    count += of_file
    count += has(pf.PRIVATE) & of_file
    count += has(pf.SWAPCACHE) & ~has(pf.COMPOUND_TAIL)
    in_use = (words & _NOT_IN_USE) == 0
    in_use &= ~has(pf.HUGE) | (count > 0)  # else it waits in the pool of free huge pages
    count[in_use & (count == 0)] = 1
    if image.hidden.refcount is not None:
        recorded = image.hidden.refcount
        # Recorded without references: on its way to or from the free lists, or inside a large allocation.
        idle = in_use & (recorded == 0) & (mapcount == 0) & ~has(pf.LRU)
        count = np.where(idle, 0, np.maximum(count, recorded))
    count[~in_use] = 0
    return count
