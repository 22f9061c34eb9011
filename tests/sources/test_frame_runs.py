"""Columns as runs: every column comes back, and what contradicts itself is refused with the array's name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hwpoison_gui.sources.errors import MalformedError
from hwpoison_gui.sources.frame_runs import arrays_of, expand, runs_in, runs_of

MOST = 1 << 20


@given(arrays(np.uint64, st.integers(0, 40), elements=st.sampled_from([0, 1, 7, 255, 256, 1 << 42, (1 << 64) - 1])))
def test_every_column_comes_back(column: np.ndarray) -> None:
    made = arrays_of("kpageflags", column)
    expand(made, ["kpageflags"], MOST)
    assert list(made) == ["kpageflags"] and (made["kpageflags"] == column).all()


@pytest.mark.parametrize("size", [65_534, 65_535, 65_536, 131_071, 262_139, 262_140, 262_141, 300_000])
def test_long_runs_are_divided(size: int) -> None:
    column = np.zeros(size, np.uint64)
    column[size // 2 :] = 9
    runs = runs_of(column)
    assert runs.frames == size and (runs.expanded() == column).all()
    assert runs.lengths.dtype == np.uint16 and runs.words.dtype == np.uint8


def test_more_words_than_a_byte_numbers() -> None:
    column = np.arange(1000, dtype=np.uint64) << np.uint64(3)
    assert runs_of(column).ids.dtype == np.uint16 and (runs_of(column).expanded() == column).all()


@pytest.mark.parametrize(
    ("name", "array", "says"),
    [
        ("c_run", None, "c_run: the array is missing"),
        ("c_word", None, "c_word: the array is missing"),
        ("c_run", [1, 1, 1], "c_id: 3 runs expected, 2 there"),
        ("c_run", [0, 4], "c_run: runs of 1 to 65535 frames expected"),
        ("c_run", [-1, 4], "c_run: runs of 1 to 65535 frames expected"),
        ("c_run", [1, 1 << 62], "c_run: runs of 1 to 65535 frames expected"),
        ("c_id", [0, 2], "c_id: an index that is not below 2"),
        ("c_id", [0, -1], "c_id: an index that is not below 2"),
        ("c_run", [60_000, 60_000], "c_run: 120,000 frames; at most 100,000 are read"),
    ],
)
def test_what_contradicts_itself(name: str, array: list[int] | None, says: str) -> None:
    made = arrays_of("c", np.array([5, 5, 8], np.uint64))
    if array is None:
        del made[name]
    else:
        made[name] = np.array(array, np.int64)
    with pytest.raises(MalformedError) as refused:
        runs_in(made, "c", 100_000)
    assert str(refused.value) == says


def test_other_columns_are_left_alone() -> None:
    made = {"kpageflags": np.zeros(3, np.uint64)}
    assert runs_in(made, "kpageflags", 3) is None
    expand(made, ["kpageflags", "kpagecount"], 3)
    assert list(made) == ["kpageflags"]
