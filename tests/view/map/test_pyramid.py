"""The max pyramid: levels against a plain definition, patches against a new build."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.view.map.pyramid import Pyramid

SIZES = st.tuples(st.integers(1, 140), st.integers(1, 140))


def plain(plane: np.ndarray, size: int) -> np.ndarray:
    """The highest code of each block of `size` by `size` cells."""
    height, width = (-(-edge // size) for edge in plane.shape)
    padded = np.zeros((height * size, width * size), np.uint8)
    padded[: plane.shape[0], : plane.shape[1]] = plane
    return padded.reshape(height, size, width, size).max(axis=(1, 3))


@given(SIZES, st.integers(0, 2**32))
def test_levels(size: tuple[int, int], seed: int) -> None:
    plane = np.random.default_rng(seed).integers(0, 13, size, np.uint8)
    levels = Pyramid(plane).levels
    assert levels[0] is plane
    assert levels[-1].shape == (1, 1)
    for number, level in enumerate(levels):
        assert np.array_equal(level, plain(plane, 1 << number))


@given(SIZES, st.integers(0, 2**32), st.integers(1, 80))
def test_patches(size: tuple[int, int], seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    patched = Pyramid(rng.integers(0, 13, size, np.uint8))
    for _ in range(3):
        at = rng.choice(size[0] * size[1], min(count, size[0] * size[1]), replace=False)
        y, x = np.divmod(at, size[1])
        patched.set_many(x, y, rng.integers(0, 13, at.size, np.uint8))
    rebuilt = Pyramid(patched.levels[0].copy())
    assert all(np.array_equal(a, b) for a, b in zip(patched.levels, rebuilt.levels, strict=True))


def test_one_bad_cell_of_millions_is_in_every_level() -> None:
    plane = np.full((4096, 4096), 7, np.uint8)
    pyramid = Pyramid(plane)
    pyramid.set_one(2741, 1333, 12)
    for number, level in enumerate(pyramid.levels):
        assert level[1333 >> number, 2741 >> number] == 12
        assert (level == 12).sum() == 1


@pytest.mark.parametrize(("cell", "number"), [(8, 0), (1, 0), (0.99, 1), (0.5, 1), (0.26, 2), (0.001, 7)])
def test_the_level_has_cells_of_a_pixel_or_more(cell: float, number: int) -> None:
    assert Pyramid(np.zeros((100, 128), np.uint8)).level_for(cell) == number
