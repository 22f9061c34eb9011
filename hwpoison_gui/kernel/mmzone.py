"""Zones of the page allocator and the nodes they belong to: runs of frame numbers, fixed when a machine boots.

What a machine does not say is taken from x86's limits; whose node it is then stays open.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from hwpoison_gui.image import ZoneImage

NUMA_NO_NODE: Final = -1
_X86: Final = (("DMA", 0, 1 << 12), ("DMA32", 1 << 12, 1 << 20), ("Normal", 1 << 20, 1 << 52))  # 16 MiB, 4 GiB


def zones_by_address(frames: int, node: int = NUMA_NO_NODE) -> tuple[ZoneImage, ...]:
    """x86's zones of a machine of `frames` frames, all on `node`."""
    return tuple(ZoneImage(node, name, start, min(end, frames)) for name, start, end in _X86 if start < frames)


def page_zone(zones: Sequence[ZoneImage], pfn: int) -> ZoneImage | None:
    """The zone of a frame; None where it is in none. `zones` are in order and do not overlap."""
    at = bisect_right(zones, pfn, key=attrgetter("start")) - 1
    return zones[at] if at >= 0 and pfn < zones[at].end else None
