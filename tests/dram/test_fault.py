"""Faults of DRAM: their frames, against all bytes looked at one by one; their names; and what they are parts of."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.dram.fault import MODES, Fault, fault_at, frames_of_fault, parse_fault, place_name
from hwpoison_gui.dram.geometry import Geometry, Hole
from hwpoison_gui.dram.shipped import keys, shipped

FRAMES = 1024  # 4 MiB
STEP = 64  # a cache line: no shipped geometry has a lower bit in anything but the column


@cache
def _lines(key: str) -> dict[str, np.ndarray]:
    return shipped(key).fitted(FRAMES).coordinates(np.arange(0, FRAMES << 12, STEP))


def _modes(geometry: Geometry) -> list[str]:
    return [mode for mode in MODES if mode not in geometry.merged]


@pytest.mark.parametrize("key", keys())
def test_a_fault_breaks_the_frames_that_have_a_byte_in_it(key: str) -> None:
    geometry, lines = shipped(key).fitted(FRAMES), _lines(key)
    for mode in _modes(geometry):
        for address in (0, 0x123 << 12 | 0x9C0, (FRAMES << 12) - STEP):
            fault = fault_at(mode, geometry, address)
            inside = np.ones(FRAMES * (4096 // STEP), np.bool_)
            for field, value in fault.place.items():
                inside &= lines[field] == value
            expected = np.unique(np.flatnonzero(inside) // (4096 // STEP))
            assert frames_of_fault(geometry, fault, FRAMES).tolist() == expected.tolist(), (mode, address)


@pytest.mark.parametrize("key", keys())
@pytest.mark.parametrize("mode", ["row", "bank", "dimm"])
def test_faults_of_a_mode_are_disjoint_or_the_same_and_complete(key: str, mode: str) -> None:
    geometry = shipped(key).fitted(FRAMES)
    left = np.ones(FRAMES, np.bool_)
    count = np.zeros(FRAMES, np.int64)
    while left.any():
        pfn = int(np.flatnonzero(left)[0])
        frames = frames_of_fault(geometry, fault_at(mode, geometry, pfn << 12), FRAMES)
        count[frames] += 1
        left[frames] = False
        some = int(frames[len(frames) // 2])
        for byte in (0, 64, 4032):  # whichever of its parts: the same frames
            other = frames_of_fault(geometry, fault_at(mode, geometry, some << 12 | byte), FRAMES)
            assert other.tolist() == frames.tolist()
    assert (count == 1).all()


@pytest.mark.parametrize("key", keys())
def test_bytes_of_rows_are_disjoint_and_complete(key: str) -> None:
    geometry, lines = shipped(key).fitted(FRAMES), _lines(key)
    packed = sum((lines[field].astype(object) << geometry.shift[field] for field in MODES["row"]), 0)
    rows, counts = np.unique(packed.astype(np.uint64), return_counts=True)
    assert set(counts.tolist()) == {geometry.count("column") // STEP}
    assert len(rows) * geometry.count("column") == FRAMES << 12


def test_frames_around_a_hole() -> None:
    """The row of DRAM behind the hole has the frames that the DRAM was moved to."""
    frames = 5 << 18
    geometry = shipped("plain").fitted(frames, Hole(3 << 30, 4 << 30))
    below = frames_of_fault(geometry, fault_at("bank", geometry, 0), frames)
    assert not ((below >= 3 << 18) & (below < 4 << 18)).any()
    assert (np.diff(below) > 0).all() and below[-1] >= 4 << 18


def test_names_are_read_back() -> None:
    for key in keys():
        geometry = shipped(key).fitted(FRAMES)
        for mode in _modes(geometry):
            fault = fault_at(mode, geometry, 0x245678)
            assert parse_fault(fault.name(geometry), geometry, FRAMES) == fault


def test_a_name_may_be_written_in_other_ways() -> None:
    plain = shipped("plain").fitted(FRAMES)
    fault = Fault("row", {"channel": 1, "dimm": 0, "subchannel": 0, "rank": 1, "bank_group": 2, "bank": 3, "row": 26})
    for text in ("channel1/rank1/bg2/bank3/row0x1a", "channel1/dimm0/rank1/bank-group2/bank3/row26",
                 "row26/bank3/bg2/rank1/channel1"):  # fmt: skip
        assert parse_fault(f"row:{text}", plain, FRAMES) == fault
    assert place_name(plain, fault.place) == "channel1/rank1/bg2/bank3/row0x1a"


def test_a_frame_stands_for_its_part() -> None:
    plain = shipped("plain").fitted(FRAMES)
    assert parse_fault("row:of:0x123", plain, FRAMES) == fault_at("row", plain, 0x123000)
    assert parse_fault("row:of:0x123+0x80", plain, FRAMES) == fault_at("row", plain, 0x123080)
    assert parse_fault("row:at:0x123080", plain, FRAMES) == fault_at("row", plain, 0x123080)
    assert parse_fault("row:at:0x123", plain, FRAMES) == fault_at("row", plain, 0x123)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rwo:of:1", "no such fault mode: 'rwo'; fault modes are cell, row, column, bank"),
        ("row", "which row? As in row:of:0x2416, or row:channel0/rank0/bg0/bank0/row0x0"),
        ("row:", "which row?"),
        ("row:of:x", "not a frame: 'x'"),
        ("row:of:0x123+4096", "byte 0x1000 is not in the frame"),
        (f"row:of:{FRAMES:#x}", f"no such frame: {FRAMES:#x}; the last frame is {FRAMES - 1:#x}"),
        ("row:of:0x123080", "and a physical address is written row:at:0x123080"),
        (f"row:at:{FRAMES << 12:#x}", f"the last byte of memory is {(FRAMES << 12) - 1:#x}"),
        ("row:at:x", "not a physical address: 'x'"),
        ("row:channel0", "rank is missing in channel0"),
        ("bank:channel0/rank0/bg0/bank4", "has no bank4: bank 0 to 3"),
        ("bank:channel0/dimm1/rank0/bg0/bank0", "has no dimm1: only dimm 0"),
        ("bank:channel0/rank0/bg0/bank0/row1", "a bank is not named by its row"),
        ("rank:channel0/channel1/rank0", "channel is given twice"),
        ("rank:socket0", "not a part of DRAM: 'socket0'"),
    ],
)  # fmt: skip
def test_faults_that_do_not_exist(text: str, said: str) -> None:
    with pytest.raises(DramError) as refused:
        parse_fault(text, shipped("plain").fitted(FRAMES), FRAMES)
    assert said in str(refused.value)


def test_parts_that_the_source_does_not_tell_apart() -> None:
    with pytest.raises(DramError, match="does not say which bits are the rank"):
        parse_fault("rank:of:1", shipped("haswell"), FRAMES)
