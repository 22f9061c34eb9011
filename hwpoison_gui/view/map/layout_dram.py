"""Layout by DRAM geometry: banks side by side, and a line of a bank is a row.

Low address bits choose channels and banks as well, so that a frame may have bytes in several banks, which have the
same frames in each of their rows: such banks are one block of the map. The rows of a block go down, and where they
would make the map too tall, on beside it: neighbours in DRAM stay neighbours. Frames in the hole below 4 GiB, where no
DRAM is, stand below all banks.
"""

from __future__ import annotations

from copy import copy
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.dram import gf2
from hwpoison_gui.dram.fault import frame_functions
from hwpoison_gui.dram.geometry import ABOVE_ROW, PAGE_SHIFT, Geometry
from hwpoison_gui.view.map.layout import I64, Layout, Rearranged, Segments

_USUAL: Final = (16.0, 10.0)  # shape of a view that is not known yet
_CHUNK: Final = 1 << 16  # cells arranged at a time
_GAP: Final = 3  # rows between the banks and the hole


class ByGeometry(Rearranged):
    """`geometry` is fitted to the machine (Geometry.fitted)."""

    has_rows = False

    def __init__(self, frames: int, geometry: Geometry) -> None:
        hole = geometry.hole
        self._hole = None if hole is None or hole.end >> PAGE_SHIFT > frames else hole
        dram = frames if self._hole is None else self._hole.dram_below(frames << PAGE_SHIFT) >> PAGE_SHIFT
        bits = max(1, (dram - 1).bit_length())
        rows, banks, within = _functions(geometry, bits)
        self._within, self._row_bits, self._bank_bits = len(within), len(rows), len(banks)
        functions = [*within, *rows, *banks]
        self._forward = gf2.LinearMap(functions, bits)
        self._backward = gf2.LinearMap(gf2.inverse(functions), bits)
        self._used = _largest(rows, dram) + 1  # rows of a bank
        self.frames = frames
        self._fold(min(self._folds(), key=lambda stripes: _misfit(*self._size(stripes), *_USUAL)))

    def of_shape(self, width: float, height: float, patience: float) -> Layout:
        room = max(1.0, width), max(1.0, height)
        best = min(self._folds(), key=lambda stripes: _misfit(*self._size(stripes), *room))
        now, then = (_misfit(*self._size(stripes), *room) for stripes in (self._stripes, best))
        if best == self._stripes or now <= then / patience:
            return self
        made = copy(self)
        made._fold(best)
        return made

    def _folds(self) -> list[int]:
        """In how many stripes the rows of a bank may stand side by side."""
        most = 1 << self._row_bits
        return sorted(times << bit for bit in range(self._row_bits + 1) for times in (1, 3) if times << bit <= most)

    def _size(self, stripes: int) -> tuple[int, int]:
        """Columns and rows of the map; with the hole below."""
        line = 1 << self._within
        gap = max(1, line // 8)
        block = stripes * (line + gap)
        width = (block + max(1, block // 16)) * (1 << self._bank_bits) - max(1, block // 16) - gap
        below = 0 if self._hole is None else _GAP - (-(self._hole.size >> PAGE_SHIFT) // width)
        return width, -(-self._used // stripes) + below

    def _fold(self, stripes: int) -> None:
        line = 1 << self._within
        self._stripes = stripes
        self._lines = -(-self._used // stripes)  # rows of one stripe
        self._pitch = line + max(1, line // 8)  # cells from a stripe to the next
        self._block = stripes * self._pitch + max(1, stripes * self._pitch // 16)  # and from a bank to the next
        self._top = self._lines + _GAP  # first row of the hole
        self.width, self.height = self._size(stripes)

    # -- frames and cells

    def positions(self, pfns: I64) -> tuple[I64, I64]:
        pfns = np.asarray(pfns, np.int64)
        dram = pfns if self._hole is None else self._hole.dram_of(pfns << PAGE_SHIFT) >> PAGE_SHIFT
        cell = self._forward(np.maximum(dram, 0).astype(np.uint64)).view(np.int64)
        within = cell & (1 << self._within) - 1
        row = cell >> self._within & (1 << self._row_bits) - 1
        bank = cell >> self._within + self._row_bits
        stripe, y = np.divmod(row, self._lines)
        x = bank * self._block + stripe * self._pitch + within
        if self._hole is not None:
            at = pfns - (self._hole.start >> PAGE_SHIFT)
            x, y = np.where(dram < 0, at % self.width, x), np.where(dram < 0, self._top + at // self.width, y)
        return x, y

    def pfns_at(self, x: I64, y: I64) -> I64:
        x, y = np.asarray(x, np.int64), np.asarray(y, np.int64)
        bank, inside = np.divmod(x, self._block)
        stripe, within = np.divmod(inside, self._pitch)
        row = stripe * self._lines + y
        there = (x >= 0) & (x < self.width) & (y >= 0) & (y < self._lines)
        there &= (within < 1 << self._within) & (row < 1 << self._row_bits) & (bank < 1 << self._bank_bits)
        cell = (bank << self._row_bits | row) << self._within | within
        found = self._frames(np.where(there, cell, 0))
        pfns = np.where(there & (found < self.frames), found, -1)
        if self._hole is not None:
            at = (y - self._top) * self.width + x
            lower = (y >= self._top) & (x >= 0) & (x < self.width) & (at < self._hole.size >> PAGE_SHIFT)
            pfns = np.where(lower, at + (self._hole.start >> PAGE_SHIFT), pfns)
        return pfns

    def _frames(self, cells: I64) -> I64:
        """Frames of packed cells; beyond the last frame where there is none."""
        return self._physical(self._linear(cells))

    def _linear(self, cells: I64) -> I64:
        """The number in DRAM of the frame of each packed cell."""
        return self._backward(cells.astype(np.uint64)).view(np.int64)

    def _physical(self, dram: I64) -> I64:
        """Frames by their number in DRAM, which leaves the hole out; beyond the last frame where there is none."""
        if self._hole is None:
            return dram
        pfns = self._hole.physical_of(dram << PAGE_SHIFT) >> PAGE_SHIFT
        return np.where(pfns < 0, self.frames, pfns)

    def arrange(self, codes: npt.NDArray[Any], out: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        plane = np.zeros((self.height, self.width), codes.dtype) if out is None else out
        # The number of a frame is linear over GF(2): that of its row and of its bank, and what its place there adds.
        line = self._linear(np.arange(1 << self._within))
        banks = self._linear(np.arange(1 << self._bank_bits) << self._within + self._row_bits)
        step = max(1, _CHUNK >> self._within)
        for stripe in range(self._stripes):
            first = stripe * self._lines
            last = min(first + self._lines, 1 << self._row_bits)
            for start in range(first, last, step):
                end = min(start + step, last)
                rows = self._linear(np.arange(start, end) << self._within)[:, None] ^ line
                for bank, of_bank in enumerate(banks):  # the same rows of all banks are near to each other in memory
                    pfns = self._physical(rows ^ of_bank)
                    values = codes.take(pfns, mode="clip")
                    values[pfns >= self.frames] = 0
                    x = bank * self._block + stripe * self._pitch
                    plane[start - first : end - first, x : x + len(line)] = values
        if self._hole is not None:
            lower = codes[self._hole.start >> PAGE_SHIFT : self._hole.end >> PAGE_SHIFT]
            plane[self._top :].reshape(-1)[: len(lower)] = lower
        return plane

    def borders(self, block: int, left: int, top: int, right: int, bottom: int) -> Segments:
        """None: a block of consecutive frames is scattered over banks and rows."""
        return np.zeros((0, 4), np.int64)


def _functions(geometry: Geometry, bits: int) -> tuple[list[int], list[int], list[int]]:
    """Masks of bits of a frame number of DRAM that say row, bank, and place in the row: an invertible matrix.

    Bits from `bits` on are 0 on this machine; functions that then follow from others are left out.
    """
    low = (1 << bits) - 1
    rows = [mask & low for mask in frame_functions(geometry, ("row",))]
    banks = [mask & low for mask in frame_functions(geometry, ABOVE_ROW)]
    units = [1 << bit for bit in range(bits)]
    every = [*rows, *banks, *units]
    _, _, dependent = gf2.reduced(every)
    left_out = {made.bit_length() - 1 for made in dependent}
    kept = [[mask for at, mask in enumerate(part, first) if at not in left_out] for part, first in
            ((rows, 0), (banks, len(rows)), (units, len(rows) + len(banks)))]  # fmt: skip
    return kept[0], kept[1], kept[2]


def _largest(functions: list[int], count: int) -> int:
    """The largest number that the functions, bit by bit, have for any of the numbers below `count`."""
    found = 0
    for bit in range(count.bit_length()):
        if count >> bit & 1:  # numbers with the bits of count - 1 above, this one 0, and any below
            largest = gf2.apply(functions, count >> bit + 1 << bit + 1)
            images = gf2.transposed(functions, bit)
            for vector in sorted(gf2.reduced(images)[0], reverse=True):
                largest = max(largest, largest ^ vector)
            found = max(found, largest)
    return found


def _misfit(width: int, height: int, view_width: float, view_height: float) -> float:
    """Ratio of the area of the view to that of the map fitted into it; 1 at best."""
    cell = min(view_width / width, view_height / height)
    return view_width * view_height / (cell * width * cell * height)
