"""Zones and nodes as /proc/zoneinfo and /sys tell them: empty zones, nodes within nodes, and texts of other kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.image import ZoneImage
from hwpoison_gui.sources import live
from hwpoison_gui.sources.recording import open_recording
from hwpoison_gui.sources.zoneinfo import last_frame, node_blocks, zones_of
from tests.sources.conftest import Recording

EMPTY = "  pages free     0\n        boost    0\n        spanned  0\n        present  0\n"


def zone(node: int, name: str, start: int, end: int) -> str:
    """A populated zone as the kernel prints it, with some of the lines around."""
    return (
        f"Node {node}, zone {name:>8}\n  pages free     772917\n        spanned  {end - start}\n"
        f"        present  {end - start}\n        protection: (0, 0, 3712)\n      nr_free_pages 772917\n"
        f"  pagesets\n    cpu: 0\n              count:    1\n  node_unreclaimable:  0\n  start_pfn:           {start}\n"
    )


TWO = (
    zone(0, "DMA", 1, 4096)
    + zone(0, "DMA32", 4096, 1 << 20)
    + zone(0, "Normal", 1 << 20, 0x240000)
    + f"Node 0, zone  Movable\n{EMPTY}Node 0, zone   Device\n{EMPTY}"
    + f"Node 1, zone      DMA\n{EMPTY}Node 1, zone    DMA32\n{EMPTY}"
    + zone(1, "Normal", 0x240000, 0x440000)
)


def test_two_nodes() -> None:
    assert zones_of(TWO) == (
        ZoneImage(0, "DMA", 1, 4096),
        ZoneImage(0, "DMA32", 4096, 1 << 20),
        ZoneImage(0, "Normal", 1 << 20, 0x240000),
        ZoneImage(1, "Normal", 0x240000, 0x440000),
    )
    assert last_frame(TWO) == 0x440000


@pytest.mark.parametrize("text", ["", "MemTotal: 4 kB\n", "Node 0, zone DMA\n", f"Node 0, zone DMA\n{EMPTY}",
                                  zone(0, "DMA", 1 << 51, 1 << 53)])  # fmt: skip
def test_nothing_is_made_up(text: str) -> None:
    assert zones_of(text) == ()
    assert last_frame(text) == 0


INTERLEAVED = zone(0, "Normal", 0, 6000) + zone(1, "Normal", 2000, 4000)
PARTS = (ZoneImage(0, "Normal", 0, 2000), ZoneImage(1, "Normal", 2000, 4000), ZoneImage(0, "Normal", 4000, 6000))


def test_a_node_within_another() -> None:
    assert zones_of(INTERLEAVED) == PARTS
    both = zone(0, "Normal", 0, 6000) + zone(1, "Normal", 2000, 8000)
    blocks = {0: [(0, 1000), (1000, 2000), (4000, 5000), (5000, 6000)], 1: [(2000, 4000), (6000, 8000)]}
    assert zones_of(both, blocks) == (*PARTS, ZoneImage(1, "Normal", 6000, 8000))


def test_memory_blocks_of_nodes(tmp_path: Path) -> None:
    assert node_blocks(tmp_path) == {}
    (tmp_path / "devices/system/memory").mkdir(parents=True)
    (tmp_path / "devices/system/memory/block_size_bytes").write_text("8000000\n")
    for name in ("node0/memory0", "node0/memory2", "node0/cpu0", "node1/memory1", "node0/memory_failure"):
        (tmp_path / "devices/system/node" / name).mkdir(parents=True)
    assert node_blocks(tmp_path) == {0: [(0, 0x8000), (0x10000, 0x18000)], 1: [(0x8000, 0x10000)]}


def test_live_memory_has_them(fake_proc: Path) -> None:
    (fake_proc / "zoneinfo").write_text(zone(0, "DMA", 1, 4) + zone(1, "Normal", 4, 8))
    assert live.capture(proc=fake_proc).zones == (ZoneImage(0, "DMA", 1, 4), ZoneImage(1, "Normal", 4, 8))
    (fake_proc / "zoneinfo").unlink()
    bare = live.capture(proc=fake_proc)
    assert bare.zones == () and any("nodes were not recorded" in note for note in bare.notes)


def test_recordings_have_them_where_they_were_recorded(recording: Recording) -> None:
    assert open_recording(recording()).zones == ()
    assert open_recording(recording(noted={"zoneinfo": zone(0, "DMA", 1, 8)})).zones == (ZoneImage(0, "DMA", 1, 8),)
