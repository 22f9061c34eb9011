"""Folders in which a running program keeps what must survive it, in the user's state folder.

Each is locked by its process for as long as that lives, kill -9 included. What a dead process left can be claimed by
one other process; several instances never touch each other's.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hwpoison_gui import atomic_file
from hwpoison_gui.user import folders

SESSIONS: Final = "sessions"
SCRATCH: Final = "scratch"
_LOCK: Final = "lock"
_NEW: Final = ".new-"  # a folder that is not locked yet
_YOUNG_S: Final = 60
_MOST_BYTES: Final = 1 << 28


def folder() -> Path | None:
    """$XDG_STATE_HOME/hwpoison-gui or ~/.local/state/hwpoison-gui, or what the system says is the user's home.

    None if none of them can be the user's.
    """
    # With sudo, HOME may be another user's.
    for variable, home in (("XDG_STATE_HOME", "~"), ("", _home_of_owner())):
        where = folders.folder(variable, f"{home}/.local/state" if home else "")
        with contextlib.suppress(OSError):
            if where is not None and folders.make(where):
                return where
    return None


def _home_of_owner() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""


class Slot:
    """A folder that this process has locked. `write` and `remove` raise OSError."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path, self._lock = path, lock

    def write(self, name: str, data: bytes) -> None:
        """Write a file atomically, for its owner only."""
        atomic_file.write(self.path / name, data, 0o600)

    def read(self, name: str) -> bytes | None:
        """The content of a file, or None if it is not there or cannot be read."""
        path = self.path / name
        with contextlib.suppress(OSError):
            if path.stat().st_size <= _MOST_BYTES:
                return path.read_bytes()
        return None

    def release(self) -> None:
        """Unlock it: another process may claim it."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def remove(self) -> None:
        """Delete it with all files."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.release()


def new_slot(kind: str) -> Slot | None:
    """A new folder of a kind (SESSIONS, SCRATCH), locked. None if the user has no state folder, or it is full."""
    where = folder()
    if where is None:
        return None
    name = f"{time.time_ns():020d}-{os.getpid()}"
    made = where / kind / f"{_NEW}{name}"
    try:
        (where / kind).mkdir(mode=0o700, exist_ok=True)
        made.mkdir(mode=0o700)
        lock = os.open(made / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            made.rename(where / kind / name)
        except BaseException:
            os.close(lock)
            raise
    except OSError:
        shutil.rmtree(made, ignore_errors=True)
        return None
    return Slot(where / kind / name, lock)


def left_slots(kind: str) -> list[Slot]:
    """The folders of a kind that dead processes left, newest first, locked by this process from now on."""
    where = folder()
    if where is None:
        return []
    try:
        names = sorted(os.listdir(where / kind), reverse=True)
    except OSError:
        return []
    found = []
    for name in names:
        path = where / kind / name
        if name.startswith(_NEW):
            _remove_unborn(path)
            continue
        with contextlib.suppress(OSError):
            slot = _claim(path)
            if slot is not None:
                found.append(slot)
    return found


def _claim(path: Path) -> Slot | None:
    if path.is_symlink() or path.stat().st_uid != os.geteuid():
        return None
    lock = os.open(path / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while its process lives
        if os.fstat(lock).st_ino != os.stat(path / _LOCK).st_ino:
            raise FileNotFoundError  # removed by another process meanwhile
    except BaseException:
        os.close(lock)
        raise
    return Slot(path, lock)


def _remove_unborn(path: Path) -> None:
    """Remove the folder of a process that was killed before it could lock it."""
    with contextlib.suppress(OSError):
        if time.time() - path.stat().st_mtime > _YOUNG_S:
            shutil.rmtree(path)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder for files that are needed for a moment; what killed processes left of such is removed."""
    for left in left_slots(SCRATCH):
        left.remove()
    slot = new_slot(SCRATCH)
    if slot is None:
        import tempfile

        with tempfile.TemporaryDirectory(prefix="hwpoison-gui-") as name:
            yield Path(name)
        return
    try:
        yield slot.path
    finally:
        slot.remove()
