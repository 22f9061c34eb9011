"""Layouts: pfn to place and back, borders of blocks, and the choice of a width."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.dram.shipped import shipped
from hwpoison_gui.view.base.units import amount
from hwpoison_gui.view.map.layout import MOST_WIDE, Layout, RowMajor, choose_width, neighbour, slack, widest, widths
from hwpoison_gui.view.map.layout_curves import Hilbert, Morton
from hwpoison_gui.view.map.layout_dram import ByGeometry
from hwpoison_gui.view.map.layout_zones import ByZone

DRAM = ByGeometry(5000, shipped("plain").fitted(5000))


@given(st.integers(1, 5000), st.integers(1, 200))
def test_there_and_back(frames: int, width: int) -> None:
    layout = RowMajor(frames, width)
    pfns = np.arange(frames)
    x, y = layout.positions(pfns)
    assert np.array_equal(layout.pfns_at(x, y), pfns)
    assert (layout.position(frames - 1)) == (int(x[-1]), int(y[-1]))
    assert layout.pfn_at(int(x[-1]), int(y[-1])) == frames - 1
    assert y[-1] == layout.height - 1


def test_outside_is_no_frame() -> None:
    layout = RowMajor(100, 32)
    assert layout.height == 4
    assert layout.pfn_at(4, 3) is None
    assert layout.pfn_at(-1, 1) is None
    assert layout.pfn_at(32, 0) is None
    assert layout.pfn_at(3, 3) == 99
    assert layout.pfns_at(np.array([3, 4, 32, -1]), np.array([3, 3, 0, 0])).tolist() == [99, -1, -1, -1]


def test_a_plane_is_no_copy() -> None:
    codes = np.arange(128, dtype=np.uint8)
    plane = RowMajor(100, 32).arrange(codes)
    assert plane.shape == (4, 32)
    assert np.shares_memory(plane, codes)


def test_borders_of_blocks_that_end_within_a_row() -> None:
    lines = RowMajor(1000, 48).borders(64, 0, 0, 30, 2).tolist()
    # block 1 starts at frame 64: column 16 of row 1
    assert sorted(lines) == [[0, 2, 16, 2], [16, 1, 16, 2], [16, 1, 48, 1]]


def test_borders_of_blocks_of_whole_rows() -> None:
    assert RowMajor(4096, 256).borders(512, 0, 0, 256, 4).tolist() == [[0, 2, 256, 2], [0, 4, 256, 4]]


@pytest.mark.parametrize("frames", [8192, 65_536, 262_144, 6_000_000, 1 << 24, 1 << 28])
@pytest.mark.parametrize("view", [(700, 500), (1200, 700), (1800, 900), (400, 900)])
def test_widths_fill_the_view(frames: int, view: tuple[int, int]) -> None:
    width = choose_width(frames, *view)
    assert width % 32 == 0
    height = -(-frames // width)
    cell = min(view[0] / width, view[1] / height)
    assert cell * width * cell * height > 0.7 * view[0] * view[1]
    assert width <= slack(frames)


def test_a_width_stays_while_it_does_well() -> None:
    width = choose_width(65_536, 1000, 640)
    changes = {choose_width(65_536, 1000 + step, 640, width) for step in range(-80, 80)}
    assert changes == {width}
    assert choose_width(65_536, 400, 900, width) != width
    assert choose_width(65_536, 1000, 640, width + 1, 0.0) == width  # one that was not chosen here does not stay


def test_neighbours_in_rows() -> None:
    layout = RowMajor(100, 32)  # the last row has 4 frames
    assert [neighbour(layout, 40, *step) for step in ((1, 0), (-1, 0), (0, 1), (0, -1))] == [41, 39, 72, 8]
    assert neighbour(layout, 31, 1, 0) == 31 and neighbour(layout, 0, 0, -1) == 0
    assert neighbour(layout, 40, 16, 0) == 56 and neighbour(layout, 40, -16, 0) == 32
    assert neighbour(layout, 40, 0, 16) == 72  # so far down no frame lies: the last one before
    assert neighbour(layout, 98, 1, 0) == neighbour(layout, 99, 16, 0) == 99


@pytest.mark.parametrize("step", [(1, 0), (-1, 0), (0, 1), (0, -1), (16, 0), (0, -16)])
@pytest.mark.parametrize("layout", [Hilbert(5000), Morton(5000), ByZone(5000, 70, (0, 1030, 2500)), DRAM],
                         ids=["hilbert", "morton", "zones", "dram"])  # fmt: skip
def test_one_comes_from_every_frame_to_another_or_stays(layout: Layout, step: tuple[int, int]) -> None:
    for pfn in range(0, 5000, 7):
        x, y = layout.position(pfn)
        to_x, to_y = layout.position(neighbour(layout, pfn, *step))
        moved = to_x - x, to_y - y
        assert moved == (0, 0) or moved[0] * step[0] + moved[1] * step[1] > 0
        assert 0 in moved


def test_gaps_between_zones_are_stepped_over() -> None:
    layout = ByZone(5000, 70, (0, 1030, 2500))
    assert neighbour(layout, 1000, 0, 1) == 1030 + 1000 % 70
    assert neighbour(layout, 1040, 0, -1) == 1029 // 70 * 70 + 10
    pfn, seen = 5, [5]
    while (below := neighbour(layout, pfn, 0, 1)) != pfn:
        pfn = below
        seen.append(pfn)
    assert len(seen) == sum(-(-size // 70) for size in (1030, 1470, 2500))


@given(st.integers(1, 300_000), st.integers(1, MOST_WIDE))
def test_a_plane_has_room_for_every_width_that_may_be_asked_for(frames: int, width: int) -> None:
    width = min(width, widest(frames))
    assert RowMajor(frames, width).height * width <= frames + slack(frames)
    assert width <= MOST_WIDE


def test_there_is_a_width_for_any_size() -> None:
    assert all(widths(frames) for frames in (1, 31, 256, 1000, 1 << 28))


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (4096, "4 KiB"),
        (1 << 20, "1.0 MiB"),
        (3 << 19, "1.5 MiB"),
        (5 << 28, "1.25 GiB"),
        (1 << 40, "1.00 TiB"),
    ],
)
def test_amounts(size: int, text: str) -> None:
    assert amount(size) == text
