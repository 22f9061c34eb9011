"""Sets of the numbers in each block of cells: what they tell against the cells themselves."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.map import pyramid
from hwpoison_gui.view.map.block_sets import BlockSets
from hwpoison_gui.view.map.codes import FOUND, Codes, Exceptions, Filter
from hwpoison_gui.view.map.frame_bytes import Held
from hwpoison_gui.view.map.layout import RowMajor
from hwpoison_gui.view.map.layout_curves import Hilbert
from hwpoison_gui.view.map.lenses import STATE
from hwpoison_gui.view.map.plane import FramePlane
from tests.view.map.plain import level_of, levels_of, remade

LEVEL = 3


def held_of(layout: RowMajor | Hilbert, numbers: np.ndarray) -> Held:
    held = Held(layout.frames + 200)
    held.values[: layout.frames] = numbers
    held.arrange(layout)
    return held


def exceptions_of(layout: RowMajor, pfns: Iterable[int]) -> Exceptions:
    at = np.array(pfns, np.int64)
    return Exceptions.of(layout, at, np.full(len(at), 2, np.uint8))


def expected(held: Held, layout: RowMajor | Hilbert, table: np.ndarray) -> np.ndarray:
    return level_of(table[held.shown(layout)], LEVEL)


@given(st.integers(1, 3000), st.integers(1, 150), st.integers(1, 256), st.booleans(), st.integers(0, 2**32))
def test_maxima_of_any_numbers(frames: int, width: int, numbers: int, curve: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layout = Hilbert(frames) if curve else RowMajor(frames, width)
    held = held_of(layout, rng.integers(0, numbers, frames))
    to_the_end(held.find_sets(layout, LEVEL))
    for _ in range(2):
        table = rng.integers(0, 256, 256).astype(np.uint8)
        found = held.maxima(layout, LEVEL, table)
        assert found is not None
        assert np.array_equal(found, expected(held, layout, table))
        some = rng.choice(frames, min(frames, 5), replace=False)
        held.put(some, rng.integers(0, 256, len(some)).astype(np.uint8))
        to_the_end(held.find_sets(layout, LEVEL))


def test_small_blocks_wide_numbers_and_another_arrangement_need_none() -> None:
    rows, curve = RowMajor(3000, 70), Hilbert(3000)
    held = held_of(rows, np.full(3000, 9))
    assert [held.needs_sets(rows, level) for level in (1, 2, 3)] == [False, True, True]
    assert not held.needs_sets(curve, LEVEL)
    held.arrange(curve)
    assert held.needs_sets(curve, LEVEL)
    assert not held.needs_sets(rows, LEVEL)
    assert not Held(3200, np.uint16).needs_sets(rows, LEVEL)


def test_few_stale_rows_are_renewed_when_asked_many_are_not() -> None:
    layout, table = RowMajor(64 * 160, 64), np.arange(256, dtype=np.uint8)
    held = held_of(layout, np.full(layout.frames, 3))
    assert held.needs_sets(layout, LEVEL)
    assert held.maxima(layout, LEVEL, table) is None
    to_the_end(held.find_sets(layout, LEVEL))
    assert not held.needs_sets(layout, LEVEL)
    held.put(np.array([70, 64 * 100]), np.array([200, 1], np.uint8))  # two rows of twenty
    assert held.needs_sets(layout, LEVEL)
    found = held.maxima(layout, LEVEL, table)
    assert found is not None
    assert found[0, 0] == 200
    assert np.count_nonzero(found == 3) == found.size - 1
    held.put(np.arange(0, layout.frames, 64), np.full(160, 9, np.uint8))
    assert held.maxima(layout, LEVEL, table) is None


def test_a_number_that_is_gone_is_forgotten() -> None:
    layout, table = RowMajor(64 * 64, 64), np.arange(256, dtype=np.uint8)
    held = held_of(layout, np.full(layout.frames, 3))
    for number in (255, 3):
        held.put(np.array([5]), np.array([number], np.uint8))
        to_the_end(held.find_sets(layout, LEVEL))
        found = held.maxima(layout, LEVEL, table)
        assert found is not None
        assert found[0, 0] == number


@pytest.mark.parametrize("other", [RowMajor(4096, 32), Hilbert(4096)], ids=["rows", "curve"])
def test_sets_of_another_layout_are_not_taken(other: RowMajor | Hilbert) -> None:
    layout, table = RowMajor(4096, 64), np.arange(256, dtype=np.uint8)
    held = held_of(layout, np.arange(4096) % 251)
    to_the_end(held.find_sets(layout, LEVEL))
    held.arrange(other, again=False)
    assert held.maxima(other, LEVEL, table) is None
    assert held.maxima(layout, LEVEL + 1, table) is None


def test_work_that_another_layout_overtook_ends() -> None:
    layout = RowMajor(64 * 160, 64)
    held = held_of(layout, np.full(layout.frames, 3))
    work = held.find_sets(layout, LEVEL)
    next(work)
    held.arrange(Hilbert(layout.frames))
    assert list(work) == []
    assert held.maxima(layout, LEVEL, np.zeros(256, np.uint8)) is None


def test_an_index_that_another_lens_overtook_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyramid, "_BAND", 1000)
    flags, counts = np.resize(np.array([pf.LRU, pf.SLAB, pf.BUDDY], np.uint64), 20_000), np.zeros(20_000, np.int32)
    plane = FramePlane(flags, counts, counts, 200)
    plane.seen(50, 50)
    assert plane.pyramid.base == LEVEL
    to_the_end(plane._ids.find_sets(plane.layout, LEVEL))
    plane.pyramid.level(plane.pyramid.base)
    work = plane.index()
    next(work)
    plane.set_lens(STATE)
    assert list(work) == []
    assert plane.needs_index()
    to_the_end(plane.index())
    assert not plane.needs_index()
    for number, level in enumerate(levels_of(plane)):
        assert np.array_equal(level, remade(plane, {})[number]), number


def test_a_code_of_every_number_is_shown() -> None:
    """One number a block: each bit of a set is looked up for itself."""
    size = 1 << LEVEL
    layout = RowMajor(256 * size * size, 256 * size)
    held = held_of(layout, np.tile(np.repeat(np.arange(256), size), size))
    to_the_end(held.find_sets(layout, LEVEL))
    table = np.random.default_rng(1).permutation(256).astype(np.uint8)
    found = held.maxima(layout, LEVEL, table)
    assert found is not None
    assert found[0].tolist() == table.tolist()
    codes = Codes(layout, held, table)
    assert codes.maxima(LEVEL).tolist() == found.tolist()  # type: ignore[union-attr]


@given(st.integers(1, 60), st.booleans(), st.integers(0, 2**32))
def test_frames_with_a_code_of_their_own_are_shown_with_it(some: int, filtered: bool, seed: int) -> None:
    """Poison over a sheet, or frames that an operation touched: their code may be lower than that of the table."""
    rng = np.random.default_rng(seed)
    layout = RowMajor(3000, 70)
    held = held_of(layout, rng.integers(1, 20, 3000))
    table = rng.integers(1, 90, 256).astype(np.uint8) | np.uint8(FOUND * filtered)
    pfns = rng.choice(3000, some, replace=False)
    codes = Codes(layout, held, table, None, Exceptions.of(layout, pfns, rng.integers(1, 90, some).astype(np.uint8)))
    to_the_end(held.find_sets(layout, LEVEL))
    found = codes.maxima(LEVEL)
    assert found is not None
    assert np.array_equal(found, level_of(codes.region(0, 0, 70, layout.height), LEVEL))


def test_too_many_frames_with_a_code_of_their_own_are_left_to_the_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    layout, table = RowMajor(3000, 70), np.arange(256, dtype=np.uint8)
    held = held_of(layout, np.full(3000, 9))
    codes = Codes(layout, held, table, None, exceptions_of(layout, range(40)))
    to_the_end(held.find_sets(layout, LEVEL))
    assert codes.maxima(LEVEL) is not None
    monkeypatch.setattr("hwpoison_gui.view.map.codes._MOST_CELLS", 39 << 2 * LEVEL)
    assert codes.maxima(LEVEL) is None


def test_a_filter_by_frames_is_left_to_the_cells() -> None:
    layout, table = RowMajor(3000, 70), np.arange(256, dtype=np.uint8)
    held = held_of(layout, np.full(3000, 9))
    to_the_end(held.find_sets(layout, LEVEL))
    assert Codes(layout, held, table).maxima(LEVEL) is not None
    assert Codes(layout, held, table, Filter(held, np.full(256, FOUND, np.uint8), None)).maxima(LEVEL) is None


def test_sets_take_memory_for_the_numbers_that_occur() -> None:
    layout = RowMajor(1 << 18, 512)
    for number, planes in ((7, 1), (8, 2), (255, 32)):
        sets = BlockSets(layout, LEVEL)
        to_the_end(sets.renew(np.full((512, 512), number, np.uint8)))
        assert sum(plane.nbytes for plane in sets._bytes) == planes * (1 << 18 >> 2 * LEVEL)
