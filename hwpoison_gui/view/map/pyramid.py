"""A max pyramid: each level holds the highest code of 2 by 2 cells of the level below.

Codes are ordered by severity, so a poisoned frame among millions is still there in the last level,
where sampling or averaging would lose it.
"""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]

_BAND: Final = 1 << 18  # cells of the level below processed at a time: intermediate results stay in the cache
_ONE_BY_ONE: Final = 24  # number of changed cells up to which plain integers are faster than arrays
_PAIR: Final = np.dtype("<u2")  # two neighbours; the left one is the low byte
_BYTE: Final = np.uint16(8)


class Source(Protocol):
    """Level 0, computed on demand (map/codes.py)."""

    width: int
    height: int

    def region(self, left: int, top: int, right: int, bottom: int) -> U8: ...

    def at(self, x: I64, y: I64) -> U8: ...


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


class Pyramid:
    """All levels over a plane of codes. The levels above 0 are built when one of them is first used."""

    def __init__(self, codes: Source, reuse: Pyramid | None = None) -> None:
        """Take the codes. `reuse`: a pyramid whose memory is taken over; it must not be used any more."""
        self._codes = codes
        self.shapes = _shapes(codes.height, codes.width)
        self._built = False
        fits = reuse is not None and reuse.shapes == self.shapes
        self._levels: list[U8] = reuse._levels if reuse is not None and fits else []  # from level 1 on

    def level(self, number: int) -> U8:
        """Return a whole level, shape (height, width). Level 0 is a new array; the others must not be written to."""
        height, width = self.shapes[number]
        return self.region(number, 0, 0, width, height)

    def region(self, number: int, left: int, top: int, right: int, bottom: int) -> U8:
        """Return a rectangle of cells of a level, shape (bottom - top, right - left)."""
        if not number:
            return self._codes.region(left, top, right, bottom)
        self._build()
        return self._levels[number - 1][top:bottom, left:right]

    def _build(self) -> None:
        if self._built:
            return
        if not self._levels:
            self._levels = [np.empty(shape, np.uint8) for shape in self.shapes[1:]]
        for number, out in enumerate(self._levels):
            height, width = self.shapes[number]
            step = max(2, _BAND // width & ~1)
            for top in range(0, height, step):
                bottom = min(top + step, height)
                lower = self._levels[number - 1][top:bottom] if number else self._codes.region(0, top, width, bottom)
                _halve(lower, out[top // 2 : -(-bottom // 2)])
        self._built = True

    def update(self, codes: Source, x: I64, y: I64) -> None:
        """Replace the codes; they may differ from the current ones only in the given cells (columns x, rows y)."""
        self._codes = codes
        if not self._built or not self._levels or not x.size:
            return
        self._update_first(x >> 1, y >> 1)

    def _update_first(self, x: I64, y: I64) -> None:
        """Recompute cells of level 1, and the cells above them."""
        level = self._levels[0]
        keys = np.sort(y * level.shape[1] + x)
        keys = keys[np.diff(keys, prepend=-1) != 0]
        y, x = np.divmod(keys, level.shape[1])
        height, width = self.shapes[0]
        left, right = 2 * x, np.minimum(2 * x + 1, width - 1)
        top, bottom = 2 * y, np.minimum(2 * y + 1, height - 1)
        four = self._codes.at(np.concatenate((left, right, left, right)), np.concatenate((top, top, bottom, bottom)))
        best = four.reshape(4, -1).max(axis=0)
        changed = level[y, x] != best
        x, y = x[changed], y[changed]
        level[y, x] = best[changed]
        if x.size <= _ONE_BY_ONE:
            for one in zip(x.tolist(), y.tolist(), strict=True):
                self._raise_one(*one)
        else:
            self._raise_many(x, y)

    def _raise_one(self, x: int, y: int) -> None:
        """Recompute the cells above one cell of level 1, until nothing changes any more."""
        for number in range(1, len(self._levels)):
            lower, level = self._levels[number - 1].data, self._levels[number].data
            height, width = self.shapes[number]
            left, top = x & ~1, y & ~1
            right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
            best = max(lower[top, left], lower[top, right], lower[bottom, left], lower[bottom, right])
            x, y = x >> 1, y >> 1
            if level[y, x] == best:
                return
            level[y, x] = best

    def _raise_many(self, x: I64, y: I64) -> None:
        for number in range(1, len(self._levels)):
            lower, level = self._levels[number - 1], self._levels[number]
            keys = np.unique((y >> 1) * level.shape[1] + (x >> 1))
            y, x = np.divmod(keys, level.shape[1])
            left, right = 2 * x, np.minimum(2 * x + 1, lower.shape[1] - 1)
            top, bottom = 2 * y, np.minimum(2 * y + 1, lower.shape[0] - 1)
            upper = np.maximum(lower[top, left], lower[top, right])
            level[y, x] = np.maximum(upper, np.maximum(lower[bottom, left], lower[bottom, right]))

    def level_for(self, cell: float) -> int:
        """Return the finest level whose cells are at least one pixel wide, given `cell` pixels per frame."""
        number = 0
        while cell < 1 and number < len(self.shapes) - 1:
            cell, number = cell * 2, number + 1
        return number
