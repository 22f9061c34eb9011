"""Linear algebra over GF(2): rows of a matrix are integers, bit j of row i is the entry (i, j)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]

_TABLE_BITS = 12  # bits of the argument that one look-up table of a LinearMap covers: 32 KiB each
_AT_ONCE = 1 << 15  # vectors mapped at a time: intermediate arrays stay in the cache


def apply(rows: Sequence[int], vector: int) -> int:
    """The product of a matrix and a vector: bit i is the parity of `rows[i] & vector`."""
    return sum(((row & vector).bit_count() & 1) << place for place, row in enumerate(rows))


def transposed(rows: Sequence[int], columns: int) -> list[int]:
    """The columns of a matrix as integers: bit i of column j is the entry (i, j)."""
    return [sum((row >> column & 1) << place for place, row in enumerate(rows)) for column in range(columns)]


def reduced(rows: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    """Gaussian elimination, in which the first of dependent rows stays.

    Returns
    -------
    basis : list of int
        Independent combinations of the rows; each has a highest bit that no other has.
    made_of : list of int
        For each of the basis, the rows that it is the sum of: bit i for `rows[i]`.
    dependent : list of int
        Sets of rows (bit i for `rows[i]`) whose sum is 0, one for each row that depends on those before it.
    """
    basis: list[int] = []
    made_of: list[int] = []
    dependent: list[int] = []
    for place, row in enumerate(rows):
        made = 1 << place
        for other, other_made in zip(basis, made_of, strict=True):
            if row >> other.bit_length() - 1 & 1:
                row, made = row ^ other, made ^ other_made
        if not row:
            dependent.append(made)
            continue
        top = row.bit_length() - 1
        for at, other in enumerate(basis):
            if other >> top & 1:
                basis[at], made_of[at] = other ^ row, made_of[at] ^ made
        basis.append(row)
        made_of.append(made)
    return basis, made_of, dependent


def inverse(rows: Sequence[int]) -> list[int]:
    """The inverse of an invertible square matrix."""
    basis, made_of, _ = reduced(rows)
    by_bit = {row: made for row, made in zip(basis, made_of, strict=True)}
    return [by_bit[1 << column] for column in range(len(rows))]


def kernel(rows: Sequence[int], columns: int) -> list[int]:
    """A basis of the vectors of `columns` bits that a matrix maps to 0."""
    basis, _, _ = reduced(rows)
    tops = [row.bit_length() - 1 for row in basis]
    free = [column for column in range(columns) if column not in tops]
    return [
        1 << column | sum(1 << top for row, top in zip(basis, tops, strict=True) if row >> column & 1)
        for column in free
    ]


def solution(rows: Sequence[int], values: int) -> int | None:
    """A vector that a matrix maps to `values` (bit i for `rows[i]`); None if there is none."""
    basis, made_of, dependent = reduced(rows)
    if any((made & values).bit_count() & 1 for made in dependent):
        return None
    tops = (1 << row.bit_length() - 1 for row in basis)
    return sum(top for top, made in zip(tops, made_of, strict=True) if (made & values).bit_count() & 1)


def without_low_bits(rows: Sequence[int], low: int) -> list[int]:
    """A basis of the sums of rows in which the `low` lowest bits are 0, each with the rows that it is the sum of.

    Returns
    -------
    list of int
        For each, the set of rows as an integer: bit i for `rows[i]`. The highest row of each is in no other.
    """
    mask = (1 << low) - 1
    return reduced(kernel(transposed([row & mask for row in rows], low), len(rows)))[0]


def sums(vectors: Sequence[int]) -> U64:
    """All sums of independent vectors: 2**len(vectors) numbers, ascending if each has a highest bit of its own."""
    found = np.zeros(1, np.uint64)
    for vector in sorted(vectors):
        found = np.concatenate((found, found ^ np.uint64(vector)))
    return found


class LinearMap:
    """A matrix that is applied to arrays of vectors, 12 bits at a time by look-up tables."""

    def __init__(self, rows: Sequence[int], columns: int) -> None:
        images = transposed(rows, columns)
        self._tables: list[tuple[np.uint64, U64]] = []
        for first in range(0, columns, _TABLE_BITS):
            table = np.zeros(1, np.uint64)
            for image in images[first : first + _TABLE_BITS]:
                table = np.concatenate((table, table ^ np.uint64(image)))
            self._tables.append((np.uint64(first), table))

    def __call__(self, vectors: U64) -> U64:
        """The products of the matrix with vectors; bits beyond its columns must be 0."""
        found = np.zeros(vectors.shape, np.uint64)
        given, made = vectors.reshape(-1), found.reshape(-1)
        for start in range(0, len(given), _AT_ONCE):
            some, out = given[start : start + _AT_ONCE], made[start : start + _AT_ONCE]
            for first, table in self._tables:
                out ^= table[(some >> first & np.uint64(len(table) - 1)).view(np.int64)]
        return found
