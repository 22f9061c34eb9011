"""Session files on disk: JSON, or a zip archive of it and of the memory; and the files with memory they refer to."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from hwpoison_gui import atomic_file
from hwpoison_gui.record import Record
from hwpoison_gui.session.document.document import (
    DOCUMENT,
    MEMORY,
    RECORDS,
    SECOND,
    Document,
    FileRef,
    FileSet,
    Stored,
)
from hwpoison_gui.session.document.dump import dumps
from hwpoison_gui.session.document.load import loads
from hwpoison_gui.session.errors import ScenarioError

PRIVATE: Final = 0o600
_ZIP: Final = b"PK\x03\x04"
_MOST_TEXT: Final = 1 << 28
_CHUNK: Final = 1 << 20
_MEMORY_CHANGED: Final = "the memory on which this session was made is not there any more as it was:"
_CHANGED_INSIDE: Final = "what is inside this session file is not what was put there:"
_CHANGED_FILES: Final = "a file that belongs inside has changed since it was opened:"
_RECORDS_CHANGED: Final = "error records of this session are missing, or have changed:"
_SECOND_CHANGED: Final = "the second snapshot of this session is missing, or has changed:"
_FIELDS: Final = {MEMORY: "machine", RECORDS: "records", SECOND: "second"}  # folder -> field of the document
_INSIDE: Final = {"machine": "memory", "records": "error records", "second": "second snapshot"}

Tick = Callable[[], None]  # called now and then; raises an exception to cancel


class Member(Record):
    """A file to put into a session file; `fill` writes its content to a stream. `sha256`, if known, is checked."""

    name: str
    fill: Callable[[IO[bytes]], None]
    sha256: str = ""


def _no_tick() -> None:
    """The default of `tick`: do nothing."""


def read(path: Path) -> Document:
    """Read a session file, without the memory. Raises ScenarioError, OSError."""
    with open(path, "rb") as file:
        data = file.read(_MOST_TEXT + 1)
    if not data.startswith(_ZIP):
        document = loads(_fitting(data, path), str(path))
        for field, what in _INSIDE.items():
            held = getattr(document, field)
            if isinstance(held, Stored | FileSet) and held.archive == "":
                raise ScenarioError(f"lacks the {what} that it should have inside", file=str(path))
        return document
    with _opened(path) as archive, _member(archive, DOCUMENT, path) as member:
        return loads(_fitting(member.read(_MOST_TEXT + 1), path), str(path))


def _fitting(data: bytes, path: Path) -> bytes:
    if len(data) > _MOST_TEXT:
        raise ScenarioError("is too large to be a session file", file=str(path))
    return data


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ScenarioError(f"is a damaged session file ({str(error)[:120]})", file=str(path)) from None
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise ScenarioError("is a damaged session file: a place in it does not exist", file=str(path)) from None


@contextlib.contextmanager
def _member(archive: zipfile.ZipFile, name: str, path: Path) -> Iterator[IO[bytes]]:
    try:
        member = archive.open(name)
    except KeyError:
        raise ScenarioError(f"is a damaged session file: {name} is missing in it", file=str(path)) from None
    with member:
        yield member


def write(document: Document, path: Path) -> None:
    """Write a session file that has no other files inside. Raises OSError."""
    atomic_file.write(path, dumps(document))


def write_with_files(document: Document, path: Path, inside: Mapping[str, Sequence[Member]]) -> Document:
    """Write a session file with other files inside, readable by its owner only.

    Parameters
    ----------
    inside
        The files by their folder in the archive, MEMORY, RECORDS or SECOND, the one to open first in front. What is
        of a folder that is not named stays where it is.

    Returns
    -------
    Document
        What is inside refers to the members of `path`.

    Raises
    ------
    ScenarioError
        If the content of a member is not what it was.
    OSError, and what `fill` raises. After any exception an old file is untouched.
    """
    with atomic_file.writing(path, PRIVATE) as file, zipfile.ZipFile(file, "w") as archive:
        for below, members in inside.items():
            refs = tuple(_add(archive, below, member, path) for member in members)
            held: Any = Stored(refs, document.profile, "") if below == MEMORY else FileSet(refs, "")
            document = document._replace(**{_FIELDS[below]: held})
        archive.writestr(DOCUMENT, dumps(document), zipfile.ZIP_DEFLATED)
    where = str(atomic_file.resolved(path))
    return document._replace(
        **{_FIELDS[below]: getattr(document, _FIELDS[below])._replace(archive=where) for below in inside}
    )


def _add(archive: zipfile.ZipFile, below: str, member: Member, path: Path) -> FileRef:
    info = zipfile.ZipInfo(below + member.name)
    info.compress_type = zipfile.ZIP_DEFLATED if below == RECORDS else zipfile.ZIP_STORED  # memory is packed already
    with archive.open(info, "w", force_zip64=True) as to:
        stream = _Digest(to)
        member.fill(stream)  # type: ignore[arg-type]
    ref = FileRef(member.name, stream.size, stream.digest.hexdigest())
    if member.sha256:
        changed = _differences(member.name, ref._replace(sha256=member.sha256), ref.size, ref.sha256)
        _refuse(changed, _CHANGED_FILES, path)
    return ref


class _Digest:
    """A stream that counts and digests what is written to it. It cannot seek: a writer of zip files sees that."""

    def __init__(self, to: IO[bytes]) -> None:
        self._to = to
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._to.write(data)
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: `write` keeps nothing back."""


# -- files that a session refers to


def refs_of(paths: Sequence[Path], tick: Tick = _no_tick) -> tuple[FileRef, ...]:
    """References to files as they are now. Raises OSError, and what `tick` raises."""
    return tuple(_ref_of(path, tick) for path in paths)


def _ref_of(path: Path, tick: Tick) -> FileRef:
    with open(path, "rb") as file:
        size, digest = _copy(file, None, tick)
    return FileRef(os.path.abspath(path), size, digest)


def _copy(source: IO[bytes], to: IO[bytes] | None, tick: Tick, most: int | None = None) -> tuple[int, str]:
    """Read a stream to its end, or a byte beyond `most`; returns size and SHA-256."""
    size, digest = 0, hashlib.sha256()
    while most is None or size <= most:
        tick()
        data = source.read(_CHUNK)
        if not data:
            break
        size += len(data)
        digest.update(data)
        if to is not None:
            to.write(data)
    return size, digest.hexdigest()


def problems_of(files: Sequence[FileRef]) -> list[str]:
    """Return the problems of files of their own, judged by their sizes: one line for each that was changed."""
    return [problem for ref in files for problem in _seen_problems(Path(ref.path), ref)]


def _seen_problems(path: Path, ref: FileRef) -> list[str]:
    """Differences that show without reading the file; a pipe or a device is not opened."""
    try:
        found = os.stat(path)
    except OSError as error:
        return [f"{path}: {error.strerror}"]
    if not stat.S_ISREG(found.st_mode):
        return [f"{path}: it is no regular file"]
    if found.st_size != ref.size:
        return [f"{path}: it has {found.st_size:,} bytes, not {ref.size:,}"]
    return []


def memory(stored: Stored, session: Path, folder: Path, tick: Tick = _no_tick) -> tuple[Path, ...]:
    """The files with memory, checked completely.

    Parameters
    ----------
    session
        The session file; files of their own are also looked for in its folder.
    folder
        An empty folder for members of a session file.

    Raises
    ------
    ScenarioError
        One message that names all files that are missing or changed.
    """
    return _together(FileSet(stored.files, stored.archive), MEMORY, _MEMORY_CHANGED, session, folder, tick)


def second(held: FileSet, session: Path, folder: Path, tick: Tick = _no_tick) -> tuple[Path, ...]:
    """The files of a second snapshot; parameters and errors as for `memory`."""
    return _together(held, SECOND, _SECOND_CHANGED, session, folder, tick)


def _together(held: FileSet, below: str, head: str, session: Path, folder: Path, tick: Tick) -> tuple[Path, ...]:
    """The parts of one machine, in one folder."""
    if held.archive is None:
        return _checked(held.files, _in_one_place(held.files, session), head, session, tick)
    return _extracted(held.files, below, Path(held.archive or session), folder, tick)


def records(held: FileSet, session: Path, folder: Path, tick: Tick = _no_tick) -> tuple[tuple[str, Path], ...]:
    """The files with error records, checked completely: what each is called, and where it can be read.

    Parameters and errors as for `memory`. Files that lie outside an archive need not be in one folder: each is looked
    for where it was recorded, and then beside the session.
    """
    if held.archive is None:
        beside = session.absolute().parent
        paths = [_found(Path(ref.path), beside) for ref in held.files]
        return tuple((str(path), path) for path in _checked(held.files, paths, _RECORDS_CHANGED, session, tick))
    found = _extracted(held.files, RECORDS, Path(held.archive or session), folder, tick)
    return tuple((ref.path, path) for ref, path in zip(held.files, found, strict=True))


def _found(path: Path, beside: Path) -> Path:
    """Return the path of a file: the recorded one, or the one in the folder `beside` if the file is only there."""
    other = beside / path.name
    return other if not path.exists() and other.exists() else path


def _in_one_place(files: Sequence[FileRef], session: Path) -> list[Path]:
    """Return the paths of the parts of one machine, in their recorded folder or beside the session file."""
    own, beside = Path(files[0].path).parent, session.absolute().parent
    places = (own, beside) if own != beside else (own,)
    place = next((place for place in places if (place / Path(files[0].path).name).exists()), own)
    return [place / Path(ref.path).name for ref in files]


def _checked(files: Sequence[FileRef], paths: Sequence[Path], head: str, session: Path, tick: Tick) -> tuple[Path, ...]:
    """The paths, after comparing each file with its reference."""
    problems = []
    for ref, path in zip(files, paths, strict=True):
        seen = _seen_problems(path, ref)
        if seen:
            problems += seen
            continue
        try:
            with open(path, "rb") as file:
                problems += _differences(str(path), ref, *_copy(file, None, tick, ref.size))
        except OSError as error:
            problems.append(f"{path}: {error.strerror or error}")
    _refuse(problems, head, session)
    return tuple(paths)


def _extracted(files: Sequence[FileRef], below: str, session: Path, folder: Path, tick: Tick) -> tuple[Path, ...]:
    """Copy members of a session file, into `folder` and nowhere else; return where they are."""
    found, problems = [], []
    with _opened(session) as archive:
        for ref in files:
            path = folder.joinpath(*(part for part in PurePosixPath(ref.path).parts if part not in ("/", "..")))
            path.parent.mkdir(parents=True, exist_ok=True)
            with _member(archive, below + ref.path, session) as member, open(path, "xb") as copy:
                problems += _differences(ref.path, ref, *_copy(member, copy, tick, ref.size))
            found.append(path)
    _refuse(problems, _CHANGED_INSIDE, session)
    return tuple(found)


def _differences(name: str, ref: FileRef, size: int, digest: str) -> list[str]:
    if size != ref.size:
        return [f"{name}: it has {'more than ' * (size > ref.size)}{min(size, ref.size):,} bytes, not {ref.size:,}"]
    return [f"{name}: its content has changed"] if ref.sha256 and digest != ref.sha256 else []


def _refuse(problems: Sequence[str], head: str, session: Path) -> None:
    if problems:
        raise ScenarioError("\n".join([head, *problems]), file=str(session))


def members_of(held: Stored | FileSet, below: str, tick: Tick = _no_tick) -> list[Member]:
    """Return copies of files, wherever they are, for the folder `below` in another session file.

    Files with error records are numbered, as two may have one name.
    """
    return [
        Member(
            f"{number}/{Path(ref.path).name}" if below == RECORDS else Path(ref.path).name,
            partial(_fill, held.archive, below, ref, tick),
            ref.sha256,
        )
        for number, ref in enumerate(held.files, 1)
    ]


def _fill(archive: str | None, below: str, ref: FileRef, tick: Tick, stream: IO[bytes]) -> None:
    if archive is None:
        with open(ref.path, "rb") as file:
            _copy(file, stream, tick)
        return
    path = Path(archive)
    with _opened(path) as opened, _member(opened, below + ref.path, path) as member:
        _copy(member, stream, tick)
