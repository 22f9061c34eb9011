"""Zones from /proc/zoneinfo, and the memory blocks of each node from /sys/devices/system/node.

A zone spans everything from its first frame to its last, memory of other nodes included. Where zones overlap, the
memory blocks decide; without them the zone that begins later gets the frames that both claim.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from hwpoison_gui.image import ZoneImage
from hwpoison_gui.sources.maps import PAGE_SHIFT
from hwpoison_gui.sources.text import text_of

Runs = Sequence[tuple[int, int]]  # runs of frames, end exclusive

_HEAD: Final = re.compile(r"^Node +(\d{1,4}), zone +(\w{1,16})", re.ASCII | re.MULTILINE)
_FIELD: Final = r"^ +{} +(\d{{1,15}})$"
_MOST: Final = 1 << 52


def zones_of(text: str, blocks: Mapping[int, Runs] | None = None) -> tuple[ZoneImage, ...]:
    """The zones with memory, ascending and without overlap; a zone may come in several parts.

    Parameters
    ----------
    text
        /proc/zoneinfo; any other text gives no zones.
    blocks
        Memory blocks by node, from `node_blocks`.
    """
    zones = sorted(_spanned(text), key=lambda zone: (zone.start, zone.end))
    if all(one.end <= other.start for one, other in pairwise(zones)):
        return tuple(zones)
    return _apart([part for zone in zones for part in _within(zone, blocks or {})])


def last_frame(text: str) -> int:
    """One past the highest frame number of all zones; 0 if there are none."""
    return max((zone.end for zone in _spanned(text)), default=0)


def node_blocks(sysfs: Path) -> dict[int, Runs]:
    """The runs of frames of each node by its memory blocks; empty if the kernel does not export them."""
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
    """Every zone as spanned: from its first frame to its last."""
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
    """The parts of a zone in which its node has memory; the whole zone if the blocks of the node are not known."""
    runs = blocks.get(zone.node) or [(zone.start, zone.end)]
    cut = ((max(zone.start, first), min(zone.end, end)) for first, end in runs)
    return [zone._replace(start=start, end=end) for start, end in cut if start < end]


def _apart(zones: Sequence[ZoneImage]) -> tuple[ZoneImage, ...]:
    """The zones without overlap: the one that begins later gets what two claim. Adjacent parts are joined."""
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
