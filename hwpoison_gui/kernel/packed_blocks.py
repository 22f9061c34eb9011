"""Blocks of 512 keys, as packed stores divide their records: which are leaves, and what each holds."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]

BITS: Final = 9
LAST: Final = (1 << BITS) - 1
NONE: Final = -1  # marks an empty place in a leaf; values are never negative
CODES: Final = ("b", "i", "q")  # type codes of leaves, the narrowest first
MOST: Final = np.array([(1 << 7) - 1, (1 << 31) - 1])  # the greatest value of a leaf, but for the widest
# Number of records in a block from which a leaf of each width needs less memory than the dictionary.
DENSE: Final = np.array([8, 20, 32])
EMPTY: Final = tuple(array(code, [NONE]) * (LAST + 1) for code in CODES)


Leaf = tuple[int, int, int, "array[int]"]  # number of its row, keys divided by 512, number of records, places


def places_of(leaf: array[int]) -> npt.NDArray[np.signedinteger[Any]]:
    """The places of a leaf, shape (512,), which can be written to."""
    return np.frombuffer(leaf, leaf.typecode)


def ascending(keys: I64, values: I64) -> tuple[I64, I64]:
    """Records ascending by key; of several with the same key the last one."""
    if not (keys[1:] > keys[:-1]).all():
        order = np.argsort(keys, kind="stable")
        keys, values = keys[order], values[order]
        last = np.append(keys[1:] != keys[:-1], True)[: len(keys)]
        keys, values = keys[last], values[last]
    return keys, values


def blocks_in(keys: I64, ends: I64 | None = None) -> tuple[I64, I64]:
    """Return the index of the first record of each block, and the number of its records.

    Keys ascend, again from each but the last of `ends` on; without `ends` all ascend.
    """
    blocks = keys >> BITS
    begins = np.ones(len(keys), np.bool_)
    begins[1:] = blocks[1:] != blocks[:-1]
    if ends is not None:
        begins[ends[:-1]] = True
    starts = np.flatnonzero(begins)
    counts = np.full(len(starts), len(keys))
    counts[:-1] = starts[1:]
    return starts, counts - starts


def packed(keys: I64, values: I64, ends: I64) -> tuple[Iterator[Leaf], list[tuple[int, int]], list[int]]:
    """The leaves of several rows of records, the records of blocks that are none, and where those of each row end.

    Parameters
    ----------
    keys, values
        Shape (records,), not negative. The keys of each row ascend.
    ends
        Where the records of each row end, shape (rows,); none is empty.
    """
    starts, counts = blocks_in(keys, ends)
    widths = np.searchsorted(MOST, np.maximum.reduceat(values, starts))
    dense = counts >= DENSE[widths]
    loose = np.repeat(~dense, counts)
    items = list(zip(keys[loose].tolist(), values[loose].tolist(), strict=True))
    numbers = np.searchsorted(ends, starts, "right")
    blocks = np.stack((numbers, starts, counts, widths))[:, dense]
    return _leaves(keys, values, blocks), items, np.cumsum(loose)[ends - 1].tolist()


def _leaves(keys: I64, values: I64, blocks: I64) -> Iterator[Leaf]:
    """The leaves of blocks, shape (4, blocks): number of the row, where its records begin, how many, width."""
    for number, start, count, width in blocks.T.tolist():
        leaf, part = EMPTY[width][:], slice(start, start + count)
        places_of(leaf)[keys[part] & LAST] = values[part]
        yield number, int(keys[start]) >> BITS, count, leaf
