"""Files in the user's cache folder.

They may be missing, damaged, or written by another program or user, and the folder may not be writable: `read` then
returns None, and `write` does nothing. Neither raises an exception. The caller checks the content.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

_NAME: Final = "hwpoison-gui"
_MOST_BYTES: Final = 1 << 28
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


def folder() -> Path | None:
    """$XDG_CACHE_HOME/hwpoison-gui or ~/.cache/hwpoison-gui; None if neither is an absolute path."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(home):  # the XDG specification: relative paths are ignored
        home = os.path.expanduser("~/.cache")
    return Path(home, _NAME) if os.path.isabs(home) else None


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
        if not _make(where):
            return False
        if (where / name).is_symlink():
            (where / name).unlink()
        atomic_file.write(where / name, data, 0o600)
    except OSError:
        return False
    return True


def _make(where: Path) -> bool:
    """Create the folder if it is missing. Returns whether the user owns it.

    With sudo, HOME may be another user's: files of root must not be left there.
    """
    there = where
    while not there.exists():
        there = there.parent
    if there.stat().st_uid != os.geteuid():
        return False
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    return True
