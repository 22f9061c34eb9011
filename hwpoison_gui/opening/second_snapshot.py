"""Reads a second snapshot to compare with, and its references, so that a session can find it again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.record import Record
from hwpoison_gui.session.document import files
from hwpoison_gui.session.document.document import FileSet
from hwpoison_gui.sources.errors import stop_if
from hwpoison_gui.sources.machine_file import parts_of
from hwpoison_gui.sources.recognise import form_of
from hwpoison_gui.user.state import scratch
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.map.snapshots import Side, side_of_machine

Progress = Callable[[float, str], None]
Cancelled = Callable[[], bool]
Boot = Callable[[Path, Progress, Cancelled], Machine]  # boots the machine of a file


class SecondSnapshot(Record):
    """The second snapshot of a comparison, and the files that it was read from."""

    side: Side
    files: FileSet


def read_second(path: Path, boot: Boot, progress: Progress, cancelled: Cancelled) -> SecondSnapshot:
    """Read a file with memory. Raises ScenarioError, SourceError, OSError, CancelledError."""
    side = to_the_end(side_of_machine(boot(path, progress, cancelled), path.name))
    return SecondSnapshot(side, FileSet(files.refs_of(parts_of(path, form_of(path)), partial(stop_if, cancelled))))


def read_second_again(
    held: FileSet, session: Path, boot: Boot, progress: Progress, cancelled: Cancelled
) -> SecondSnapshot:
    """Read the second snapshot that a session file refers to, after comparing its files with the references.

    Raises
    ------
    ScenarioError
        One message that names all files that are missing or changed.
    SourceError, OSError, CancelledError
    """
    with nullcontext(Path()) if held.archive is None else scratch() as folder:
        paths = files.second(held, session, folder, partial(stop_if, cancelled))
        side = to_the_end(side_of_machine(boot(paths[0], progress, cancelled), paths[0].name))
    if held.archive is not None:
        return SecondSnapshot(side, held._replace(archive=held.archive or str(session.absolute())))
    refs = tuple(ref._replace(path=str(path)) for ref, path in zip(held.files, paths, strict=True))
    return SecondSnapshot(side, FileSet(refs))
