"""The camera: zoom about a point, limits, and cells of whole pixels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.view.map.camera import LADDER, Camera

MAPS = st.tuples(st.sampled_from([32, 320, 4096, 20480]), st.integers(1, 16000))
VIEWS = st.tuples(st.integers(200, 2000), st.integers(150, 1200))


def fitted(size: tuple[int, int], view: tuple[int, int]) -> Camera:
    return Camera(*size, *view).fitted()


@given(MAPS, VIEWS)
def test_fit_shows_all(size: tuple[int, int], view: tuple[int, int]) -> None:
    camera = fitted(size, view)
    left, top = camera.to_view(0, 0)
    right, bottom = camera.to_view(*size)
    assert left >= 0 and top >= 0
    assert right <= view[0] and bottom <= view[1]
    assert camera.is_fit


@given(MAPS, VIEWS, st.integers(1, 30), st.floats(0, 1), st.floats(0, 1))
def test_zoom_keeps_what_is_under_the_pointer(
    size: tuple[int, int], view: tuple[int, int], steps: int, across: float, down: float
) -> None:
    # The middle of the map in the middle of the view: limits do not interfere.
    camera = fitted(size, view)
    px, py = camera.to_view(size[0] * (0.3 + 0.4 * across), size[1] * (0.3 + 0.4 * down))
    before = camera.at(px, py)
    zoomed = camera.zoomed(steps, px, py)
    after = zoomed.at(px, py)
    if zoomed.cell * size[0] > 4 * view[0] and zoomed.cell * size[1] > 4 * view[1]:
        assert after == pytest.approx(before, abs=1 / zoomed.cell)


@given(MAPS, VIEWS, st.lists(st.sampled_from([-3, -1, 1, 2]), max_size=20))
def test_out_is_never_smaller_than_fit(size: tuple[int, int], view: tuple[int, int], walk: list[int]) -> None:
    camera = fitted(size, view)
    for steps in walk:
        camera = camera.zoomed(steps, view[0] / 3, view[1] / 2)
        assert camera.fit_cell <= camera.cell <= LADDER[-1]
    assert camera.zoomed(-99, 0, 0) == fitted(size, view)


def test_cells_have_whole_pixels_at_whole_places() -> None:
    camera = fitted((320, 205), (903, 561)).zoomed(4, 311, 97)
    assert camera.cell == int(camera.cell) > 1
    assert (camera.left * camera.cell) % 1 == pytest.approx(0, abs=1e-9)
    moved = camera.panned(13, 7)
    assert moved.to_view(0, 0)[0] - camera.to_view(0, 0)[0] == pytest.approx(13)


def test_revealing_moves_no_more_than_needed() -> None:
    camera = Camera(1000, 1000, 400, 300, 20.0).centred(500, 500)
    assert camera.revealing(500, 500) == camera
    moved = camera.revealing(480, 500)
    assert moved.top == camera.top
    x, _ = moved.to_view(480, 500)
    assert 0 <= x <= 40


def test_resize_keeps_the_middle_or_the_fit() -> None:
    camera = fitted((320, 205), (900, 560))
    assert camera.resized(500, 400).is_fit
    near = camera.zoomed(5, 450, 280)
    assert near.resized(700, 500).at(350, 250) == pytest.approx(near.at(450, 280), abs=1 / near.cell)


def test_a_tiny_view_does_no_harm() -> None:
    camera = Camera(320, 205, 1.0, 1.0).fitted()
    assert camera.cell > 0
    assert camera.zoomed(3, 0, 0).resized(0, 0).cell > 0
