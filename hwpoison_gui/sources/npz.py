"""Reads columns of integers from an untrusted .npz file.

Nothing is unpickled, every header is checked, and no more is allocated than the file holds.
"""

from __future__ import annotations

import math
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.lib.format as npy
import numpy.typing as npt

from hwpoison_gui.sources.errors import SourceError

Integers = npt.NDArray[np.integer[Any]]

MOST_BYTES: Final = min(1 << 36, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))  # what memory could hold
_HEADER_ROOM: Final = 1 << 16

# Exceptions that zipfile, zlib and numpy's header parser raise for damaged files.
_DAMAGE: Final = (
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def read_columns(path: Path, wanted: Iterable[str]) -> dict[str, Integers]:
    """The arrays of `wanted` that a file has; see `Archive.columns`. Raises SourceError."""
    with opened(path) as archive:
        return archive.columns(wanted)


class Archive:
    """An .npz file that is open; all that is wanted of it is read while it is, so that it is opened once."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path = path
        self._archive = archive
        self._members = {info.filename: info for info in archive.infolist()}

    def columns(self, wanted: Iterable[str]) -> dict[str, Integers]:
        """The arrays of `wanted` that the file has, one-dimensional, in native byte order. Raises SourceError."""
        found = [(name, self._members[f"{name}.npy"]) for name in wanted if f"{name}.npy" in self._members]
        size = sum(info.file_size for _, info in found)
        if size > MOST_BYTES:
            raise SourceError(self.path, "", f"the arrays unpack to {size:,} bytes; at most {MOST_BYTES:,} are read")
        return {name: _read_member(self.path, self._archive, info, name) for name, info in found}

    def text(self, name: str, most: int) -> bytes | None:
        """The content of a member that is no array; None if the file has none of that name.

        Raises SourceError, also for a member of more than `most` bytes: what it unpacks to is looked at before.
        """
        info = self._members.get(name)
        if info is None:
            return None
        if info.file_size > most:
            raise SourceError(self.path, name, f"it unpacks to {info.file_size:,} bytes; at most {most:,} are read")
        with _damage(self.path, name, "damaged"), self._archive.open(info) as member:
            data = member.read(most + 1)
        if len(data) != info.file_size:
            raise SourceError(self.path, name, f"{info.file_size} bytes announced, {len(data)} there")
        return data


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """An archive. Raises SourceError if it is none, and whatever cannot be read of it becomes one."""
    with _damage(path, "", "not a complete .npz file"), zipfile.ZipFile(path) as archive:
        yield Archive(path, archive)


@contextmanager
def _damage(path: Path, name: str, what: str) -> Iterator[None]:
    """Turn what is raised for a damaged file, or member, into a SourceError."""
    try:
        yield
    except OSError as error:
        raise SourceError(path, "", error.strerror or str(error)) from error
    except MemoryError as error:
        raise SourceError(path, name, "it does not fit into memory") from error
    except _DAMAGE as error:
        raise SourceError(path, name, f"{what} ({_first_line(error)})") from error


def _read_member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Integers:
    with _damage(path, name, "damaged"), archive.open(info) as member:
        count, dtype = _read_header(path, member, name)
        size = count * dtype.itemsize
        if not size <= info.file_size <= size + _HEADER_ROOM:
            raise SourceError(path, name, f"{count} values do not fit a member of {info.file_size} bytes")
        data = member.read()
        if len(data) != size:
            raise SourceError(path, name, f"{size} bytes announced, {len(data)} there")
    return np.ndarray((count,), dtype, data).astype(dtype.newbyteorder("="), copy=False)


def _read_header(path: Path, member: IO[bytes], name: str) -> tuple[int, np.dtype[Any]]:
    version = npy.read_magic(member)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(member)
    if dtype.kind not in "ui":
        raise SourceError(path, name, f"integers expected, not {dtype}")
    if len(shape) != 1 or not all(isinstance(size, int) and size >= 0 for size in shape):
        raise SourceError(path, name, f"a single row of values expected, not shape {shape}")
    return math.prod(shape), dtype


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:120] or type(error).__name__
