"""Layouts along curves and by zone: there and back, arranged planes, blocks, and patches on them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.dram.shipped import shipped
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.view.map.layout import Layout, RowMajor
from hwpoison_gui.view.map.layout_curves import Hilbert, Morton
from hwpoison_gui.view.map.layout_dram import ByGeometry
from hwpoison_gui.view.map.layout_zones import ByZone
from hwpoison_gui.view.map.plane import FramePlane
from tests.view.map.plain import levels_of

LAYOUTS: dict[str, Callable[[int], Layout]] = {
    "hilbert": Hilbert,
    "morton": Morton,
    "zones": lambda frames: ByZone(frames, 96, (0, 4096, 1 << 20)),
    "dram": lambda frames: ByGeometry(frames, shipped("plain").fitted(frames)),
    "zen3": lambda frames: ByGeometry(frames, shipped("zen3-2rank").fitted(frames)),
}
every = pytest.mark.parametrize("make", LAYOUTS.values(), ids=LAYOUTS)


@every
@given(frames=st.integers(1, 40_000))
def test_there_and_back(make: Callable[[int], Layout], frames: int) -> None:
    layout = make(frames)
    pfns = np.arange(frames)
    x, y = layout.positions(pfns)
    assert x.min() >= 0
    assert y.min() >= 0
    assert x.max() < layout.width
    assert y.max() < layout.height
    assert np.array_equal(layout.pfns_at(x, y), pfns)
    assert layout.position(frames - 1) == (int(x[-1]), int(y[-1]))
    assert layout.pfn_at(int(x[-1]), int(y[-1])) == frames - 1
    codes = np.zeros(frames + 17, np.uint8)
    codes[:frames] = pfns % 250 + 1
    plane = layout.arrange(codes)
    assert plane.shape == (layout.height, layout.width)
    assert np.array_equal(plane[y, x], codes[:frames])
    assert np.count_nonzero(plane) == frames


@every
def test_outside_is_no_frame(make: Callable[[int], Layout]) -> None:
    layout = make(5000)
    assert layout.pfn_at(-1, 0) is None
    assert layout.pfn_at(0, -1) is None
    assert layout.pfn_at(layout.width, 0) is None
    assert layout.pfn_at(0, layout.height) is None


@given(st.integers(2, 70_000))
def test_neighbours_in_memory_touch_on_hilberts_curve(frames: int) -> None:
    x, y = Hilbert(frames).positions(np.arange(frames))
    assert set((np.abs(np.diff(x)) + np.abs(np.diff(y))).tolist()) == {1}


@pytest.mark.parametrize("layout", [Hilbert(65_536), Morton(65_536)], ids=["hilbert", "morton"])
def test_a_block_of_2_mib_is_a_rectangle(layout: Layout) -> None:
    for first in range(0, 65_536, 512):
        x, y = layout.positions(np.arange(first, first + 512))
        shape = int(np.ptp(x)) + 1, int(np.ptp(y)) + 1
        assert shape in ((32, 16), (16, 32))
        assert shape == (32, 16) or isinstance(layout, Hilbert)


def test_borders_of_blocks() -> None:
    lines = Morton(4096).borders(512, 0, 0, 64, 64).tolist()
    assert [0, 0, 32, 0] in lines
    assert [32, 0, 32, 16] in lines
    assert {x for line in lines for x in line[::2]} == {0, 32, 64}
    assert {y for line in lines for y in line[1::2]} == {0, 16, 32, 48, 64}


@every
def test_a_plane_in_another_order_is_patched_the_same(make: Callable[[int], Layout]) -> None:
    rng = np.random.default_rng(3)
    flags = np.array([0, pf.BUDDY, 0x5828, 0x868], np.uint64)[rng.integers(0, 4, 9000)]
    counts = np.zeros(9000, np.int32)
    plane = FramePlane(flags, counts, counts)
    plane.set_layout(make(9000))
    levels_of(plane)
    flags[[7, 8000]] |= np.uint64(pf.HWPOISON)
    plane.patch(np.array([7, 8000]))
    fresh = FramePlane(flags, counts, counts)
    fresh.set_layout(make(9000))
    assert all(np.array_equal(a, b) for a, b in zip(levels_of(plane), levels_of(fresh), strict=True))
    plane.set_layout(RowMajor(9000, 96))
    other = FramePlane(flags, counts, counts, 96)
    assert all(np.array_equal(a, b) for a, b in zip(levels_of(plane), levels_of(other), strict=True))
