"""A small number a frame, in order of pfn, in display order as well where the layout has another, and counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hwpoison_gui.view.map.layout import Layout

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]

_NUMBERS = 256
_PAIR = np.dtype("<u2")


def _counted(values: U8) -> I64:
    """How often each number occurs. Two neighbours are counted as one word: half the work."""
    even = values.size & ~1
    pairs = np.bincount(values[:even].view(_PAIR), minlength=_NUMBERS**2).reshape(_NUMBERS, _NUMBERS)
    total: I64 = pairs.sum(0) + pairs.sum(1)
    total[values[even:]] += 1
    return total


class Held:
    """`values` has room past the last frame, all zeros, so that the last row of any width is whole.

    Looking up a table for all of them is `bytes.translate`, several times faster than take; hence the bytearrays.
    """

    def __init__(self, size: int, dtype: npt.DTypeLike = np.uint8) -> None:
        self._raw = bytearray(size * np.dtype(dtype).itemsize)
        self.values: npt.NDArray[Any] = np.frombuffer(self._raw, dtype)
        self._layout: Layout | None = None
        self._stale = False  # whether the twin is still to be written
        self._counts: I64 = np.zeros(_NUMBERS, np.int64)
        self._twin_raw = self._raw
        self._twin = self.values

    @property
    def size(self) -> int:
        return int(self.values.size)

    def arrange(self, layout: Layout, again: bool = True) -> None:
        """Takes the display order of `layout`; `again`: anew, as `values` may have been written directly."""
        wanted = None if layout.in_order else layout
        if wanted is self._layout and not again:
            return
        self._layout, self._stale = wanted, wanted is not None
        if self._layout is None:
            self._twin_raw, self._twin = self._raw, self.values

    def write(self, frames: slice, values: U8) -> None:
        """Sets a run of frames for the first time, and counts them."""
        self.values[frames] = values
        self._stale = self._layout is not None
        self._counts += _counted(values)

    def counts(self) -> I64:
        """Frames of each number, where all were set by `write`."""
        return self._counts.copy()

    def put(self, pfns: I64, values: npt.NDArray[Any]) -> None:
        """Sets some, in both orders; none of them twice."""
        if self.values.dtype == np.uint8:
            self._counts += np.bincount(values, minlength=_NUMBERS) - np.bincount(self.values[pfns], minlength=_NUMBERS)
        self.values[pfns] = values
        if self._layout is not None and not self._stale:
            x, y = self._layout.positions(pfns)
            self._twin[y * self._layout.width + x] = values

    def looked_up(self, table: U8) -> U8:
        """A table's entry for every number, in display order; a new array that may be written."""
        self._write_twin()
        if self.values.dtype != np.uint8:
            return table.take(self._twin)
        return np.frombuffer(self._twin_raw.translate(table[:256].tobytes()), np.uint8)

    def _write_twin(self) -> None:
        """Only now, for of several held numbers a layout may meet, few are looked at."""
        if not self._stale or self._layout is None:
            return
        shape = self._layout.height, self._layout.width
        size = shape[0] * shape[1] * self.values.itemsize
        if self._twin_raw is self._raw or len(self._twin_raw) != size:
            self._twin_raw = bytearray(size)
            self._twin = np.frombuffer(self._twin_raw, self.values.dtype)
        self._twin[:] = 0  # where no frame lies
        self._layout.arrange(self.values, self._twin.reshape(shape))
        self._stale = False
