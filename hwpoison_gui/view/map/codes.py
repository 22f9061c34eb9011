"""Class codes of the cells of the map, computed on demand.

Codes are not stored: that would write one byte per frame whenever the lens changes, although only the cells in view,
or maxima over blocks of cells, are ever drawn.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record
from hwpoison_gui.view.map.frame_bytes import Held
from hwpoison_gui.view.map.layout import Layout
from hwpoison_gui.view.map.look_up import translated

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]

FOUND: Final = 0x80  # bit of a code: found by the filter
_MOST_CELLS: Final = 1 << 20  # cells of single blocks; more take as long as the whole map


class Filter(Record):
    """Frames that the filter finds: by a table over flag word ids, restricted to frames with 1 in `narrow` if given."""

    ids: Held
    table: U8  # FOUND or 0, by id
    narrow: Held | None


class Exceptions(Record):
    """Cells with a class of their own, in ascending order of place (row * width + column)."""

    places: I64
    codes: U8

    @classmethod
    def none(cls) -> Exceptions:
        return cls(np.zeros(0, np.int64), np.zeros(0, np.uint8))

    @classmethod
    def of(cls, layout: Layout, pfns: I64, codes: U8) -> Exceptions:
        """Return the exceptions for frames `pfns`, which must be distinct."""
        if not len(pfns):
            return cls.none()
        x, y = layout.positions(pfns)
        places = y * layout.width + x
        order = np.argsort(places, kind="stable")
        return cls(places[order], codes[order])


class Codes:
    """Codes under one lens, filter and layout. Immutable, but the numbers it refers to may change.

    Parameters
    ----------
    numbers
        What the lens uses: ids of flag words, or bytes of a sheet.
    table
        Code by number; if `numbers` are ids, it includes FOUND for the words that a filter by flags finds.
    marks
        A filter that `table` cannot express.
    """

    def __init__(
        self,
        layout: Layout,
        numbers: Held,
        table: U8,
        marks: Filter | None = None,
        exceptions: Exceptions | None = None,
    ) -> None:
        self.width, self.height = layout.width, layout.height
        self._layout, self._numbers, self._table = layout, numbers, table
        self._marks, self._exceptions = marks, exceptions if exceptions is not None else Exceptions.none()

    def region(self, left: int, top: int, right: int, bottom: int) -> U8:
        """Return the codes of a rectangle of cells, shape (bottom - top, right - left), as a new array."""
        codes = self._looked_up((slice(top, bottom), slice(left, right)))
        places, special = self._exceptions
        if len(places):
            first, last = np.searchsorted(places, (top * self.width, bottom * self.width)).tolist()
            y, x = np.divmod(places[first:last], self.width)
            inside = (x >= left) & (x < right)
            y, x = y[inside] - top, x[inside] - left
            codes[y, x] = codes[y, x] & FOUND | special[first:last][inside]
        return codes

    def at(self, x: I64, y: I64) -> U8:
        """Return the codes of single cells, given their columns and rows."""
        codes = self._looked_up((y, x))
        places, special = self._exceptions
        if len(places):
            here = y * self.width + x
            which = np.minimum(np.searchsorted(places, here), len(places) - 1)
            codes = np.where(places[which] == here, codes & FOUND | special[which], codes)
        return codes

    def blocks(self, level: int, x: I64, y: I64) -> U8 | None:
        """Return the highest codes of blocks of 2**level by 2**level cells, given their columns and rows of blocks.

        The shape is that of `x` and `y`, one-dimensional; None if these are too many to be looked at one by one.
        """
        size = 1 << level
        if x.size * size * size > _MOST_CELLS and level > 1:
            return None
        inner = np.arange(size, dtype=np.int64)[:, None]
        columns = np.minimum((x << level) + inner, self.width - 1)[None, :, :]
        rows = np.minimum((y << level) + inner, self.height - 1)[:, None, :]
        highest: U8 = self.at(columns, rows).reshape(size * size, x.size).max(axis=0)
        return highest

    def maxima(self, level: int) -> U8 | None:
        """Return the highest codes of all blocks of 2**level by 2**level cells, if the sets of numbers are known."""
        if self._marks is not None:
            return None
        highest = self._numbers.maxima(self._layout, level, self._table)
        places = self._exceptions.places
        if highest is None or not places.size:
            return highest
        y, x = np.divmod(places, self.width)
        y, x = y >> level, x >> level
        special = self.blocks(level, x, y)
        if special is None:
            return None
        highest[y, x] = special
        return highest

    def _looked_up(self, index: Any) -> U8:
        """Look up the tables, without exceptions; `index` selects from a (height, width) plane."""
        codes = translated(self._numbers.shown(self._layout)[index], self._table)
        if self._marks is not None:
            ids, table, narrow = self._marks
            found = translated(ids.shown(self._layout)[index], table)
            if narrow is not None:
                found *= narrow.shown(self._layout)[index]
            codes |= found
        return codes
