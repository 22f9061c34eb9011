"""Pseudo-random numbers for presets, from a hash, so that every computer gets the same.

Only integer operations that wrap the same everywhere; no generator of a library, whose streams may change.
"""

from __future__ import annotations

from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]

_TABLE: Final = 1 << 16
_WORD: Final = (1 << 64) - 1


class Dice:
    """Numbers that depend only on the seed, on a salt that says what they are for, and on their index."""

    def __init__(self, seed: int) -> None:
        self._seed = seed * 0x9E3779B97F4A7C15 & _WORD
        self._percent = self.below(100, "percent", np.arange(_TABLE)).astype(np.int8)

    def below(self, limit: int, salt: str, place: I64) -> I64:
        """A number from 0 to `limit` - 1 for each index (the finalizer of splitmix64)."""
        start = self._seed + crc32(salt.encode()) * 0xD1B54A32D192ED03 & _WORD
        word = place.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(start)
        word = (word ^ word >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ word >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        word ^= word >> np.uint64(31)
        return ((word >> np.uint64(16)) % np.uint64(limit)).astype(np.int64)

    def one(self, limit: int, salt: str) -> int:
        """One number from 0 to `limit` - 1."""
        word = self._seed + crc32(salt.encode()) * 0xD1B54A32D192ED03 & _WORD
        word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & _WORD
        word = (word ^ word >> 27) * 0x94D049BB133111EB & _WORD
        return ((word ^ word >> 31) >> 16) % limit

    def percent(self, salt: str, count: int, window: int = 1) -> npt.NDArray[np.int8]:
        """A number from 0 to 99 for each of `count` pages, equal within aligned windows: memory is used in clusters."""
        values = -(-count // window)
        start = crc32(salt.encode()) % _TABLE
        part = self._percent[start : start + values]
        if len(part) < values:
            part = np.take(self._percent, np.arange(start, start + values), mode="wrap")
        return part.repeat(window)[:count] if window > 1 else part

    def percents(self, salt: str, rows: int, count: int, window: int) -> npt.NDArray[np.int8]:
        """`percent` for several rows: an array of shape (rows, count)."""
        values = -(-count // window)
        return self.percent(salt, rows * values).reshape(rows, values).repeat(window, axis=1)[:, :count]
