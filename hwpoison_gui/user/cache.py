"""Files in the user's cache folder.

They may be missing, damaged, or written by another program or user, and the folder may not be writable: `read` then
returns None, and `write` does nothing. Neither raises an exception. The caller checks the content.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from hwpoison_gui.user import folders

_MOST_BYTES: Final = 1 << 28
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


def folder() -> Path | None:
    """$XDG_CACHE_HOME/hwpoison-gui or ~/.cache/hwpoison-gui; None if neither is an absolute path."""
    return folders.folder("XDG_CACHE_HOME", "~/.cache")


def read(name: str) -> bytes | None:
    """The content of a regular file that the user owns and nobody else may write to; None for any other."""
    where = folder()
    if where is None:
        return None
    try:
        # Symbolic links are not followed, and opening a pipe does not block.
        number = os.open(where / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        found = os.fstat(number)
        ours = found.st_uid == os.geteuid() and not found.st_mode & _OTHERS_WRITE
        if not ours or not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
            return None
        with open(number, "rb", closefd=False) as file:
            return file.read()
    except OSError:
        return None
    finally:
        os.close(number)


def write(name: str, data: bytes) -> bool:
    """Write a file atomically, also if several programs do so at once. Returns whether it was written."""
    from hwpoison_gui import atomic_file  # most starts only read

    where = folder()
    if where is None:
        return False
    try:
        if not folders.make(where):
            return False
        if (where / name).is_symlink():
            (where / name).unlink()
        atomic_file.write(where / name, data, 0o600)
    except OSError:
        return False
    return True
