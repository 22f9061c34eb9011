"""The layout of physical memory: firmware, kernel image, the array of struct page, and pageblocks for the rest.

Small allocations of the kernel keep to pageblocks of their own, as migrate types make them; everything else
follows the order in which blocks were allocated.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import U64
from hwpoison_gui.record import Record

from .. import page_flags as pf
from .dice import I64, Dice

I32 = npt.NDArray[np.int32]

LEAST_FRAMES: Final = 4096
BLOCK: Final = 1024  # frames of the largest free block

_LOW_MEMORY: Final = 0x100
_EBDA: Final = 0x9F


class NoRoomError(Exception):
    """The pages leave no free blocks of every order."""


class Span(Record):
    """Frames from `start` to `end` (exclusive)."""

    start: int
    end: int

    @property
    def frames(self) -> int:
        return self.end - self.start


class PhysicalMap(Record):
    """`hole`: no memory; `kernel`: the image; `mem_map`: struct pages; above `top` there are only ACPI tables."""

    frames: int
    hole: Span
    kernel: Span
    mem_map: Span
    top: int

    @property
    def pageblock(self) -> int:
        return max(64, min(512, 1 << (self.frames // 128).bit_length() - 1))

    @property
    def zero_page(self) -> int:
        return self.kernel.end - 9

    def usable(self) -> list[Span]:
        """The frames given to the allocator at boot."""
        dma = Span(_LOW_MEMORY, self.hole.start)
        return [Span(1, _EBDA), dma, Span(self.mem_map.end, self.top)]


def physical_map(frames: int) -> PhysicalMap:
    """The layout for a size. From 256 MiB on the kernel is at 16 MiB, above the hole for old ISA cards."""
    start = max(512, min(4096, frames // 16))
    kernel = Span(start, start + min(frames // 24, 8192) // 16 * 16)
    mem_map = Span(kernel.end, kernel.end + -(-frames // 64))
    acpi = min(38, frames // 1724) if frames >= 4 * LEAST_FRAMES else 0
    return PhysicalMap(frames, Span(start - start // 16, start), kernel, mem_map, frames - acpi)


def at_boot(physical: PhysicalMap) -> tuple[U64, I32]:
    """Flag words and reference counts at boot, with all usable memory free."""
    words = np.full(physical.frames, pf.BUDDY, np.uint64)
    refcount = np.zeros(physical.frames, np.int32)
    at = 0
    for span in (*physical.usable(), Span(physical.frames, physical.frames)):
        words[at : span.start] = pf.RESERVED
        refcount[at : span.start] = 1
        at = span.end
    words[physical.hole.start : physical.hole.end] = pf.NOPAGE
    refcount[physical.hole.start : physical.hole.end] = 0
    words[physical.zero_page] = pf.RESERVED | pf.ZERO_PAGE
    return words, refcount


def unmovable_zones(physical: PhysicalMap, pages: int, dice: Dice) -> list[Span]:
    """Pageblocks for `pages` pages of the kernel: most allocated at boot, the rest later and scattered."""
    size = physical.pageblock
    wanted = -(-pages // size)
    first = -(-physical.mem_map.end // size)
    early = wanted if wanted < 8 else wanted * 5 // 8
    zones = [Span(first * size, (first + early) * size)]
    at, left = first + early, wanted - early
    # Only in the first half: the end of memory stays contiguous.
    room = (physical.top // size - at) // 2 - left
    lots = min(5, max(1, left // 2))
    for lot in range(lots if left else 0):
        count = left // (lots - lot)
        at += room // lots // 2 + dice.one(max(1, room // lots), f"zone {lot}") // 2 + 1
        zones.append(Span(at * size, (at + count) * size))
        at, left = at + count, left - count
    return zones


def allocation_order(physical: PhysicalMap, zones: list[Span], used: int, dice: Dice) -> list[Span]:
    """Movable memory in the order of allocation: upward with some disorder, low memory late."""
    spans = [part for span in physical.usable() for part in _cut(span, zones)]
    above = physical.mem_map.end
    total = sum(span.frames for span in spans)
    late = above + (physical.top - above) * used // max(1, total) * 3 // 5
    where = np.array([span.start if span.start >= above else late for span in spans], np.int64)
    jitter = dice.below(3 * BLOCK, "order", np.arange(len(spans)))
    # The last blocks stay in place: a large free block must remain behind the last one in use.
    jitter[where + 5 * BLOCK > physical.top] = 0
    return [spans[at] for at in np.argsort(where + jitter, kind="stable").tolist()]


def _cut(span: Span, zones: list[Span]) -> list[Span]:
    """The span without the zones, cut into blocks."""
    edges = {span.start, span.end, *range(-(-span.start // BLOCK) * BLOCK, span.end, BLOCK)}
    for zone in zones:
        edges.update(edge for edge in zone if span.start < edge < span.end)
    cuts = sorted(edges)
    parts = [Span(start, end) for start, end in pairwise(cuts)]
    return [part for part in parts if not any(zone.start <= part.start < zone.end for zone in zones)]


def frames_of(spans: list[Span], count: int) -> I64:
    """The first `count` frames of the spans."""
    sizes = np.array([span.frames for span in spans], np.int64)
    ends = np.cumsum(sizes)
    number = int(np.searchsorted(ends, count)) + 1
    starts = np.array([span.start for span in spans[:number]], np.int64)
    sizes, ends = sizes[:number], ends[:number]
    every: I64 = np.repeat(starts - (ends - sizes), sizes) + np.arange(int(ends[-1]))
    return every[:count]


def frontier(spans: list[Span], least: int) -> int:
    """The number of pages to allocate, at least `least`, so that free blocks of every order remain.

    It ends one page into a block: 1, 2, 4 … 512 naturally aligned free pages follow, and then a whole block.
    """
    taken = 0
    whole = [span.frames == BLOCK for span in spans]
    for at, span in enumerate(spans):
        if whole[at] and taken + 1 >= least and any(whole[at + 1 :]):
            return taken + 1
        taken += span.frames
    raise NoRoomError
