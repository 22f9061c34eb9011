"""Looking up a table for millions of numbers."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]

NUMBERS: Final = 256  # numbers that a byte can hold


def translated(numbers: npt.NDArray[Any], table: U8) -> U8:
    """Look up every number in `table`; a new array of the same shape.

    For bytes this is `bytearray.translate`, four times faster than `take` (and a third faster than `bytes.translate`).
    """
    if numbers.dtype != np.uint8:
        return table.take(numbers)
    raw = bytearray(np.ascontiguousarray(numbers))
    return np.frombuffer(raw.translate(table[:NUMBERS].tobytes()), np.uint8).reshape(numbers.shape)
