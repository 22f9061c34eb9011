"""Long work in slices: nothing is lost between two of them, and the last may be short."""

from __future__ import annotations

import pytest

from hwpoison_gui.view.base.slicing import slices_of


@pytest.mark.parametrize(
    ("count", "slices"), [(0, []), (2, [[0, 1]]), (3, [[0, 1, 2]]), (7, [[0, 1, 2], [3, 4, 5], [6]])]
)
def test_slices_of(count: int, slices: list[list[int]]) -> None:
    assert list(slices_of(range(count), 3)) == slices
