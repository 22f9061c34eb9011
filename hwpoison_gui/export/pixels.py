"""Changes from one picture of a film to the next, and the palette of a film."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record

U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]

COLOURS: Final = 255  # of a palette; one more stands for what has not changed


class Picture(Record):
    """A picture of a film: `pixels` of shape (height, width, 3), red, green and blue; and milliseconds."""

    pixels: U8
    ms: float


class Change(Record):
    """A changed rectangle at (left, top), and how long the picture is shown."""

    left: int
    top: int
    pixels: U8
    ms: float


def changes_of(pictures: Iterable[Picture]) -> Iterator[Change]:
    """The changes between pictures; the first one is whole. Pictures that change nothing prolong the one before."""
    before: U8 | None = None
    waiting: Change | None = None
    for picture in pictures:
        change = _change(before, picture)
        before = picture.pixels
        if change is None:
            assert waiting is not None
            waiting = waiting._replace(ms=waiting.ms + picture.ms)
            continue
        if waiting is not None:
            yield waiting
        waiting = change
    if waiting is not None:
        yield waiting


def _change(before: U8 | None, picture: Picture) -> Change | None:
    now = picture.pixels
    if before is None:
        return Change(0, 0, now, picture.ms)
    differs = (before != now).any(axis=2)
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return None
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    return Change(int(left), int(top), now[top:bottom, left:right], picture.ms)


def packed(pixels: U8) -> U32:
    """Pixels as numbers 0xrrggbb."""
    wide = pixels.astype(np.uint32)
    words: U32 = (wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]).astype(np.uint32, copy=False)
    return words


class Palette:
    """The colours that are most frequent in samples; others become the nearest of them."""

    def __init__(self, samples: Iterable[U8]) -> None:
        colours, counts = np.unique(np.concatenate([packed(one).ravel() for one in samples]), return_counts=True)
        # Ties are broken by number, so that the same film has the same palette.
        chosen = colours[np.lexsort((colours, -counts))[:COLOURS]].astype(np.int64)
        self._colours = np.stack((chosen >> 16, chosen >> 8 & 255, chosen & 255), axis=1)
        self._known = np.full(1 << 24, -1, np.int16)
        self._known[chosen] = np.arange(len(chosen))

    @property
    def table(self) -> bytes:
        """256 colours of three bytes."""
        return bytes(self._colours.astype(np.uint8).tobytes()).ljust(3 * (COLOURS + 1), b"\0")

    def numbers(self, pixels: U8) -> U8:
        """The number of each pixel's colour."""
        words = packed(pixels)
        found = self._known[words]
        if (found < 0).any():
            self._find(np.unique(words[found < 0]).astype(np.int64))
            found = self._known[words]
        return found.astype(np.uint8)

    def _find(self, words: npt.NDArray[np.int64]) -> None:
        for part in np.array_split(words, max(1, len(words) // 4096)):
            wanted = np.stack((part >> 16, part >> 8 & 255, part & 255), axis=1)
            far = ((wanted[:, None, :] - self._colours[None, :, :]) ** 2).sum(axis=2)
            self._known[part] = far.argmin(axis=1)
