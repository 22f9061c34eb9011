"""Opens any file with error records; the content, never the name, decides what it is."""

from __future__ import annotations

import shutil
import stat
import tempfile
from pathlib import Path
from typing import IO, Final

from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.recognise import ANY_TEXT, SQLITE, Reader, form_of
from hwpoison_gui.sources.records import database, statistics
from hwpoison_gui.sources.records.event import Source
from hwpoison_gui.sources.records.stream import Tick, head_of
from hwpoison_gui.sources.records.text import read_text

_HEAD: Final = 1 << 14
_SMALL: Final = 1 << 14  # a file of statistics is smaller
_TAKEN: Final = frozenset(("kmsg", "trace_pipe"))  # names in /proc and tracefs: queues, although stat() says files
_BINARY: Final = 0.3  # share of the first bytes; a log may contain some junk


def read(path: Path, tick: Tick | None = None) -> Source:
    """Read the memory errors that a file recorded.

    Parameters
    ----------
    path
        A log, trace, database or list, compressed or not; or a folder node*/memory_failure of sysfs.
    tick
        Called regularly with the share that has been read, 0 to 1. It may raise to stop.

    Raises
    ------
    SourceError
        With the place, if the file is damaged, not a record of errors, or names a frame that cannot exist.
    OSError
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        return statistics.read_folder(path)
    if not stat.S_ISREG(mode):
        raise SourceError(path, "", "only files can be opened")
    if path.resolve().name in _TAKEN and not path.stat().st_size:
        raise SourceError(path, "", "reading it would consume its lines and wait for more; save a copy first")
    head = head_of(path, _HEAD)
    if head.startswith(SQLITE):
        return database.read_database(path, head_of_file(path))
    if _is_binary(head):
        raise SourceError(path, "", "binary data, not a log or database of memory errors")
    text = head.decode("utf-8", "backslashreplace").removeprefix("\ufeff")
    if len(head) < _SMALL:
        counted = statistics.of_text(path, text)
        if counted is not None:
            return counted
    found = read_text(path, text, tick)
    if not (found.events or found.counts or found.unknown or found.boots or found.lines > found.others):
        _refuse_other(path)
    return found


def records_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files of a folder that have error records, and the other ones, both sorted by name.

    The counters in a folder, those of node*/memory_failure in sysfs, are one source: the folder itself. Raises OSError.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file())
    known = [path for path in files if form_of(path).reader is Reader.RECORDS]
    if not statistics.is_folder_of_counters(folder):
        return known, [path for path in files if path not in known]
    counters = folder / statistics.NAMES[0] in files
    return [*known, folder], [] if counters else [path for path in files if path not in known]


def read_stream(stream: IO[bytes], name: str) -> Source:
    """Read a pipe to its end, as `read` does a file; a temporary file holds its content. `name`: name of the source."""
    with tempfile.NamedTemporaryFile(prefix="hwpoison-gui-") as copy:
        shutil.copyfileobj(stream, copy)
        copy.flush()
        try:
            return read(Path(copy.name))._replace(path=name)
        except SourceError as error:
            raise SourceError(Path(name), error.where, error.why) from None


def _refuse_other(path: Path) -> None:
    """Raise SourceError for text that is something else; a log without errors is accepted."""
    form = form_of(path)
    if form.reader is not Reader.RECORDS:
        name = "text" if form is ANY_TEXT else form.name
        raise SourceError(path, "", f"{name}, not a log, trace, list or database of memory errors")


def head_of_file(path: Path) -> bytes:
    """The first bytes of a file, as they are."""
    with open(path, "rb") as file:
        return file.read(8)


def _is_binary(head: bytes) -> bool:
    """Return whether a file is not text. A crash leaves zeros in logs; the first line may be cut off at its start."""
    said = head.replace(b"\0", b"")
    odd = sum(byte < 9 or 13 < byte < 27 for byte in said)
    return bool(head) and (not said or odd > _BINARY * len(said))
