"""The layout by zone and node: rows of their own, gaps, and blocks in zones that start anywhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.view.map.layout import RowMajor
from hwpoison_gui.view.map.layout_zones import GAP, ByZone


def test_zones_start_rows_of_their_own() -> None:
    layout = ByZone(65_536, 320, (0, 4096, 1 << 20))
    assert layout.position(4095) == (4095 % 320, 12)
    assert layout.position(4096) == (0, 13 + GAP)
    assert layout.pfn_at(5, 13) is None
    assert layout.of_width(256).position(4096) == (0, 16 + GAP)


@given(st.lists(st.integers(1, 5000), max_size=5, unique=True), st.integers(1, 300))
def test_frames_of_any_zones_are_found_again(starts: list[int], width: int) -> None:
    layout = ByZone(5000, width, (0, *sorted(starts)))
    pfns = np.arange(5000)
    x, y = layout.positions(pfns)
    assert np.array_equal(layout.pfns_at(x, y), pfns)
    assert all(layout.position(start)[0] == 0 for start in starts if start < 5000)


@pytest.mark.parametrize("start", [4096, 4100, 777])
def test_borders_stand_where_blocks_begin_wherever_their_zone_does(start: int) -> None:
    layout = ByZone(8192, 256, (0, start))
    lines = layout.borders(512, 0, 0, 256, layout.height)
    x, y = layout.positions(np.arange((start // 512 + 1) * 512, 8192, 512))  # a zone's first needs none: the gap tells
    above = {(x1, y1) for x1, y1, x2, y2 in lines.tolist() if y1 == y2 and x1 < x2}
    assert set(zip(x.tolist(), y.tolist(), strict=True)) <= above


def test_gaps_are_seen_however_tall_the_map_is() -> None:
    layout = ByZone(1 << 24, 4096, (0, 4096, 1 << 20))
    below, above = layout.position(1 << 20)[1], layout.position((1 << 20) - 1)[1]
    assert layout.height / 200 < below - above < layout.height / 50


def test_one_zone_has_the_borders_of_plain_rows() -> None:
    one = ByZone(4096, 100, (0,)).borders(512, 0, 0, 100, 41)
    assert np.array_equal(one, RowMajor(4096, 100).borders(512, 0, 0, 100, 41))
