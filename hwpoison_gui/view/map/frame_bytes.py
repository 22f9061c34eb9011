"""One byte (or two) per frame, stored in pfn order and, where the layout has another, in display order."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.view.map.layout import Layout
from hwpoison_gui.view.map.look_up import NUMBERS

if TYPE_CHECKING:  # imported on first use: most machines are too small for it
    from hwpoison_gui.view.map.block_sets import BlockSets

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]

_SETS_FROM: Final = 2  # level of the pyramid: the set of a smaller block takes more than its cells
_PAIR: Final = np.dtype("<u2")


def _counted(values: U8) -> I64:
    """Return how often each number occurs. Two neighbours are counted as one 16-bit word, which halves the work."""
    even = values.size & ~1
    pairs = np.bincount(values[:even].view(_PAIR), minlength=NUMBERS**2).reshape(NUMBERS, NUMBERS)
    total: I64 = pairs.sum(0) + pairs.sum(1)
    total[values[even:]] += 1
    return total


class Held:
    """One number per frame, with a histogram if they are bytes.

    `values`, in pfn order, is padded with zeros past the last frame, so that the last row of any width is complete.
    """

    def __init__(self, size: int, dtype: npt.DTypeLike = np.uint8) -> None:
        self.values: npt.NDArray[Any] = np.zeros(size, dtype)
        self._layout: Layout | None = None  # layout of the twin, None if frames are in order
        self._stale = False  # the twin has not been written yet
        self._counts: I64 = np.zeros(NUMBERS, np.int64)
        self._twin: npt.NDArray[Any] = np.zeros((0, 0), dtype)
        self._sets: BlockSets | None = None

    @property
    def size(self) -> int:
        return int(self.values.size)

    def arrange(self, layout: Layout, again: bool = True) -> None:
        """Use the display order of `layout`; `again`: even if it is the current one, as `values` was written to."""
        wanted = None if layout.in_order else layout
        if wanted is self._layout and not again:
            return
        self._layout, self._stale = wanted, wanted is not None
        self._sets = None
        if wanted is None:
            self._twin = np.zeros((0, 0), self.values.dtype)

    def write(self, frames: slice, values: U8) -> None:
        """Set a run of frames for the first time, and add them to the histogram."""
        self.values[frames] = values
        self._stale = self._layout is not None
        self._sets = None
        self._counts += _counted(values)

    def counts(self) -> I64:
        """Return the number of frames with each number, shape (256,); valid if all were set by `write`."""
        return self._counts.copy()

    def put(self, pfns: I64, values: npt.NDArray[Any]) -> None:
        """Set some frames; `pfns` must be distinct."""
        if self.values.dtype == np.uint8:
            self._counts += np.bincount(values, minlength=NUMBERS) - np.bincount(self.values[pfns], minlength=NUMBERS)
        self.values[pfns] = values
        if self._layout is not None and not self._stale:
            x, y = self._layout.positions(pfns)
            self._twin[y, x] = values
        if self._sets is not None:
            self._sets.forget(pfns)

    def shown(self, layout: Layout) -> npt.NDArray[Any]:
        """Return the numbers in display order, shape (height, width), as a view that must not be written to.

        `layout` is the one passed to `arrange`, or any other in pfn order if that one was.
        """
        if self._layout is None:
            return self.values[: layout.width * layout.height].reshape(layout.height, layout.width)
        if self._stale:  # written on demand: few of the sheets are shown under each layout
            self._write_twin(self._layout)
        return self._twin

    # -- sets of the numbers in each block of cells

    def needs_sets(self, layout: Layout, level: int) -> bool:
        """Return whether `find_sets` has anything to do: not for numbers that are not arranged by the layout."""
        if level < _SETS_FROM or self.values.dtype != np.uint8 or self._layout != (None if layout.in_order else layout):
            return False
        sets = self._sets_of(layout, level)
        return sets is None or sets.is_stale

    def find_sets(self, layout: Layout, level: int) -> Generator[float, None, None]:
        """Find which numbers occur in each block of 2**level by 2**level cells; yields the share done (0 to 1).

        It may be left and begun again at any time.
        """
        from hwpoison_gui.view.map.block_sets import BlockSets

        sets = self._sets_of(layout, level) or BlockSets(layout, level)
        self._sets = sets
        for done in sets.renew(self.shown(layout)):
            yield done
            if self._sets is not sets:
                return

    def maxima(self, layout: Layout, level: int, table: U8) -> U8 | None:
        """Return the highest code of each block of cells, by a table of 256 codes; None if the sets are not known."""
        sets = self._sets_of(layout, level)
        return None if sets is None else sets.maxima(self.shown(layout), table[:NUMBERS])

    def _sets_of(self, layout: Layout, level: int) -> BlockSets | None:
        sets = self._sets
        return sets if sets is not None and (sets.layout, sets.level) == (layout, level) else None

    def _write_twin(self, layout: Layout) -> None:
        shape = layout.height, layout.width
        if self._twin.shape != shape:
            self._twin = np.zeros(shape, self.values.dtype)
        else:
            self._twin[:] = 0  # cells without a frame
        layout.arrange(self.values, self._twin)
        self._stale = False
