"""Replaces files atomically: readers see the old content or the new one, also after a crash.

The new content is written to a temporary file beside the target, which is locked for as long as its writer lives.
Temporary files of writers that were killed are removed by the next write to the same folder.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

_TEMPORARY: Final = ".hwpoison-gui-{}.tmp"
_TEMPORARY_NAME: Final = re.compile(r"\.hwpoison-gui-[0-9a-f]{16}\.tmp")
_YOUNG_S: Final = 10  # a temporary file this young may not be locked yet


def write(path: Path, data: bytes, mode: int | None = None) -> None:
    """Replace the content of `path`; see `writing`."""
    with writing(path, mode) as file:
        file.write(data)


@contextlib.contextmanager
def writing(path: Path, mode: int | None = None) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of `path` when the block ends without an exception.

    Parameters
    ----------
    path
        The target; a symbolic link is followed.
    mode
        Its permission bits. None: those of the file that is replaced, or those that the umask leaves.

    Raises
    ------
    OSError
        The old file is untouched then, as after any other exception.
    """
    target = resolved(path)
    remove_leftovers(target.parent)
    beside = target.with_name(_TEMPORARY.format(os.urandom(8).hex()))
    number = _created(beside, path, 0o666 if mode is None else mode)
    try:
        with open(number, "w+b") as file:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if mode is None and target.exists():
                os.fchmod(number, target.stat().st_mode & 0o7777)
            elif mode is not None:
                os.fchmod(number, mode)
            yield file
            file.flush()
            os.fsync(number)
            os.replace(beside, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _created(beside: Path, path: Path, mode: int) -> int:
    """The descriptor of a new file. Raises OSError that names `path`, the file that is asked for."""
    try:
        return os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def resolved(path: Path) -> Path:
    """The absolute path of a file that may not exist, symbolic links followed. Raises OSError for a loop of them."""
    with contextlib.suppress(FileNotFoundError):
        os.stat(path)
    real = os.path.realpath(path)
    if os.path.islink(real):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return Path(real)


def remove_leftovers(folder: Path) -> None:
    """Remove the user's temporary files of writers that do not live any more."""
    try:
        names = [name for name in os.listdir(folder) if _TEMPORARY_NAME.fullmatch(name)]
    except OSError:
        return
    for name in names:
        with contextlib.suppress(OSError):
            _remove_if_left(os.path.join(folder, name))


def _remove_if_left(path: str) -> None:
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(number)
        if found.st_uid == os.geteuid() and not 0 <= time.time() - found.st_mtime < _YOUNG_S:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while the writer lives
            os.unlink(path)
    finally:
        os.close(number)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
