"""Writes animated PNG: every colour as it is, in any browser and without a package of its own.

The format: https://www.w3.org/TR/png-3/. Pillow could write it, but keeps all pictures in memory until the end.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from typing import IO, Final

import numpy as np

from hwpoison_gui.export.pixels import U8, Picture, changes_of

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_TRUE_COLOUR: Final = 2
_LEVEL: Final = 6
_LONGEST: Final = 65_535  # milliseconds of one picture


def write(file: IO[bytes], pictures: Iterable[Picture], size: tuple[int, int]) -> None:
    """Write a looping APNG, each picture shown for its duration.

    `size`: width, height; `file` must be readable and seekable.
    """
    file.write(_SIGNATURE)
    _chunk(file, b"IHDR", struct.pack(">IIBBBBB", *size, 8, _TRUE_COLOUR, 0, 0, 0))
    count_at = file.tell()
    _chunk(file, b"acTL", struct.pack(">II", 0, 0))
    shown = number = 0
    for change in changes_of(pictures):
        height, width = change.pixels.shape[:2]
        ms = min(round(change.ms), _LONGEST)
        place = struct.pack(">IIIIIHHBB", number, width, height, change.left, change.top, ms, 1000, 0, 0)
        _chunk(file, b"fcTL", place)
        number += 1
        data = zlib.compress(_rows(change.pixels), _LEVEL)
        if shown:
            _chunk(file, b"fdAT", struct.pack(">I", number) + data)
            number += 1
        else:
            _chunk(file, b"IDAT", data)
        shown += 1
    _chunk(file, b"IEND", b"")
    file.seek(count_at)
    _chunk(file, b"acTL", struct.pack(">II", shown, 0))


def _rows(pixels: U8) -> bytes:
    """Rows of bytes, each after the number of its filter: none."""
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 1:] = pixels.reshape(height, 3 * width)
    return rows.tobytes()


def _chunk(file: IO[bytes], kind: bytes, data: bytes) -> None:
    file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
