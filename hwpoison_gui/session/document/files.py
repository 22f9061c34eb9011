"""Session files on disk: JSON, or a zip archive of it and of the memory; and the files with memory they refer to."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Final

from hwpoison_gui import atomic_file
from hwpoison_gui.record import Record
from hwpoison_gui.session.document.document import DOCUMENT, MEMORY, Document, FileRef, Stored
from hwpoison_gui.session.document.dump import dumps
from hwpoison_gui.session.document.load import loads
from hwpoison_gui.session.errors import ScenarioError

PRIVATE: Final = 0o600
_ZIP: Final = b"PK\x03\x04"
_MOST_TEXT: Final = 1 << 28
_CHUNK: Final = 1 << 20

Tick = Callable[[], None]  # called now and then; raises an exception to cancel


class Member(Record):
    """A file with memory for a session file; `fill` writes its content to a stream. `sha256`, if known, is checked."""

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
        if isinstance(document.machine, Stored) and document.machine.archive == "":
            raise ScenarioError("the memory that should be inside is missing", file=str(path))
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


@contextlib.contextmanager
def _member(archive: zipfile.ZipFile, name: str, path: Path) -> Iterator[IO[bytes]]:
    try:
        member = archive.open(name)
    except KeyError:
        raise ScenarioError(f"is a damaged session file: {name} is missing in it", file=str(path)) from None
    with member:
        yield member


def write(document: Document, path: Path) -> None:
    """Write a session file that has no memory inside. Raises OSError."""
    atomic_file.write(path, dumps(document))


def write_with_memory(document: Document, path: Path, members: Sequence[Member]) -> Document:
    """Write a session file with the memory inside, readable by its owner only.

    Parameters
    ----------
    members
        The files with memory, the one to open first.

    Returns
    -------
    Document
        `machine` refers to the members of `path`.

    Raises
    ------
    ScenarioError
        If the content of a member is not what it was.
    OSError, and what `fill` raises. After any exception an old file is untouched.
    """
    assert isinstance(document.machine, Stored)
    with atomic_file.writing(path, PRIVATE) as file, zipfile.ZipFile(file, "w") as archive:
        refs = tuple(_add(archive, member, path) for member in members)
        inside = Stored(refs, document.profile, "")
        archive.writestr(DOCUMENT, dumps(document._replace(machine=inside)), zipfile.ZIP_DEFLATED)
    return document._replace(machine=inside._replace(archive=str(atomic_file.resolved(path))))


def _add(archive: zipfile.ZipFile, member: Member, path: Path) -> FileRef:
    with archive.open(MEMORY + member.name, "w", force_zip64=True) as to:
        stream = _Digest(to)
        member.fill(stream)  # type: ignore[arg-type]
    ref = FileRef(member.name, stream.size, stream.digest.hexdigest())
    if member.sha256:
        _refuse(_differences(member.name, ref._replace(sha256=member.sha256), ref.size, ref.sha256), path)
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
        """Nothing is held back."""


# -- files with memory


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
    """What is wrong with files of their own, as far as their sizes tell: one line for each that was changed."""
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


@contextlib.contextmanager
def memory(stored: Stored, session: Path, folder: Path, tick: Tick = _no_tick) -> Iterator[tuple[Path, ...]]:
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
    if stored.archive is None:
        yield _checked(stored.files, session, tick)
    else:
        yield _extracted(stored.files, Path(stored.archive or session), folder, tick)


def _checked(files: Sequence[FileRef], session: Path, tick: Tick) -> tuple[Path, ...]:
    own, beside = Path(files[0].path).parent, session.absolute().parent
    places = (own, beside) if own != beside else (own,)
    place = next((place for place in places if (place / Path(files[0].path).name).exists()), own)
    found, problems = [], []
    for ref in files:
        path = place / Path(ref.path).name
        found.append(path)
        seen = _seen_problems(path, ref)
        if seen:
            problems += seen
            continue
        try:
            with open(path, "rb") as file:
                problems += _differences(str(path), ref, *_copy(file, None, tick, ref.size))
        except OSError as error:
            problems.append(f"{path}: {error.strerror or error}")
    _refuse(problems, session)
    return tuple(found)


def _extracted(files: Sequence[FileRef], session: Path, folder: Path, tick: Tick) -> tuple[Path, ...]:
    found, problems = [], []
    with _opened(session) as archive:
        for ref in files:
            path = folder / Path(ref.path).name
            with _member(archive, MEMORY + path.name, session) as member, open(path, "xb") as copy:
                problems += _differences(path.name, ref, *_copy(member, copy, tick, ref.size))
            found.append(path)
    _refuse(problems, session)
    return tuple(found)


def _differences(name: str, ref: FileRef, size: int, digest: str) -> list[str]:
    if size != ref.size:
        return [f"{name}: it has {'more than ' * (size > ref.size)}{min(size, ref.size):,} bytes, not {ref.size:,}"]
    return [f"{name}: its content has changed"] if ref.sha256 and digest != ref.sha256 else []


def _refuse(problems: Sequence[str], session: Path) -> None:
    if problems:
        head = "the memory on which this session was made is not there any more as it was:"
        raise ScenarioError("\n".join([head, *problems]), file=str(session))


def members_of(stored: Stored, tick: Tick = _no_tick) -> list[Member]:
    """Copies of the files with memory, wherever they are, for another session file."""
    return [Member(Path(ref.path).name, partial(_fill, stored, ref, tick), ref.sha256) for ref in stored.files]


def _fill(stored: Stored, ref: FileRef, tick: Tick, stream: IO[bytes]) -> None:
    if stored.archive is None:
        with open(ref.path, "rb") as file:
            _copy(file, stream, tick)
        return
    path = Path(stored.archive)
    with _opened(path) as archive, _member(archive, MEMORY + ref.path, path) as member:
        _copy(member, stream, tick)
