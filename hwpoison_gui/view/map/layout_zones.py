"""Row-major layout by zone and node: each zone starts a new row below a gap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.view.map.layout import I64, Rearranged, RowMajor, Segments

GAP: Final = 3  # minimum number of empty rows between zones
_SHARE: Final = 100  # on a tall map the gap is this share of its height, so that it is visible in the fitted view


class ByZone(Rearranged):
    """`starts`: first frames of the zones, ascending from 0; a hole belongs to the zone before it."""

    has_rows = True

    def __init__(self, frames: int, width: int, starts: Sequence[int]) -> None:
        self._starts: I64 = np.array([start for start in starts if start < frames], np.int64)
        self._sizes: I64 = np.diff(self._starts, append=frames)
        tall = -(-self._sizes // width)
        gap = max(GAP, int(tall.sum()) // _SHARE)
        self._tops: I64 = np.concatenate(([0], np.cumsum(tall + gap)[:-1]))
        super().__init__(frames, width, int(self._tops[-1] + tall[-1]))

    def of_width(self, width: int) -> ByZone:
        return ByZone(self.frames, width, self._starts.tolist())

    def positions(self, pfns: I64) -> tuple[I64, I64]:
        pfns = np.asarray(pfns, np.int64)
        zone = np.searchsorted(self._starts, pfns, "right") - 1
        rows, columns = np.divmod(pfns - self._starts[zone], self.width)
        return columns, rows + self._tops[zone]

    def pfns_at(self, x: I64, y: I64) -> I64:
        zone = np.maximum(np.searchsorted(self._tops, y, "right") - 1, 0)
        inside = (y - self._tops[zone]) * self.width + x
        there = (x >= 0) & (x < self.width) & (y >= 0) & (inside < self._sizes[zone])
        return np.where(there, self._starts[zone] + inside, -1)

    def arrange(self, codes: npt.NDArray[Any], out: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        plane = np.zeros((self.height, self.width), codes.dtype) if out is None else out
        flat = plane.reshape(-1)
        for start, size, top in zip(self._starts.tolist(), self._sizes.tolist(), self._tops.tolist(), strict=True):
            flat[top * self.width : top * self.width + size] = codes[start : start + size]
        return plane

    def borders(self, block: int, left: int, top: int, right: int, bottom: int) -> Segments:
        """See Layout: the lines of the rows of each zone, shifted to where the zone begins."""
        found = [np.zeros((0, 4), np.int64)]
        for start, size, row in zip(self._starts.tolist(), self._sizes.tolist(), self._tops.tolist(), strict=True):
            rows = RowMajor(size, self.width)
            lines = rows.borders(block, left, max(0, top - row), right, max(0, bottom - row), start % block)
            lines[:, 1::2] += row
            found.append(lines)
        return np.concatenate(found)
