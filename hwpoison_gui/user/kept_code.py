"""Code compiled from sources that PySide has within its library, kept in the user's cache.

It is used only for a source that is the same, byte by byte, and by the same interpreter.
"""

from __future__ import annotations

import marshal
import sys
import zlib
from types import CodeType
from typing import Final

from hwpoison_gui.user import cache

_FILE: Final = "qt.code"
_HEAD: Final = f"hwpoison-gui {sys.implementation.cache_tag} {sys.hexversion:x} {sys.flags.optimize}\n".encode()
_CHECK_BYTES: Final = 4

Source = str | bytes


class KeptCode:
    """The code of modules, by file name; what is added is written by `keep`."""

    def __init__(self) -> None:
        self._known = _read()
        self._has_more = False

    def find(self, source: Source, filename: str) -> CodeType | None:
        """The code of a module with exactly this source."""
        known, code = self._known.get(filename, (None, None))
        return code if known == source else None

    def add(self, source: Source, filename: str, code: CodeType) -> None:
        self._known[filename] = source, code
        self._has_more = True

    def keep(self) -> None:
        """Write the file if anything was added."""
        if self._has_more:
            body = marshal.dumps(self._known)
            cache.write(_FILE, _HEAD + zlib.crc32(body).to_bytes(_CHECK_BYTES, "little") + body)
            self._has_more = False


def _read() -> dict[str, tuple[Source, CodeType]]:
    """Return the kept code; empty if the file is missing, damaged, or of another interpreter."""
    data = cache.read(_FILE) or b""
    start = len(_HEAD) + _CHECK_BYTES
    if not data.startswith(_HEAD) or zlib.crc32(data[start:]) != int.from_bytes(data[len(_HEAD) : start], "little"):
        return {}
    # What is read here will be executed, and the checksum holds off accidents alone. `cache.read` takes a file only if
    # it is the user's own and nobody else may write to it, like the .pyc files beside a program: whoever could replace
    # it runs code as that user already. marshal is for such files; nothing that a user opens or is sent comes here.
    found: dict[str, tuple[Source, CodeType]] = marshal.loads(data[start:])
    return found
