"""Row-major order, zone by zone: each zone of the page allocator starts a row, with a gap above it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.view.layout import I64, RowMajor, Segments

GAP: Final = 3  # empty rows between zones


class ByZone:
    """`starts` are the first frames of the zones, ascending from 0."""

    def __init__(self, frames: int, width: int, starts: tuple[int, ...]) -> None:
        self._frames, self._width = frames, width
        self._starts: I64 = np.array([start for start in starts if start < frames], np.int64)
        ends = np.append(self._starts[1:], frames)
        self._sizes: I64 = ends - self._starts
        tall = -(-self._sizes // width)
        self._tops: I64 = np.concatenate(([0], np.cumsum(tall + GAP)[:-1]))
        self._height = int(self._tops[-1] + tall[-1])

    @property
    def frames(self) -> int:
        return self._frames

    @property
    def width(self) -> int:
        return self._width

    @property
    def height(self) -> int:
        return self._height

    @property
    def in_order(self) -> bool:
        return False

    @property
    def has_rows(self) -> bool:
        return True

    def of_width(self, width: int) -> ByZone:
        return ByZone(self._frames, width, tuple(self._starts.tolist()))

    def position(self, pfn: int) -> tuple[int, int]:
        x, y = self.positions(np.array([pfn], np.int64))
        return int(x[0]), int(y[0])

    def positions(self, pfns: I64) -> tuple[I64, I64]:
        pfns = np.asarray(pfns, np.int64)
        zone = np.searchsorted(self._starts, pfns, "right") - 1
        rows, columns = np.divmod(pfns - self._starts[zone], self._width)
        return columns, rows + self._tops[zone]

    def pfn_at(self, x: int, y: int) -> int | None:
        pfn = int(self.pfns_at(np.array([x], np.int64), np.array([y], np.int64))[0])
        return None if pfn < 0 else pfn

    def pfns_at(self, x: I64, y: I64) -> I64:
        zone = np.maximum(np.searchsorted(self._tops, y, "right") - 1, 0)
        inside = (y - self._tops[zone]) * self._width + x
        there = (x >= 0) & (x < self._width) & (y >= 0) & (inside < self._sizes[zone])
        return np.where(there, self._starts[zone] + inside, -1)

    def arrange(self, codes: npt.NDArray[Any]) -> npt.NDArray[Any]:
        plane = np.zeros(self._width * self._height, codes.dtype)
        for start, size, top in zip(self._starts.tolist(), self._sizes.tolist(), self._tops.tolist(), strict=True):
            plane[top * self._width : top * self._width + size] = codes[start : start + size]
        return plane.reshape(self._height, self._width)

    def borders(self, block: int, left: int, top: int, right: int, bottom: int) -> Segments:
        found = [np.zeros((0, 4), np.int64)]
        for start, size, row in zip(self._starts.tolist(), self._sizes.tolist(), self._tops.tolist(), strict=True):
            # zones start at multiples of any block, so that blocks lie in them as in a machine of their own
            assert start % block == 0
            lines = RowMajor(size, self._width).borders(block, left, max(0, top - row), right, max(0, bottom - row))
            lines[:, 1::2] += row
            found.append(lines)
        return np.concatenate(found)
