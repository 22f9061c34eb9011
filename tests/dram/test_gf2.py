"""Linear algebra over GF(2), against matrices multiplied by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.dram import gf2

MATRICES = st.integers(1, 9).flatmap(lambda n: st.lists(st.integers(0, (1 << n) - 1), min_size=n, max_size=n))


def _sum_of(rows: list[int], chosen: int) -> int:
    found = 0
    for place, row in enumerate(rows):
        found ^= row if chosen >> place & 1 else 0
    return found


@given(MATRICES)
def test_elimination_says_what_each_row_is_made_of(rows: list[int]) -> None:
    basis, made_of, dependent = gf2.reduced(rows)
    assert [_sum_of(rows, made) for made in made_of] == basis
    assert [_sum_of(rows, made) for made in dependent] == [0] * len(dependent)
    assert len(basis) + len(dependent) == len(rows)
    tops = [row.bit_length() - 1 for row in basis]
    assert all(sum(row >> top & 1 for row in basis) == 1 for top in tops)


@given(MATRICES)
def test_kernel_and_basis_make_up_the_whole(rows: list[int]) -> None:
    kernel = gf2.kernel(rows, len(rows))
    assert len(kernel) + len(gf2.reduced(rows)[0]) == len(rows)
    assert all(gf2.apply(rows, vector) == 0 for vector in kernel)


@given(MATRICES, st.integers(0, 511))
def test_a_solution_is_found_where_there_is_one(rows: list[int], vector: int) -> None:
    values = gf2.apply(rows, vector & (1 << len(rows)) - 1)
    found = gf2.solution(rows, values)
    assert found is not None and gf2.apply(rows, found) == values


def test_a_contradiction_has_no_solution() -> None:
    assert gf2.solution([0b11, 0b11], 0b01) is None


@given(MATRICES)
def test_maps_of_arrays_are_the_products(rows: list[int]) -> None:
    vectors = np.arange(1 << len(rows), dtype=np.uint64)
    found = gf2.LinearMap(rows, len(rows))(vectors)
    assert found.tolist() == [gf2.apply(rows, vector) for vector in range(len(vectors))]


def test_sums_are_ascending_and_all() -> None:
    assert gf2.sums([0b1001, 0b0100]).tolist() == [0, 4, 9, 13]


def test_sums_without_low_bits() -> None:
    # rows 0 and 2 agree in the two low bits; row 1 is 0 there
    assert gf2.without_low_bits([0b0101, 0b1000, 0b1001], 2) == [0b101, 0b010]
