"""Layouts along the Hilbert and Morton curves: frames that are close in memory are close on the map.

The curve is divided into tiles of at most 64 by 64 cells. One table holds the order of cells inside a tile, another
the position of each tile, so a plane is arranged tile by tile, and a cell is found with two look-ups whatever the
size of the machine. On both curves a 2 MiB block is a rectangle of 32 by 16 or 16 by 32 cells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.view.map.layout import I64, Rearranged, Segments

Walk = Callable[[I64, int], tuple[I64, I64]]

_TILE_BITS: Final = 6  # a tile is 64 cells wide
_AT_ONCE: Final = 256  # tiles arranged at a time


def morton(numbers: I64, bits: int) -> tuple[I64, I64]:
    """Return column and row on the Morton curve, whose index interleaves their bits."""
    x, y = np.zeros_like(numbers), np.zeros_like(numbers)
    for bit in range(bits):
        x |= (numbers >> 2 * bit & 1) << bit
        y |= (numbers >> 2 * bit + 1 & 1) << bit
    return x, y


def hilbert(numbers: I64, bits: int) -> tuple[I64, I64]:
    """Return column and row on the Hilbert curve through a square of 2**bits cells a side, between its top corners."""
    x, y = np.zeros_like(numbers), np.zeros_like(numbers)
    for bit in range(bits):
        side = 1 << bit
        right = numbers >> 2 * bit + 1 & 1
        down = (numbers >> 2 * bit ^ right) & 1
        turned, mirrored = down == 0, (down == 0) & (right == 1)
        x, y = np.where(mirrored, side - 1 - x, x), np.where(mirrored, side - 1 - y, y)
        x, y = np.where(turned, y, x), np.where(turned, x, y)
        x, y = x + side * right, y + side * down
    return x, y


class Curve(Rearranged):
    """Frames along a curve through one square, or two side by side; empty edges are cut off."""

    has_rows = False

    def __init__(self, frames: int, walk: Walk) -> None:
        self.frames = frames
        self._walk = walk
        bits = max(2, (frames - 1).bit_length())
        self._square = bits // 2  # log2 of the side of a square
        self._tile = min(self._square, _TILE_BITS)
        self._area = 1 << 2 * self._tile
        count = -(-frames // self._area)
        tiles = np.arange(count, dtype=np.int64) << 2 * self._tile
        # A tile lies at the corner of its frames; three of them identify the course of the curve inside it.
        side = 1 << self._tile
        x, y = self._places(tiles)
        self._tile_x, self._tile_y = x >> self._tile, y >> self._tile
        self._sort, self._sorts = self._sorts_of(tiles, side)
        self._order: I64 = np.argsort(self._sorts, axis=1)  # position along the curve of each cell of a tile
        super().__init__(frames, *self._size())
        shape = int(self._tile_y.max()) + 1, int(self._tile_x.max()) + 1
        self._tile_at = np.full(shape, -1, np.int64)
        self._tile_at[self._tile_y, self._tile_x] = np.arange(count)

    def _places(self, pfns: I64) -> tuple[I64, I64]:
        """Return columns and rows computed from the curve itself, without the tables."""
        bits = self._square
        x, y = self._walk(pfns & (1 << 2 * bits) - 1, bits)
        return x + (pfns >> 2 * bits << bits), y

    def _sorts_of(self, tiles: I64, side: int) -> tuple[I64, npt.NDArray[np.int64]]:
        """Return the number of each tile's course, and the cells (row * side + column) of every course in order."""
        if self._tile == self._square and len(tiles) <= 2:
            probes = np.zeros(len(tiles), np.int64)
        else:
            key = np.zeros(len(tiles), np.int64)
            for probe in (0, 1, self._area - 1):
                x, y = self._places(tiles + probe)
                key = key * self._area + (y % side) * side + x % side
            probes = key
        _, first, sort = np.unique(probes, return_index=True, return_inverse=True)
        rows = []
        for tile in tiles[first].tolist():
            x, y = self._places(np.arange(tile, tile + self._area))
            rows.append((y % side) * side + x % side)
        return sort.astype(np.int64), np.array(rows)

    def _size(self) -> tuple[int, int]:
        """Return the numbers of columns and rows that have frames."""
        full = self.frames // self._area
        side = 1 << self._tile
        width = (int(self._tile_x[:full].max()) + 1) * side if full else 0
        height = (int(self._tile_y[:full].max()) + 1) * side if full else 0
        x, y = self._places(np.arange(full * self._area, self.frames, dtype=np.int64))
        return max(width, int(x.max(initial=-1)) + 1), max(height, int(y.max(initial=-1)) + 1)

    def positions(self, pfns: I64) -> tuple[I64, I64]:
        pfns = np.asarray(pfns, np.int64)
        tile, rest = pfns >> 2 * self._tile, pfns & self._area - 1
        cell = self._sorts[self._sort[tile], rest]
        mask = (1 << self._tile) - 1
        return self._tile_x[tile] << self._tile | cell & mask, self._tile_y[tile] << self._tile | cell >> self._tile

    def pfns_at(self, x: I64, y: I64) -> I64:
        inside = (x >= 0) & (y >= 0) & (x < self.width) & (y < self.height)
        x, y = np.where(inside, x, 0), np.where(inside, y, 0)
        tile = self._tile_at[y >> self._tile, x >> self._tile]
        mask = (1 << self._tile) - 1
        cell = (y & mask) << self._tile | x & mask
        pfns = tile << 2 * self._tile | self._order[self._sort[tile], cell]
        return np.where(inside & (tile >= 0) & (pfns < self.frames), pfns, -1)

    def arrange(self, codes: npt.NDArray[Any], out: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        side, count = 1 << self._tile, len(self._sort)
        tall, wide = self._tile_at.shape
        fits = (tall * side, wide * side) == (self.height, self.width)
        whole = np.zeros((tall * side, wide * side), codes.dtype) if out is None or not fits else out
        by_tile = whole.reshape(tall, side, wide, side)
        size = count * self._area
        if len(codes) < size:
            codes = np.concatenate((codes, np.zeros(size - len(codes), codes.dtype)))
        tiles = codes[:size].reshape(count, self._area)
        for sort, order in enumerate(self._order):
            mine = np.flatnonzero(self._sort == sort)
            for first in range(0, len(mine), _AT_ONCE):  # as many as fit the processor's cache
                some = mine[first : first + _AT_ONCE]
                shaped = tiles[some].take(order, axis=1, mode="wrap").reshape(-1, side, side)
                by_tile[self._tile_y[some], :, self._tile_x[some], :] = shaped
        if out is None:
            return np.ascontiguousarray(whole[: self.height, : self.width])
        if out is not whole:
            out[:] = whole[: self.height, : self.width]
        return out

    def borders(self, block: int, left: int, top: int, right: int, bottom: int) -> Segments:
        """See Layout: the outline of each block, spanned by the first frames of its four quarters."""
        step = 1 << max(0, block.bit_length() - 1) // 2
        x, y = np.meshgrid(np.arange(left, right + step, step), np.arange(top, bottom + step, step))
        pfns = self.pfns_at(np.minimum(x.ravel(), self.width - 1), np.minimum(y.ravel(), self.height - 1))
        starts = np.unique(pfns[pfns >= 0] // block) * block
        corners = [self.positions(np.minimum(starts + part * block // 4, self.frames - 1)) for part in range(4)]
        xs, ys = (np.array([corner[n] // step for corner in corners]) * step for n in (0, 1))
        x1, x2, y1, y2 = xs.min(axis=0), xs.max(axis=0) + step, ys.min(axis=0), ys.max(axis=0) + step
        boxes = [(x1, y1, x2, y1), (x2, y1, x2, y2), (x1, y2, x2, y2), (x1, y1, x1, y2)]
        return np.concatenate([np.column_stack(box) for box in boxes])


class Hilbert(Curve):
    """The Hilbert curve: consecutive frames are always adjacent."""

    def __init__(self, frames: int) -> None:
        super().__init__(frames, hilbert)


class Morton(Curve):
    """The Morton curve: every aligned block is a square, or two."""

    def __init__(self, frames: int) -> None:
        super().__init__(frames, morton)
