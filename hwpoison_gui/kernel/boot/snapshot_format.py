"""The file format of a snapshot: a magic line, a checksum, a JSON header, and arrays in sequence.

Separate from snapshot.py, which knows what the parts mean, so that the columns of frames can be read and shown
before the modules of the machine are imported.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record

MAGIC: Final = b"hwpoison-gui machine 1\n"
HEAD: Final = struct.Struct("<II")  # CRC-32 of all that follows it; bytes of the JSON header
COLUMN: Final = "column"  # the kind of a store with one value per frame
_MOST_FRAMES: Final = 1 << 24
_SHOWN: Final = (("flags", np.dtype("<u8")), ("refcount", np.dtype("<i4")), ("mapcount", np.dtype("<i4")))
# Raised for a header of the wrong shape, or a value of the wrong type or size.
WRONG: Final = (
    AttributeError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)

Spec = Any  # JSON: how some values are encoded


class DamagedError(Exception):
    """The bytes are not a complete snapshot of the expected machine."""


class FrameColumns(Record):
    """Columns of a machine that a map shows, one value per frame, and the first frame of each zone (the first is 0)."""

    flags: npt.NDArray[np.uint64]
    refcount: npt.NDArray[np.int32]
    mapcount: npt.NDArray[np.int32]
    zone_starts: tuple[int, ...]


class Snapshot:
    """A snapshot whose checksum, label and number of frames have been checked; its other parts have not.

    Attributes
    ----------
    header
        The JSON object: `label`, `profile`, `frames`, `zones`, and `stores` in the order of their arrays.
    frames
        Number of page frames.
    """

    def __init__(self, data: bytes, label: str) -> None:
        """Raise DamagedError if a check fails."""
        try:
            self._open(memoryview(data), label)
        except WRONG as error:
            raise DamagedError(f"not a snapshot: {error}") from error

    def _open(self, data: memoryview, label: str) -> None:
        start = len(MAGIC) + HEAD.size
        if bytes(data[: len(MAGIC)]) != MAGIC or len(data) < start:
            raise DamagedError("no snapshot of this format")
        checksum, length = HEAD.unpack(data[len(MAGIC) : start])
        if zlib.crc32(data[start:]) != checksum:
            raise DamagedError("the checksum does not fit")
        self.header: dict[str, Any] = json.loads(bytes(data[start : start + length]))
        self._arrays = data[start + length :]
        if self.header["label"] != label:
            raise DamagedError("a snapshot of something else")
        self.frames: int = self.header["frames"]
        if type(self.frames) is not int or not 0 < self.frames <= min(_MOST_FRAMES, len(data)):
            raise DamagedError(f"frames: {self.frames}")

    def arrays(self) -> Arrays:
        """A reader at the first array."""
        return Arrays(self._arrays)

    def columns(self) -> FrameColumns:
        """The columns that a map shows, as read-only views of the bytes. Raises DamagedError."""
        arrays = self.arrays()
        try:
            # They are the first stores of a machine, in this order.
            flags, refcount, mapcount = (
                arrays.column(self.header["stores"][name][1], self.frames, [dtype]) for name, dtype in _SHOWN
            )
            starts = [start for _, _, start, _ in self.header["zones"][1:]]
        except WRONG as error:
            raise DamagedError(f"not a snapshot: {error}") from error
        if {*map(type, starts)} - {int}:
            raise DamagedError(f"zones that start at {starts}")
        return FrameColumns(flags, refcount, mapcount, (0, *starts))


class Arrays:
    """Reads the arrays behind the header in sequence."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    def next(self, spec: Spec, allowed: Sequence[np.dtype[Any]]) -> npt.NDArray[Any]:
        """The next array, a view of the bytes; its dtype must be one of `allowed`."""
        code, count = spec
        dtype = next((dtype for dtype in allowed if dtype.newbyteorder("<").str == code), None)
        if dtype is None or type(count) is not int:
            raise DamagedError(f"an array {spec}")
        size = count * dtype.itemsize
        part = self._data[self._at : self._at + size]
        if len(part) != size:
            raise DamagedError("an array is cut off")
        self._at += size
        return np.frombuffer(part, dtype.newbyteorder("<"))

    def column(self, spec: Spec, frames: int, allowed: Sequence[np.dtype[Any]]) -> npt.NDArray[Any]:
        """The next array, which must have one value per frame."""
        array = self.next(spec, allowed)
        if len(array) != frames:
            raise DamagedError(f"{len(array)} values for {frames} frames")
        return array

    def end(self) -> None:
        """Raise DamagedError if bytes are left."""
        if self._at != len(self._data):
            raise DamagedError("more than the header says")
