"""The kernel's own memory: slab, page tables, stacks, buffers, large allocations.

Small allocations share slots of eight frames, by order, as in unmovable pageblocks; large ones are aligned and come
first. Of a large allocation that is not a compound page only the first frame is visibly in use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import U64
from hwpoison_gui.record import Record

from .. import page_flags as pf
from .dice import Dice
from .physical import Span
from .pool import Birth, PagePool

I32 = npt.NDArray[np.int32]

_SLOT: Final = 8
_USED: Final = 1 << 63  # in a flag word: in use without any flag; never leaves this module

_SLAB_HEAD: Final = pf.SLAB | pf.COMPOUND_HEAD
_SLAB_TAIL: Final = pf.SLAB | pf.COMPOUND_TAIL


class Small(Record):
    """`pages` blocks of `order`, with the flag words of the first frame and of the others."""

    pages: int
    order: int
    head: int
    tail: int
    birth: Birth


SMALL: Final = (
    Small(1100, 0, pf.SLAB, 0, Birth(0, 900, 9)),
    Small(640, 0, _USED, 0, Birth(0, 700, 14)),
    Small(150, 0, pf.BUDDY, 0, Birth(100, 900, 3)),
    Small(300, 1, _SLAB_HEAD, _SLAB_TAIL, Birth(0, 800, 3)),
    Small(200, 2, _SLAB_HEAD, _SLAB_TAIL, Birth(0, 900, 5)),
    Small(230, 3, _SLAB_HEAD, _SLAB_TAIL, Birth(0, 1000, 6)),
    Small(190, 2, _USED, 0, Birth(10, 900, 2)),  # kernel stacks
    Small(40, 3, _USED | pf.COMPOUND_HEAD, pf.COMPOUND_TAIL, Birth(40, 900, 4)),  # network buffers
)

# Order, how many, whether compound: hash tables, frame buffer, rings of devices, modules.
LARGE: Final = (
    (9, 1, False),
    (8, 1, False),
    (7, 1, False),
    (6, 3, False),
    (5, 2, True),
    (5, 6, False),
    (4, 4, True),
    (4, 8, False),
)


class KernelMemory(Record):
    """Parallel arrays with one value for each frame of the zones."""

    words: U64
    refcount: I32
    large: tuple[tuple[int, int, bool], ...]

    @property
    def frames(self) -> int:
        return len(self.words) + sum(count << order for order, count, _ in self.large)

    def put(self, zones: list[Span], words: U64, refcount: I32) -> None:
        """Fill the zones: large allocations first, then the slots; the rest stays free."""
        starts = [zone.start for zone in zones]
        for number, (order, compound) in enumerate(_each(self.large)):
            zone = number % 2 if len(zones) > 1 and zones[1].frames >= zones[0].frames // 8 else 0
            if starts[zone] + (1 << order) > zones[zone].end:
                zone = 0
            _put_large(starts[zone], order, compound, words, refcount)
            starts[zone] += 1 << order
        free = [np.arange(start, zone.end) for start, zone in zip(starts, zones, strict=True)]
        pfn = np.concatenate(free)[: len(self.words)]
        words[pfn] = self.words
        refcount[pfn] = self.refcount


def kernel_memory(page_tables: int, pages: Callable[[int], int], dice: Dice) -> KernelMemory:
    """The allocations of a machine. `pages` scales a number of pages to its size; `page_tables` is exact."""
    largest = min(9, pages(64).bit_length() + 3)
    words = np.concatenate([_order0(page_tables, pages, dice), *_blocks(pages)])
    in_slots = words.reshape(-1, _SLOT)
    pool = PagePool(dice)
    at = 0
    for count, birth in _slots(page_tables, pages):
        pool.add(words[at : at + count], birth)
        at += count
    order = np.empty(len(in_slots), np.int64)
    order[pool.stream()] = np.arange(len(in_slots))
    words = in_slots[order].reshape(-1)
    used = np.uint64(_USED | pf.SLAB | pf.PGTABLE)
    refcount = (((words & used) != 0) & ((words & np.uint64(pf.COMPOUND_TAIL)) == 0)).astype(np.int32)
    large = tuple(
        (size, max(1, min(4 * count, pages(count))), joined) for size, count, joined in LARGE if size <= largest
    )
    return KernelMemory(words & np.uint64(_USED - 1), refcount, large)


def _order0(page_tables: int, pages: Callable[[int], int], dice: Dice) -> U64:
    """Single pages of all kinds, mixed, padded with free ones to whole slots."""
    pool = PagePool(dice)
    pool.fill(page_tables, pf.PGTABLE, Birth(0, 900, 6))
    for small in SMALL:
        if small.order == 0:
            pool.fill(pages(small.pages), small.head, small.birth)
    short = -pool.total % _SLOT
    if short:
        pool.fill(short, pf.BUDDY, Birth(990, 10, 4))
    mixed = np.empty(pool.total, np.uint64)
    mixed[pool.stream()] = pool.words()
    return mixed


def _blocks(pages: Callable[[int], int]) -> Iterator[U64]:
    """Blocks of higher orders, each kind padded with free frames to whole slots."""
    for small in SMALL:
        if small.order:
            size = 1 << small.order
            words = np.full((pages(small.pages), size), small.tail, np.uint64)
            words[:, 0] = small.head
            yield np.pad(words.reshape(-1), (0, -words.size % _SLOT), constant_values=pf.BUDDY)


def _slots(page_tables: int, pages: Callable[[int], int]) -> Iterator[tuple[int, Birth]]:
    """The number of slots of each kind, in the order of the words, and when they were allocated."""
    single = page_tables + sum(pages(small.pages) for small in SMALL if small.order == 0)
    yield -(-single // _SLOT), Birth(0, 1000, 10)
    for small in SMALL:
        if small.order:
            yield -(-(pages(small.pages) << small.order) // _SLOT), small.birth


def _each(large: tuple[tuple[int, int, bool], ...]) -> Iterator[tuple[int, bool]]:
    for order, count, compound in large:
        for _ in range(count):
            yield order, compound


def _put_large(pfn: int, order: int, compound: bool, words: U64, refcount: npt.NDArray[np.int32]) -> None:
    end = pfn + (1 << order)
    words[pfn:end] = pf.COMPOUND_TAIL if compound else 0
    if compound:
        words[pfn] = pf.COMPOUND_HEAD
    refcount[pfn:end] = 0
    refcount[pfn] = 1
