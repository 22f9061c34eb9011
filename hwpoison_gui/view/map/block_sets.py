"""Sets of the numbers in each block of cells, by which the map of a terabyte is known for every lens.

A lens gives each number a code, and a cell of a level of the pyramid shows the highest code of its block. With the
set of numbers of each block at hand, that is a few look-ups per block instead of one per frame.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.view.map.layout import Layout
from hwpoison_gui.view.map.look_up import translated

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]

_BYTES: Final = 32  # bytes of a set: a bit for each number below 256
_BITS: Final[U8] = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
_FEW: Final = 1 / 8  # share of stale rows up to which they are renewed at once


class BlockSets:
    """The sets of all blocks of 2**level by 2**level cells under a layout.

    They are found row by row of blocks. A row is stale until then, and again once a number in it has changed.
    """

    def __init__(self, layout: Layout, level: int) -> None:
        self.layout, self.level = layout, level
        size = 1 << level
        self._shape = -(-layout.height // size), -(-layout.width // size)
        self._bytes: list[U8] = []  # of all sets, as many as numbers need; bit i of byte j: number 8 j + i occurs
        self._stale = np.ones(self._shape[0], np.bool_)
        self._block_of: I64 = np.arange(layout.width, dtype=np.int64) >> level

    @property
    def is_stale(self) -> bool:
        """Whether any row is stale."""
        return bool(self._stale.any())

    def forget(self, pfns: I64) -> None:
        """Make the rows of frames stale."""
        self._stale[self.layout.positions(pfns)[1] >> self.level] = True

    def renew(self, numbers: U8) -> Generator[float, None, None]:
        """Find the sets of stale rows in `numbers`, shape (height, width); yields the share of fresh rows."""
        for row in np.flatnonzero(self._stale).tolist():
            self._renew_row(numbers, row)
            yield row / len(self._stale)

    def _renew_row(self, numbers: U8, row: int) -> None:
        cells = numbers[row << self.level : (row + 1) << self.level]
        used = (int(cells.max()) >> 3) + 1
        occurs = np.zeros(self._shape[1] * used * 8, np.bool_)
        start = self._block_of * (used * 8)
        for line in cells:
            occurs[start + line] = True
        while len(self._bytes) < used:
            self._bytes.append(np.zeros(self._shape, np.uint8))
        packed = np.packbits(occurs, bitorder="little").reshape(-1, used)
        for number, plane in enumerate(self._bytes):
            plane[row] = packed[:, number] if number < used else 0
        self._stale[row] = False

    def maxima(self, numbers: U8, table: U8) -> U8 | None:
        """Return the highest code of each block, shape (rows, columns); None if many rows are stale.

        `numbers`: see `renew`. `table`: code by number, shape (256,).
        """
        if np.count_nonzero(self._stale) > _FEW * len(self._stale):
            return None
        for _ in self.renew(numbers):
            pass
        highest = (_BITS * table.reshape(_BYTES, 1, 8)).max(axis=2)  # code by byte of a set
        found: U8 = np.zeros(self._shape, np.uint8)
        for part, code_of in zip(self._bytes, highest, strict=False):
            np.maximum(found, translated(part, code_of), out=found)
        return found
