"""The max pyramid: levels against a plain definition, updates against a new build."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwpoison_gui.view.map import pyramid
from hwpoison_gui.view.map.pyramid import Pyramid
from tests.view.map.plain import level_of

fixture_is_no_example = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # it sets constants
SIZES = st.tuples(st.integers(1, 140), st.integers(1, 140))
BASES = st.integers(1, 9)


@pytest.fixture(autouse=True)
def narrow_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small planes have several bands."""
    monkeypatch.setattr(pyramid, "_BAND", 700)


class Cells:
    """A plane of codes that is at hand. `known`: so are the maxima of its blocks; `few`: blocks it can tell at once."""

    def __init__(self, plane: np.ndarray, known: bool = False, few: int = 1 << 20) -> None:
        self.plane, self.known, self.few = plane, known, few
        self.height, self.width = plane.shape

    def region(self, left: int, top: int, right: int, bottom: int) -> np.ndarray:
        return self.plane[top:bottom, left:right].copy()

    def blocks(self, level: int, x: np.ndarray, y: np.ndarray) -> np.ndarray | None:
        return level_of(self.plane, level)[y, x] if len(x) <= self.few or level == 1 else None

    def maxima(self, level: int) -> np.ndarray | None:
        return level_of(self.plane, level) if self.known else None


def levels_are_right(pyramid: Pyramid, plane: np.ndarray) -> None:
    for number in range(len(pyramid.shapes))[::-1]:
        assert np.array_equal(pyramid.level(number), level_of(plane, number)), number
    assert pyramid.level(len(pyramid.shapes) - 1).shape == (1, 1)


@given(SIZES, BASES, st.integers(0, 2**32), st.booleans())
@fixture_is_no_example
def test_levels(size: tuple[int, int], base: int, seed: int, known: bool) -> None:
    plane = np.random.default_rng(seed).integers(0, 13, size, np.uint8)
    levels_are_right(Pyramid(Cells(plane, known), base), plane)


@given(SIZES, BASES, st.integers(0, 2**32), st.integers(1, 80), st.booleans(), st.sampled_from([3, 1 << 20]), st.data())
@fixture_is_no_example
def test_updates(
    size: tuple[int, int], base: int, seed: int, count: int, known: bool, few: int, data: st.DataObject
) -> None:
    """Between updates, levels are built as a whole, by bands, or not at all."""
    rng = np.random.default_rng(seed)
    cells = Cells(rng.integers(0, 13, size, np.uint8), known, few)
    pyramid = Pyramid(cells, base)
    for _ in range(3):
        number = data.draw(st.integers(0, len(pyramid.shapes) - 1), "level looked at")
        height, width = pyramid.shapes[number]
        top, bottom = sorted(data.draw(st.tuples(st.integers(0, height), st.integers(0, height)), "rows looked at"))
        pyramid.region(number, 0, top, width, bottom)
        at = rng.choice(size[0] * size[1], min(count, size[0] * size[1]), replace=False)
        y, x = np.divmod(at, size[1])
        cells = Cells(cells.plane.copy(), known, few)
        cells.plane[y, x] = rng.integers(0, 13, at.size, np.uint8)
        pyramid.update(cells, x, y)
    levels_are_right(pyramid, cells.plane)


@given(SIZES, BASES, BASES, st.integers(0, 2**32))
@fixture_is_no_example
def test_the_memory_of_another_pyramid_shows_nothing_of_it(
    size: tuple[int, int], base: int, other: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    old = Pyramid(Cells(rng.integers(0, 13, size, np.uint8)), other)
    old.level(len(old.shapes) - 1)
    plane = rng.integers(0, 13, size, np.uint8)
    levels_are_right(Pyramid(Cells(plane), base, old), plane)


@given(SIZES, st.data())
@fixture_is_no_example
def test_a_region_is_part_of_its_level(size: tuple[int, int], data: st.DataObject) -> None:
    plane = np.random.default_rng(size[0]).integers(0, 13, size, np.uint8)
    pyramid = Pyramid(Cells(plane), data.draw(BASES))
    number = data.draw(st.integers(0, len(pyramid.shapes) - 1))
    height, width = pyramid.shapes[number]
    left, right = sorted(data.draw(st.tuples(st.integers(0, width), st.integers(0, width))))
    top, bottom = sorted(data.draw(st.tuples(st.integers(0, height), st.integers(0, height))))
    expected = level_of(plane, number)[top:bottom, left:right]
    assert np.array_equal(pyramid.region(number, left, top, right, bottom), expected)


@given(SIZES, BASES, st.integers(0, 2**32), st.booleans())
@fixture_is_no_example
def test_a_complete_pyramid_looks_at_no_cell_again(size: tuple[int, int], base: int, seed: int, known: bool) -> None:
    plane = np.random.default_rng(seed).integers(0, 13, size, np.uint8)
    cells = Cells(plane, known)
    pyramid = Pyramid(cells, base)
    pyramid.level(len(pyramid.shapes) - 1)
    list(pyramid.complete())
    assert pyramid.is_complete
    cells.plane = np.zeros((0, 0), np.uint8)
    for number in range(1, len(pyramid.shapes)):
        assert np.array_equal(pyramid.level(number), level_of(plane, number)), number


def test_one_bad_cell_of_millions_is_in_every_level() -> None:
    plane = np.full((4096, 4096), 7, np.uint8)
    pyramid = Pyramid(Cells(plane), 3)
    pyramid.level(1)
    plane[1333, 2741] = 12
    pyramid.update(Cells(plane), np.array([2741]), np.array([1333]))
    for number in range(len(pyramid.shapes)):
        level = pyramid.level(number)
        assert level[1333 >> number, 2741 >> number] == 12
        assert (level == 12).sum() == 1


@pytest.mark.parametrize(("cell", "number"), [(8, 0), (1, 0), (0.99, 1), (0.5, 1), (0.26, 2), (0.001, 7)])
def test_the_level_has_cells_of_a_pixel_or_more(cell: float, number: int) -> None:
    assert Pyramid(Cells(np.zeros((100, 128), np.uint8))).level_for(cell) == number
