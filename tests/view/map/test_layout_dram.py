"""The layout by geometry: rows are lines, banks are apart, and the hole below 4 GiB stands below them."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.dram.fault import fault_at, frames_of_fault
from hwpoison_gui.dram.geometry import Hole
from hwpoison_gui.dram.shipped import keys, shipped
from hwpoison_gui.view.map.layout_dram import ByGeometry

FRAMES = 16384


@pytest.mark.parametrize("key", keys())
def test_a_row_is_a_line_and_a_bank_a_block(key: str) -> None:
    geometry = shipped(key).fitted(FRAMES)
    layout = ByGeometry(FRAMES, geometry)
    for pfn in (0, 0x1234, FRAMES - 1):
        x, y = layout.positions(frames_of_fault(geometry, fault_at("row", geometry, pfn << 12), FRAMES))
        assert set(y.tolist()) == {int(y[0])}
        assert sorted(x.tolist()) == list(range(int(x.min()), int(x.min()) + len(x)))
        x, y = layout.positions(frames_of_fault(geometry, fault_at("bank", geometry, pfn << 12), FRAMES))
        others = np.setdiff1d(
            np.arange(FRAMES), frames_of_fault(geometry, fault_at("bank", geometry, pfn << 12), FRAMES)
        )
        other_x = layout.positions(others)[0]
        assert not ((other_x >= x.min() - 1) & (other_x <= x.max() + 1)).any()


def test_the_next_row_is_the_next_line() -> None:
    geometry = shipped("plain").fitted(FRAMES)
    layout = ByGeometry(FRAMES, geometry)
    place = {field: int(values[0]) for field, values in geometry.coordinates([0x1234 << 12]).items()}
    below = int(geometry.addresses(place | {"row": place["row"] + 1})) >> 12
    x, y = layout.position(0x1234)
    assert layout.position(below) in ((x, y + 1), (x + layout.position(below)[0] - x, 0))


@pytest.mark.parametrize("moved_to", [None, 16 << 30])
def test_frames_in_the_hole_stand_below_the_banks(moved_to: int | None) -> None:
    frames = 5 << 18 if moved_to is None else (16 << 18) + 256
    hole = Hole(4095 << 20, 4 << 30, moved_to)
    layout = ByGeometry(frames, shipped("skylake-1ch").fitted(frames, hole))
    some = np.unique(
        np.concatenate((np.arange(0, frames, 997), np.arange((hole.start >> 12) - 9, (hole.end >> 12) + 9)))
    )
    x, y = layout.positions(some)
    assert np.array_equal(layout.pfns_at(x, y), some)
    inside = (some >= hole.start >> 12) & (some < hole.end >> 12)
    assert y[inside].min() > y[~inside].max() + 1


def test_most_cells_have_a_frame_and_the_map_is_not_tall() -> None:
    for key in keys():
        for frames in (FRAMES, 3 << 16):
            layout = ByGeometry(frames, shipped(key).fitted(frames))
            assert 0.7 < layout.width / layout.height < 3.3
            assert layout.width * layout.height < 1.7 * frames


def test_the_shape_follows_the_view_with_patience() -> None:
    usual = ByGeometry(FRAMES, shipped("haswell").fitted(FRAMES))
    wide, tall = usual.of_shape(3000, 500, 1.0), usual.of_shape(300, 900, 1.0)
    assert wide.width > usual.width > tall.width and usual.of_shape(16, 10, 1.0) is usual
    assert wide.of_shape(2500, 500, 0.8) is wide
    pfns = np.arange(FRAMES)
    for layout in (wide, tall):
        assert np.array_equal(layout.pfns_at(*layout.positions(pfns)), pfns)
