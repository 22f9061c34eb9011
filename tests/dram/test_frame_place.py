"""The coordinates of the bytes of a frame, against all of its cache lines looked at one by one."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.dram.fault import MODES
from hwpoison_gui.dram.frame_place import rows_of_frame, values_in_frame
from hwpoison_gui.dram.shipped import keys, shipped

PFN = 0x234


@pytest.mark.parametrize("key", keys())
def test_rows_of_a_frame(key: str) -> None:
    geometry = shipped(key)
    lines = geometry.coordinates((PFN << 12) + np.arange(0, 4096, 64))
    there = {tuple(int(lines[field][at]) for field in MODES["row"]) for at in range(64)}
    found = [tuple(place[field] for field in MODES["row"]) for place in rows_of_frame(geometry, PFN)]
    assert set(found) == there and len(found) == len(there)
    assert found == sorted(found)


@pytest.mark.parametrize("key", keys())
def test_values_in_a_frame(key: str) -> None:
    geometry = shipped(key)
    coordinates = geometry.coordinates((PFN << 12) + np.arange(4096))
    expected = {field: np.unique(values).tolist() for field, values in coordinates.items() if geometry.bits(field)}
    assert values_in_frame(geometry, PFN) == expected
