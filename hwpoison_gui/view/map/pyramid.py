"""A max pyramid: each level holds the highest code of 2 by 2 cells of the level below.

Codes are ordered by severity, so a poisoned frame among millions is still there in the last level,
where sampling or averaging would lose it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]

_BAND: Final = 1 << 18  # cells of level 0 processed at a time: intermediate results stay in the cache
_ONE_BY_ONE: Final = 24  # number of changed cells up to which plain integers are faster than arrays
_PAIR: Final = np.dtype("<u2")  # two neighbours; the left one is the low byte
_BYTE: Final = np.uint16(8)


class Source(Protocol):
    """Level 0, computed on demand (map/codes.py)."""

    width: int
    height: int

    def region(self, left: int, top: int, right: int, bottom: int) -> U8: ...

    def blocks(self, level: int, x: I64, y: I64) -> U8 | None: ...

    def maxima(self, level: int) -> U8 | None: ...


def _halve(band: U8, out: U8) -> None:
    """Write the next level for a band of rows; an odd last row or column is taken as it is."""
    pairs = len(band) // 2
    rows = np.empty_like(band, shape=out.shape[:1] + band.shape[1:])
    np.maximum(band[: 2 * pairs : 2], band[1::2], out=rows[:pairs])
    rows[pairs:] = band[2 * pairs :]
    _halve_columns(rows, out)


def _halve_columns(rows: U8, out: U8) -> None:
    width = rows.shape[1]
    if width % 2:
        np.maximum(rows[:, 0:-1:2], rows[:, 1::2], out=out[:, :-1])
        out[:, -1] = rows[:, -1]
        return
    # Strided access to every second byte is slow; shifting 16-bit pairs and comparing bytes is not.
    pairs = rows.view(_PAIR)
    np.maximum(rows, (pairs >> _BYTE).view(np.uint8), out=rows)
    out[:] = pairs


def _shapes(height: int, width: int) -> list[tuple[int, int]]:
    """Return height and width of every level, down to a single cell."""
    found = [(height, width)]
    while found[-1] != (1, 1):
        height, width = -(-height // 2), -(-width // 2)
        found.append((height, width))
    return found


def level_for(cell: float) -> int:
    """Return the finest level whose cells are at least one pixel wide, given `cell` pixels per frame."""
    return max(0, math.ceil(-math.log2(cell)))


class Pyramid:
    """All levels over a plane of codes, built when they are first used.

    Levels below `base` are built for the rows that are looked at; level `base` and those above it as a whole.
    """

    def __init__(self, codes: Source, base: int = 1, reuse: Pyramid | None = None) -> None:
        """Take the codes.

        Parameters
        ----------
        base
            The level that a view of all frames shows; at least 1.
        reuse
            A pyramid whose memory is taken over; it must not be used any more.
        """
        self._codes = codes
        self.shapes = _shapes(codes.height, codes.width)
        fits = reuse is not None and reuse.shapes == self.shapes
        self._levels: list[U8] = reuse._levels if reuse is not None and fits else []  # from level 1 on
        self.base = max(1, min(base, len(self.shapes) - 1))
        self._band = max(1, (_BAND // codes.width) >> self.base) << self.base  # rows of level 0
        self._fresh = np.zeros(-(-codes.height // self._band), np.bool_)  # bands whose levels up to `base` are built
        self._built = False  # whether `base` and the levels above it are built

    def level(self, number: int) -> U8:
        """Return a whole level, shape (height, width). Level 0 is a new array; the others must not be written to."""
        height, width = self.shapes[number]
        return self.region(number, 0, 0, width, height)

    def region(self, number: int, left: int, top: int, right: int, bottom: int) -> U8:
        """Return a rectangle of cells of a level, shape (bottom - top, right - left)."""
        if not number:
            return self._codes.region(left, top, right, bottom)
        self._take_memory()
        if number < self.base:
            self._build_bands(top << number, min(bottom << number, self._codes.height))
        else:
            self._build()
        return self._levels[number - 1][top:bottom, left:right]

    @property
    def is_complete(self) -> bool:
        """Whether all levels are built up to `base`, which makes any move of the view smooth."""
        return bool(self._fresh.all())

    def complete(self) -> Iterator[float]:
        """Build all levels up to `base`; yields the share done (0 to 1)."""
        self._take_memory()
        for band in np.flatnonzero(~self._fresh).tolist():
            if not self._fresh[band]:
                self._build_band(band)
            yield band / self._fresh.size

    def _take_memory(self) -> None:
        if not self._levels:
            self._levels = [np.empty(shape, np.uint8) for shape in self.shapes[1:]]

    def _build_bands(self, top: int, bottom: int) -> None:
        """Build the levels up to `base` for some rows of level 0."""
        for band in range(top // self._band, -(-bottom // self._band)):
            if not self._fresh[band]:
                self._build_band(band)

    def _build_band(self, band: int) -> None:
        first, last = band * self._band, min((band + 1) * self._band, self._codes.height)
        lower = self._codes.region(0, first, self._codes.width, last)
        for number, level in enumerate(self._levels[: self.base], 1):
            out = level[first >> number : -(-last >> number)]
            _halve(lower, out)
            lower = out
        self._fresh[band] = True

    def _build(self) -> None:
        if self._built:
            return
        known = self._codes.maxima(self.base)
        if known is None:
            self._build_bands(0, self._codes.height)
        else:
            self._levels[self.base - 1][:] = known
        for lower, out in pairwise(self._levels[self.base - 1 :]):
            _halve(lower, out)
        self._built = True

    def update(self, codes: Source, x: I64, y: I64) -> None:
        """Replace the codes; they may differ from the current ones only in the given cells (columns x, rows y)."""
        self._codes = codes
        if not self._levels or not x.size:
            return
        fresh = self._fresh[y // self._band]
        if fresh.any():
            self._renew(1, x[fresh], y[fresh])
        if self._built and not fresh.all():
            self._renew(self.base, x[~fresh], y[~fresh])

    def _renew(self, number: int, x: I64, y: I64) -> None:
        """Compute the cells of a level above some of level 0 again, and then the cells above them."""
        level = self._levels[number - 1]
        keys = np.sort((y >> number) * level.shape[1] + (x >> number))
        keys = keys[np.diff(keys, prepend=-1) != 0]
        y, x = np.divmod(keys, level.shape[1])
        best = self._codes.blocks(number, x, y)
        if best is None:
            self._built = False
            return
        changed = level[y, x] != best
        x, y = x[changed], y[changed]
        level[y, x] = best[changed]
        if x.size <= _ONE_BY_ONE:
            for one in zip(x.tolist(), y.tolist(), strict=True):
                self._raise_one(number, *one)
        else:
            self._raise_many(number, x, y)

    def _raise_one(self, number: int, x: int, y: int) -> None:
        """Compute the cells above one cell of a level again, until nothing changes any more."""
        for below, above in pairwise(self._levels[number - 1 :]):
            lower, level = below.data, above.data
            left, top = x & ~1, y & ~1
            right, bottom = min(left + 1, below.shape[1] - 1), min(top + 1, below.shape[0] - 1)
            best = max(lower[top, left], lower[top, right], lower[bottom, left], lower[bottom, right])
            x, y = x >> 1, y >> 1
            if level[y, x] == best:
                return
            level[y, x] = best

    def _raise_many(self, number: int, x: I64, y: I64) -> None:
        for lower, level in pairwise(self._levels[number - 1 :]):
            keys = np.unique((y >> 1) * level.shape[1] + (x >> 1))
            y, x = np.divmod(keys, level.shape[1])
            left, right = 2 * x, np.minimum(2 * x + 1, lower.shape[1] - 1)
            top, bottom = 2 * y, np.minimum(2 * y + 1, lower.shape[0] - 1)
            upper = np.maximum(lower[top, left], lower[top, right])
            level[y, x] = np.maximum(upper, np.maximum(lower[bottom, left], lower[bottom, right]))

    def level_for(self, cell: float) -> int:
        """Return the finest level whose cells are at least one pixel wide, given `cell` pixels per frame."""
        return min(level_for(cell), len(self.shapes) - 1)
