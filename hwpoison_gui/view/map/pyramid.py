"""A max pyramid: each level holds the highest code of 2 by 2 cells of the level below.

Codes are ordered by severity, so a poisoned frame among millions is still there in the last level,
where sampling or averaging would lose it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]

_BAND = 128  # rows at a time: the halves stay in the cache
_ONE_BY_ONE = 24  # touched cells up to which plain integers beat arrays
_PAIR = np.dtype("<u2")  # two neighbours; the left one is the low byte
_BYTE = np.uint16(8)


def _halve(plane: U8, out: U8) -> None:
    """Writes the next level; an odd last row or column stands for itself."""
    height = plane.shape[0]
    for top in range(0, height, _BAND):
        band = plane[top : top + _BAND]
        rows = band[0::2].copy()
        np.maximum(rows[: len(band) // 2], band[1::2], out=rows[: len(band) // 2])
        _halve_columns(rows, out[top // 2 : top // 2 + len(rows)])


def _halve_columns(rows: U8, out: U8) -> None:
    width = rows.shape[1]
    if width % 2:
        np.maximum(rows[:, 0:-1:2], rows[:, 1::2], out=out[:, :-1])
        out[:, -1] = rows[:, -1]
        return
    # Steps over every second byte are slow; a pair as one word, and its right half shifted over the left, is not.
    pairs = rows.view(_PAIR)
    np.maximum(rows, (pairs >> _BYTE).view(np.uint8), out=rows)
    out[:] = pairs


class Pyramid:
    """All levels over one plane of codes; level 0 is the plane itself, not a copy."""

    def __init__(self, plane: U8, reuse: Pyramid | None = None) -> None:
        """Builds the levels; in the memory of another pyramid of the same size, which is then void."""
        self.levels: list[U8] = [plane]
        while self.levels[-1].size > 1:
            height, width = self.levels[-1].shape
            shape, number = (-(-height // 2), -(-width // 2)), len(self.levels)
            fits = reuse is not None and number < len(reuse.levels) and reuse.levels[number].shape == shape
            out = reuse.levels[number] if reuse is not None and fits else np.empty(shape, np.uint8)
            _halve(self.levels[-1], out)
            self.levels.append(out)
        self._flat = [level.reshape(-1).data for level in self.levels]
        self._widths = [level.shape[1] for level in self.levels]
        self._heights = [level.shape[0] for level in self.levels]

    def set_one(self, x: int, y: int, code: int) -> None:
        """Writes one cell and what depends on it above; stops where nothing changes any more."""
        level, width, height = self._flat[0], self._widths[0], self._heights[0]
        level[y * width + x] = code
        for number in range(1, len(self._flat)):
            left, top = x & ~1, y & ~1
            at = top * width + left
            # the block's four cells, or what there is of it at an odd edge
            right, below = left + 1 < width, width if top + 1 < height else 0
            best = max(level[at], level[at + right], level[at + below], level[at + below + right])
            x, y = x >> 1, y >> 1
            level, width, height = self._flat[number], self._widths[number], self._heights[number]
            here = y * width + x
            if level[here] == best:
                return
            level[here] = best

    def set_many(self, x: I64, y: I64, codes: U8) -> None:
        """Writes cells and what depends on them above."""
        if x.size <= _ONE_BY_ONE:
            for one in zip(x.tolist(), y.tolist(), codes.tolist(), strict=True):
                self.set_one(*one)
            return
        self.levels[0][y, x] = codes
        for number in range(1, len(self.levels)):
            lower, level = self.levels[number - 1], self.levels[number]
            keys = np.unique((y >> 1) * level.shape[1] + (x >> 1))
            y, x = np.divmod(keys, level.shape[1])
            left, right = 2 * x, np.minimum(2 * x + 1, lower.shape[1] - 1)
            top, bottom = 2 * y, np.minimum(2 * y + 1, lower.shape[0] - 1)
            upper = np.maximum(lower[top, left], lower[top, right])
            level[y, x] = np.maximum(upper, np.maximum(lower[bottom, left], lower[bottom, right]))

    def level_for(self, cell: float) -> int:
        """The finest level whose cells are at least one pixel, where a frame's cell has `cell` pixels."""
        number = 0
        while cell < 1 and number < len(self.levels) - 1:
            cell, number = cell * 2, number + 1
        return number
