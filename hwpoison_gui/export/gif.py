"""Writes GIF: one palette for the whole film, and of each picture only what has changed.

Pillow compresses; its own writer of animations would keep every picture in memory until the end.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import IO, Final

import numpy as np

from hwpoison_gui.export.extras import required
from hwpoison_gui.export.pixels import COLOURS, U8, Palette, Picture, changes_of

NEEDS: Final = ("GIF", "PIL", "GifImagePlugin")
_FLAGS: Final = 0xF7  # a palette of 256 colours for all pictures
_FOREVER: Final = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
_SAME: Final = COLOURS  # number that leaves a pixel as it is
_STAYS: Final = 1  # what is drawn stays when its time is over
_LONGEST: Final = 655_350  # milliseconds of one picture


def write(file: IO[bytes], pictures: Iterable[Picture], size: tuple[int, int], samples: Iterable[U8]) -> None:
    """Write all pictures, each for its time, over and over; colours that are rare in the samples become near ones.

    Raises MissingExtraError without Pillow.
    """
    compressor, image = required(*NEEDS), required("GIF", "PIL", "Image")
    palette = Palette(samples)
    file.write(b"GIF89a" + struct.pack("<HHBBB", *size, _FLAGS, 0, 0) + palette.table + _FOREVER)
    shown = np.full((size[1], size[0]), _SAME, np.uint8)
    owed = 0.0  # times are hundredths of a second
    for change in changes_of(pictures):
        numbers = palette.numbers(change.pixels)
        height, width = numbers.shape
        there = shown[change.top : change.top + height, change.left : change.left + width]
        drawn = np.where(numbers == there, np.uint8(_SAME), numbers)
        there[:] = numbers
        owed += change.ms
        ms = min(round(owed / 10) * 10, _LONGEST)
        owed -= ms
        part = image.frombytes("P", (width, height), drawn.tobytes())
        where = (change.left, change.top)
        for data in compressor.getdata(part, where, duration=ms, transparency=_SAME, disposal=_STAYS):
            file.write(data)
    file.write(b";")
