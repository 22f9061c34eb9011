"""Where what lies in physical memory: firmware, kernel image, the array of struct page, zones for the rest.

The kernel's own small allocations keep to pageblocks of their own (as migrate types make them);
everything else follows the order in which blocks were taken.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import page_flags as pf
from ..image import U64
from .dice import I64, Dice

I32 = npt.NDArray[np.int32]

LEAST_FRAMES: Final = 4096
BLOCK: Final = 1024  # the largest free block

_LOW_MEMORY: Final = 0x100
_EBDA: Final = 0x9F


class NoRoomError(Exception):
    """So many pages leave no free blocks of every size."""


class Span(NamedTuple):
    """Frames from `start` up to `end`, exclusive."""

    start: int
    end: int

    @property
    def frames(self) -> int:
        return self.end - self.start


class PhysicalMap(NamedTuple):
    """`hole`: no memory; `kernel`: the image; `mem_map`: struct pages; `top`: behind it only ACPI tables."""

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
        """What the allocator was given at boot."""
        dma = Span(_LOW_MEMORY, self.hole.start)
        return [Span(1, _EBDA), dma, Span(self.mem_map.end, self.top)]


def physical_map(frames: int) -> PhysicalMap:
    """The machine of that size. From 256 MiB on the kernel lies at 16 MiB, behind the hole of old ISA cards."""
    start = max(512, min(4096, frames // 16))
    kernel = Span(start, start + min(frames // 24, 8192) // 16 * 16)
    mem_map = Span(kernel.end, kernel.end + -(-frames // 64))
    acpi = min(38, frames // 1724) if frames >= 4 * LEAST_FRAMES else 0
    return PhysicalMap(frames, Span(start - start // 16, start), kernel, mem_map, frames - acpi)


def at_boot(physical: PhysicalMap) -> tuple[U64, I32]:
    """Flag words and reference counts before anything is allocated: all usable memory is free."""
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
    """Whole pageblocks for `pages` of the kernel's pages: most from boot, the rest taken later, here and there."""
    size = physical.pageblock
    wanted = -(-pages // size)
    first = -(-physical.mem_map.end // size)
    early = wanted if wanted < 8 else wanted * 5 // 8
    zones = [Span(first * size, (first + early) * size)]
    at, left = first + early, wanted - early
    # Within the first half: the end of memory stays whole.
    room = (physical.top // size - at) // 2 - left
    lots = min(5, max(1, left // 2))
    for lot in range(lots if left else 0):
        count = left // (lots - lot)
        at += room // lots // 2 + dice.one(max(1, room // lots), f"zone {lot}") // 2 + 1
        zones.append(Span(at * size, (at + count) * size))
        at, left = at + count, left - count
    return zones


def allocation_order(physical: PhysicalMap, zones: list[Span], used: int, dice: Dice) -> list[Span]:
    """Movable memory in the order in which it is taken: upward with a little disorder, low memory late."""
    spans = [part for span in physical.usable() for part in _cut(span, zones)]
    above = physical.mem_map.end
    total = sum(span.frames for span in spans)
    late = above + (physical.top - above) * used // max(1, total) * 3 // 5
    where = np.array([span.start if span.start >= above else late for span in spans], np.int64)
    jitter = dice.below(3 * BLOCK, "order", np.arange(len(spans)))
    # The last blocks stay where they are: a large free block must remain behind the last one in use.
    jitter[where + 5 * BLOCK > physical.top] = 0
    return [spans[at] for at in np.argsort(where + jitter, kind="stable").tolist()]


def _cut(span: Span, zones: list[Span]) -> list[Span]:
    """The span without the zones, in blocks."""
    edges = {span.start, span.end, *range(-(-span.start // BLOCK) * BLOCK, span.end, BLOCK)}
    for zone in zones:
        edges.update(edge for edge in zone if span.start < edge < span.end)
    cuts = sorted(edges)
    parts = [Span(start, end) for start, end in pairwise(cuts)]
    return [part for part in parts if not any(zone.start <= part.start < zone.end for zone in zones)]


def frames_of(spans: list[Span], count: int) -> I64:
    """The first `count` frames of the spans, in order."""
    sizes = np.array([span.frames for span in spans], np.int64)
    ends = np.cumsum(sizes)
    number = int(np.searchsorted(ends, count)) + 1
    starts = np.array([span.start for span in spans[:number]], np.int64)
    sizes, ends = sizes[:number], ends[:number]
    every: I64 = np.repeat(starts - (ends - sizes), sizes) + np.arange(int(ends[-1]))
    return every[:count]


def frontier(spans: list[Span], least: int) -> int:
    """How much to take, at least `least`, so that what stays free has blocks of every order.

    One page into a whole block: behind it lie 1, 2, 4 … 512 free pages, naturally aligned, then a whole block.
    """
    taken = 0
    whole = [span.frames == BLOCK for span in spans]
    for at, span in enumerate(spans):
        if whole[at] and taken + 1 >= least and any(whole[at + 1 :]):
            return taken + 1
        taken += span.frames
    raise NoRoomError
