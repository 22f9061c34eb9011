"""Opens any file with records of errors; its content says what it is, never its name."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.recognise import SQLITE, Reader, form_of
from hwpoison_gui.sources.records import database, statistics
from hwpoison_gui.sources.records.event import Source
from hwpoison_gui.sources.records.stream import Tick, head_of
from hwpoison_gui.sources.records.text import read_text

_HEAD: Final = 1 << 14
_SMALL: Final = 1 << 14  # a file of statistics is smaller
_TAKEN: Final = frozenset(("kmsg", "trace_pipe"))  # of /proc and tracefs: not files, although stat() says so
_BINARY: Final = 0.3  # of the first bytes; a log may have some junk


def read(path: Path, tick: Tick | None = None) -> Source:
    """What a file recorded of memory errors.

    Parameters
    ----------
    path
        A log, a trace, a database, a list, any of them packed; or a folder node*/memory_failure of sysfs.
    tick
        Called now and then with the share that was read, 0 to 1. It may raise to stop.

    Raises
    ------
    SourceError
        With the place, if the file is damaged, of another kind, or names a frame that cannot exist.
    OSError
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        return statistics.read_folder(path)
    if not stat.S_ISREG(mode):
        raise SourceError(path, "", "only files can be opened")
    if path.resolve().name in _TAKEN and not path.stat().st_size:
        raise SourceError(path, "", "whoever reads it takes its lines away and waits for more: save a copy of it first")
    head = head_of(path, _HEAD)
    if head.startswith(SQLITE):
        return database.read_database(path, head_of_file(path))
    if _is_binary(head):
        raise SourceError(path, "", "neither text nor a database: no log of errors")
    text = head.decode("utf-8", "backslashreplace").removeprefix("\ufeff")
    if len(head) < _SMALL:
        counted = statistics.of_text(path, text)
        if counted is not None:
            return counted
    found = read_text(path, text, tick)
    if not (found.events or found.counts or found.unknown or found.boots or found.lines > found.others):
        _refuse_other(path)
    return found


def _refuse_other(path: Path) -> None:
    """Raise SourceError for a text that is of another kind; a log without errors is none."""
    form = form_of(path)
    if form.reader is not Reader.RECORDS:
        raise SourceError(path, "", f"{form.name}: no log, trace, list or database of memory errors")


def head_of_file(path: Path) -> bytes:
    """The first bytes of a file, packed or not."""
    with open(path, "rb") as file:
        return file.read(8)


def _is_binary(head: bytes) -> bool:
    """Whether a file is no text. A crash leaves zeros in logs, and its first line may be half of something else."""
    said = head.replace(b"\0", b"")
    odd = sum(byte < 9 or 13 < byte < 27 for byte in said)
    return bool(head) and (not said or odd > _BINARY * len(said))
