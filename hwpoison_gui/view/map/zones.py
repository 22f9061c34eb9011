"""Names, meanings, colours and boundaries of zones and NUMA nodes.

If a recording does not report the zones, they are derived from the limits of x86, and their names say that the node is
unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from hwpoison_gui.image import ZoneImage
from hwpoison_gui.kernel.mmzone import NUMA_NO_NODE
from hwpoison_gui.view.map.lenses import ZONE, ZONES, Lens, zone_lens

Place = tuple[int, str]  # node and zone name

_FOR: Final = {
    "DMA": "for old devices, which reach only the first 16 MiB",
    "DMA32": "for devices with 32-bit addresses: below 4 GiB",
    "Normal": "for general use: above what 32-bit devices reach",
    "HighMem": "memory that the kernel has no address of its own for",
    "Movable": "only pages that can be moved, so that the memory can be taken out",
    "Device": "memory of devices",
}
_GUESSED: Final = "; derived from the limits of x86: this machine’s source does not report zones and nodes"


def zone_name(node: int, name: str) -> str:
    """Return the displayed name, such as `node 0, DMA32`."""
    return f"{name}, node not known" if node == NUMA_NO_NODE else f"node {node}, {name}"


def zone_meaning(node: int, name: str) -> str:
    """Explain what a zone is for, and how its limits are known if the machine did not report them."""
    return _FOR.get(name, "a zone of the page allocator") + (_GUESSED if node == NUMA_NO_NODE else "")


def zone_expression(node: int, name: str) -> str:
    """Return the filter expression that finds the frames of a zone."""
    return f"zone:{name.lower()}" if node == NUMA_NO_NODE else f"node:{node} zone:{name.lower()}"


def places_shown(zones: Sequence[ZoneImage]) -> list[Place]:
    """Return the zones that have a colour of their own, by address; the largest ones if there are too many."""
    sizes: Counter[Place] = Counter()
    for zone in zones:
        sizes[zone.node, zone.name] += zone.end - zone.start
    largest = {place for place, _ in sizes.most_common(ZONES)}
    return [place for place in sizes if place in largest]


def lens_and_codes(zones: Sequence[ZoneImage]) -> tuple[Lens, list[int]]:
    """Return the zone lens with the names of a machine's zones, and the class code of each of `zones`."""
    shown = places_shown(zones)
    code_of = {place: ZONE.id_of(f"zone{number}") for number, place in enumerate(shown)}
    rows = tuple((zone_name(*place), zone_meaning(*place), _short(*place)) for place in shown)
    return zone_lens(rows), [code_of.get((zone.node, zone.name), ZONE.id_of("other")) for zone in zones]


def _short(node: int, name: str) -> str:
    return f"{name} n?" if node == NUMA_NO_NODE else f"{name} n{node}"


def starts_of(zones: Sequence[ZoneImage]) -> tuple[int, ...]:
    """Return the first frames of the parts of a layout by zone: 0, and the start of every zone but the first."""
    return 0, *(zone.start for zone in zones[1:])
