"""The fact about where a frame lies in DRAM."""

from __future__ import annotations

from hwpoison_gui.dram.geometry import Hole
from hwpoison_gui.dram.shipped import shipped
from hwpoison_gui.view.facts.place_in_dram import place_in_dram


def test_bytes_in_several_rows() -> None:
    fact = place_in_dram(shipped("plain"), 0x2416)
    assert fact.value == "channel0+1/rank0/bg0+1/bank0/row0x48"
    assert fact.meaning == "4 rows have 1 KiB of it each; made up"
    zen = place_in_dram(shipped("zen4-1rank"), 0x2416)
    assert zen.value == "sub0+1/bg4-7/bank0-3/row0x90" and "by the geometry zen4-1rank" in zen.meaning


def test_no_dram_in_the_hole() -> None:
    geometry = shipped("plain").fitted(5 << 18, Hole(3 << 30, 4 << 30))
    assert place_in_dram(geometry, 3 << 18).value == "none"
    assert place_in_dram(geometry, 4 << 18).value != "none"
