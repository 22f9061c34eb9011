"""Zones and nodes out of /proc/zoneinfo, and which memory blocks a node has out of /sys/devices/system/node.

A zone spans whatever lies between its first frame and its last, another node's memory too: where zones overlap,
the blocks tell them apart, and without blocks the one that begins later has what both claim.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from hwpoison_gui.kernel.image import ZoneImage
from hwpoison_gui.sources.maps import PAGE_SHIFT
from hwpoison_gui.sources.text import text_of

Runs = Sequence[tuple[int, int]]  # of frames: the first, and the one past the last

_HEAD: Final = re.compile(r"^Node +(\d{1,4}), zone +(\w{1,16})", re.ASCII | re.MULTILINE)
_FIELD: Final = r"^ +{} +(\d{{1,15}})$"
_MOST: Final = 1 << 52


def zones_of(text: str, blocks: Mapping[int, Runs] | None = None) -> tuple[ZoneImage, ...]:
    """The zones with memory, in order of address, none over another. Empty where `text` is of another kind."""
    zones = sorted(_spanned(text), key=lambda zone: (zone.start, zone.end))
    if all(one.end <= other.start for one, other in pairwise(zones)):
        return tuple(zones)
    return _apart([part for zone in zones for part in _within(zone, blocks or {})])


def last_frame(text: str) -> int:
    """The number past that of the last frame of all zones; 0 where that is not said."""
    return max((zone.end for zone in _spanned(text)), default=0)


def node_blocks(sysfs: Path) -> dict[int, Runs]:
    """Runs of frames of each node, as its memory blocks say; empty where the kernel has none."""
    found: dict[int, Runs] = {}
    try:
        size = int(text_of(sysfs / "devices/system/memory/block_size_bytes"), 16) >> PAGE_SHIFT
        for folder in (sysfs / "devices/system/node").glob("node[0-9]*"):
            names = (re.fullmatch(r"memory(\d{1,9})", path.name, re.ASCII) for path in folder.iterdir())
            numbers = sorted(int(name.group(1)) for name in names if name)
            found[int(folder.name[4:])] = [(number * size, (number + 1) * size) for number in numbers]
    except (OSError, ValueError):
        return {}
    return found


def _spanned(text: str) -> list[ZoneImage]:
    """Every zone from its first frame to its last."""
    heads = [*_HEAD.finditer(text)]
    ends = [*(head.start() for head in heads), len(text)][1:]
    zones = []
    for head, end in zip(heads, ends, strict=True):
        fields = [re.search(_FIELD.format(name), text[head.end() : end], re.M) for name in ("spanned", "start_pfn:")]
        spanned, start = (int(field.group(1)) if field else 0 for field in fields)
        if spanned and fields[1] and start + spanned <= _MOST:
            zones.append(ZoneImage(int(head.group(1)), head.group(2), start, start + spanned))
    return zones


def _within(zone: ZoneImage, blocks: Mapping[int, Runs]) -> list[ZoneImage]:
    """The parts of a zone that its node has memory in; all of it where nothing is known of the node."""
    runs = blocks.get(zone.node) or [(zone.start, zone.end)]
    cut = ((max(zone.start, first), min(zone.end, end)) for first, end in runs)
    return [zone._replace(start=start, end=end) for start, end in cut if start < end]


def _apart(zones: Sequence[ZoneImage]) -> tuple[ZoneImage, ...]:
    """The same without overlap: of two the one that begins later has what both claim. Neighbours are joined."""
    edges = sorted({edge for zone in zones for edge in (zone.start, zone.end)})
    parts: list[ZoneImage] = []
    for start, end in pairwise(edges):
        here = [zone for zone in zones if zone.start <= start and end <= zone.end]
        if not here:
            continue
        part = max(here, key=lambda zone: zone.start)._replace(start=start, end=end)
        if parts and parts[-1] == part._replace(start=parts[-1].start, end=start) and parts[-1].end == start:
            parts[-1] = parts[-1]._replace(end=end)
        else:
            parts.append(part)
    return tuple(parts)
