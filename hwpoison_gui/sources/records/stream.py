"""Reads files of any size in blocks of whole lines, compressed or not; never holds more than one block."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final

from hwpoison_gui.record import Record
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.records.event import MOST_LINE, MOST_UNPACKED

_BLOCK: Final = 1 << 20
_PACKED: Final[tuple[tuple[bytes, str, Callable[[IO[bytes]], Any]], ...]] = (
    (b"\x1f\x8b", "gzip", lambda file: gzip.GzipFile(fileobj=file, mode="rb")),
    (b"\xfd7zXZ\0", "xz", lzma.LZMAFile),
    (b"BZh", "bzip2", bz2.BZ2File),
)
_DAMAGED: Final = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, ValueError)

Tick = Callable[[float], None]


class Block(Record):
    """Whole lines. `first`: number of the first line; `cut`: how many lines longer than MOST_LINE were truncated."""

    data: bytes
    first: int
    cut: int


def packing_of(head: bytes) -> str:
    """The compression of a file, by its first bytes; empty if it is not compressed."""
    return next((name for sign, name, _ in _PACKED if head.startswith(sign)), "")


def opened(file: IO[bytes], head: bytes) -> IO[bytes]:
    """The decompressed content of an open file."""
    return next((unpack(file) for sign, _, unpack in _PACKED if head.startswith(sign)), file)


def head_of(path: Path, size: int) -> bytes:
    """The first bytes of the decompressed content. Raises SourceError, OSError."""
    with open(path, "rb") as file:
        packed = file.read(8)
        file.seek(0)
        content, head = opened(file, packed), bytearray()
        try:
            while len(head) < size and (read := content.read1(size - len(head))):  # type: ignore[attr-defined]
                head += read
        except (*_DAMAGED, OSError) as error:
            if not _is_damage(error):
                raise
            if not head:
                raise _damaged(path, packed, "after line 0", error) from None
        return bytes(head)


def _is_damage(error: Exception) -> bool:
    """Return whether decompression failed, rather than reading: bz2 raises OSError too, but without errno."""
    return not isinstance(error, OSError) or error.errno is None


def _damaged(path: Path, head: bytes, where: str, error: Exception) -> SourceError:
    """The error for compressed data that cannot be decompressed any further."""
    why = "unexpected end of file" if isinstance(error, EOFError) else str(error)
    return SourceError(path, where, f"damaged {packing_of(head)} data: {why}")


def unpacked(path: Path, most: int) -> bytes:
    """Decompress a whole file. Raises SourceError if it is damaged or unpacks to more than `most` bytes; OSError."""
    whole = bytearray()
    with open(path, "rb") as file:
        head = file.read(8)
        file.seek(0)
        content = opened(file, head)
        try:
            while read := content.read1(_BLOCK):  # type: ignore[attr-defined]
                whole += read
                if len(whole) > most:
                    raise SourceError(path, "", f"unpacks to more than {most >> 20:,} MiB; unpack it first")
        except (*_DAMAGED, OSError) as error:
            raise _damaged(path, head, f"after byte {len(whole):,}", error) from None
    return bytes(whole)


def blocks(path: Path, tick: Tick | None = None) -> Iterator[Block]:
    """The lines of a file, in blocks.

    Parameters
    ----------
    tick
        Called regularly with the share of the file that has been read.

    Raises
    ------
    SourceError
        If compressed data is damaged or unpacks to too much.
    OSError
    """
    size = max(1, path.stat().st_size)
    with open(path, "rb") as file:
        head = file.read(8)
        file.seek(0)
        content = opened(file, head)
        number, total, rest = 1, 0, b""
        while True:
            try:
                read = content.read1(_BLOCK)  # type: ignore[attr-defined]
            except (*_DAMAGED, OSError) as error:
                if not _is_damage(error):
                    raise
                raise _damaged(path, head, f"after line {number - 1:,}", error) from None
            total += len(read)
            if packing_of(head) and total > MOST_UNPACKED:
                raise SourceError(path, f"line {number:,}", f"unpacks to more than {MOST_UNPACKED >> 20:,} MiB")
            end = len(read) if not read else read.rfind(b"\n") + 1
            if read and not end:
                rest = (rest + read)[: MOST_LINE + 1]
                continue
            data, rest = rest + read[:end], read[end:][: MOST_LINE + 1] if read else b""
            if data:
                yield _block(data, number)
                number += data.count(b"\n")
            if not read:
                return
            if tick is not None:
                tick(min(1.0, file.tell() / size))


def _block(data: bytes, number: int) -> Block:
    """A block with its long lines truncated."""
    if len(data) <= MOST_LINE or not _has_long(data):
        return Block(data, number, 0)
    lines = data.split(b"\n")
    cut = sum(len(line) > MOST_LINE for line in lines)
    return Block(b"\n".join(line[:MOST_LINE] for line in lines), number, cut)


def _has_long(data: bytes) -> bool:
    """Return whether a line is longer than MOST_LINE: looks for a newline at least every MOST_LINE bytes."""
    at = 0
    while len(data) - at > MOST_LINE:
        found = data.rfind(b"\n", at, at + MOST_LINE + 1)
        if found < at:
            return True
        at = found + 1
    return False
