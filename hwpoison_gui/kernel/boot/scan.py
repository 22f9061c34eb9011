"""Scans columns with one value per frame in pieces, which bounds the size of temporaries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import U64

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

_PIECE: Final = 1 << 20  # frames; a multiple of the largest free block


def pieces(frames: int) -> Iterator[slice]:
    """All frames in ascending pieces."""
    return (slice(start, min(start + _PIECE, frames)) for start in range(0, frames, _PIECE))


def frames_with(words: U64, mask: int, value: int | None = None, most: int | None = None) -> I64:
    """The frames with any flag of a mask; with `value`, those whose flags under the mask are exactly these.

    Ascending; `most`: no more than so many.
    """
    found: list[I64] = []
    count = 0
    for piece in pieces(len(words)):
        under = words[piece] & np.uint64(mask)
        pfns = np.flatnonzero(under != 0 if value is None else under == np.uint64(value)) + piece.start
        found.append(pfns)
        count += len(pfns)
        if most is not None and count >= most:
            break
    return np.concatenate(found)[:most] if found else np.zeros(0, np.int64)


def occurrences(frames: I64, size: int) -> I32:
    """Count the occurrences of each frame, shape (size,)."""
    count = np.zeros(size, np.int32)
    np.add.at(count, frames, np.int32(1))
    return count
