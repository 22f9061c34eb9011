"""Numbers held in two orders: written in either, looked up in the order of the map."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.view.map.frame_bytes import Held
from hwpoison_gui.view.map.layout import Layout, RowMajor
from hwpoison_gui.view.map.layout_curves import Hilbert, Morton
from hwpoison_gui.view.map.layout_zones import ByZone
from hwpoison_gui.view.map.look_up import translated

LAYOUTS: tuple[Layout, ...] = (Hilbert(3000), Morton(3000), ByZone(3000, 70, (0, 1024)), RowMajor(3000, 50))


def held_of(dtype: type) -> Held:
    held = Held(3000 + 64, dtype)
    held.values[:3000] = np.arange(3000) % 200 + 1
    return held


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_layout_shows_every_number_and_nothing_else(dtype: type) -> None:
    held, table = held_of(dtype), np.arange(256, dtype=np.uint8)[::-1].copy()
    table[0] = 0
    for layout in (*LAYOUTS, *LAYOUTS[::-1]):  # in turns: what the one before left must not show
        held.arrange(layout)
        plane = translated(held.shown(layout), table)
        x, y = layout.positions(np.arange(3000))
        assert np.array_equal(plane[y, x], table[held.values[:3000]])
        assert np.count_nonzero(plane) == 3000


def test_what_is_written_later_is_seen_without_arranging_again() -> None:
    held = Held(3064)
    for layout in LAYOUTS:
        held.arrange(layout)
        held.shown(layout)
        for value in (3, 4):
            held.write(slice(0, 3000), np.full(3000, value, np.uint8))
            held.arrange(layout, again=False)
            assert np.count_nonzero(held.shown(layout) == value) == 3000


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: type(layout).__name__)
@pytest.mark.parametrize("looked", [False, True], ids=["before it was looked at", "after"])
def test_what_is_put_is_seen(layout: Layout, looked: bool) -> None:
    held = held_of(np.uint8)
    held.arrange(layout)
    if looked:
        held.shown(layout)
    pfns = np.array([0, 1023, 2999])
    held.put(pfns, np.array([250, 251, 252], np.uint8))
    shown = held.shown(layout)
    assert sorted(shown[shown >= 250].tolist()) == [250, 251, 252]
    x, y = layout.positions(pfns)
    assert shown[y, x].tolist() == [250, 251, 252]
