"""Zones by address as x86 has them, and the zone of a frame."""

from __future__ import annotations

import pytest

from hwpoison_gui.image import ZoneImage
from hwpoison_gui.kernel.mmzone import NUMA_NO_NODE, page_zone, zones_by_address


@pytest.mark.parametrize(
    ("frames", "names"),
    [(256, ["DMA"]), (4096, ["DMA"]), (4097, ["DMA", "DMA32"]), (1 << 20, ["DMA", "DMA32"]),
     (1 << 22, ["DMA", "DMA32", "Normal"])],
)  # fmt: skip
def test_zones_end_at_16_mib_and_4_gib(frames: int, names: list[str]) -> None:
    zones = zones_by_address(frames, node=0)
    assert [zone.name for zone in zones] == names
    assert [zone.start for zone in zones] == [0, 1 << 12, 1 << 20][: len(zones)]
    assert [zone.end for zone in zones] == [zone.start for zone in zones[1:]] + [frames]
    assert {zone.node for zone in zones_by_address(frames)} == {NUMA_NO_NODE}


def test_the_zone_of_a_frame() -> None:
    zones = (ZoneImage(0, "DMA", 1, 10), ZoneImage(0, "Normal", 10, 20), ZoneImage(1, "Normal", 30, 40))
    found = [page_zone(zones, pfn) for pfn in (0, 1, 9, 10, 19, 20, 29, 30, 39, 40)]
    dma, normal, other = zones
    assert found == [None, dma, dma, normal, normal, None, None, other, other, None]
    assert page_zone((), 5) is None
