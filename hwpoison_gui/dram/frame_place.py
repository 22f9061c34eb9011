"""Location of a frame in DRAM: the coordinates of its bytes, and the rows that hold some of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hwpoison_gui.dram import gf2
from hwpoison_gui.dram.fault import MODES
from hwpoison_gui.dram.geometry import FIELDS, PAGE_SHIFT, Geometry

U64 = npt.NDArray[np.uint64]


def rows_of_frame(geometry: Geometry, pfn: int) -> list[dict[str, int]]:
    """The places of all rows in which a frame has bytes, in the order of their names. Raises DramError."""
    found = geometry.unpacked(np.sort(_places(geometry, pfn, ~((1 << geometry.bits("column")) - 1))))
    return [{field: int(found[field][at]) for field in MODES["row"]} for at in range(len(found["row"]))]


def values_in_frame(geometry: Geometry, pfn: int) -> dict[str, list[int]]:
    """Return the values that bytes of a frame have in each field with bits, ascending. Raises DramError."""
    found = {}
    for field in FIELDS:
        if geometry.bits(field):
            mask = geometry.count(field) - 1 << geometry.shift[field]
            found[field] = np.unique(geometry.unpacked(_places(geometry, pfn, mask))[field]).tolist()
    return found


def _places(geometry: Geometry, pfn: int, keep: int) -> U64:
    """The packed coordinates of the bytes of a frame, each once; of their bits, those of `keep`."""
    spread = gf2.sums(gf2.reduced([image & keep for image in gf2.transposed(geometry.rows, PAGE_SHIFT)])[0])
    first = geometry.packed(np.array([pfn << PAGE_SHIFT], np.int64))
    return spread ^ first & np.uint64(keep & (1 << 64) - 1)
