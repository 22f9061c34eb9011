"""Reads what a session file refers to besides its machine: error records, and a second snapshot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hwpoison_gui.opening.real_errors import read_again
from hwpoison_gui.opening.second_snapshot import Boot, Cancelled, Progress, read_second_again
from hwpoison_gui.record import Record
from hwpoison_gui.session.document.document import Document, FileSet
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.records.history import History
from hwpoison_gui.view.map.snapshots import Side


class Attached(Record):
    """The files of a session, and what was read of them: None where they could not be, and `missing` says why.

    `missing`: what it is, and why, for the user.
    """

    history: History | None = None
    records: FileSet | None = None
    second: Side | None = None
    second_files: FileSet | None = None
    missing: tuple[tuple[str, str], ...] = ()


def read_attached(document: Document, path: Path, boot: Boot, progress: Progress, cancelled: Cancelled) -> Attached:
    """Read what the session file at `path` refers to, as far as it is there. Raises CancelledError."""
    found = Attached(records=document.records, second_files=document.second)

    def records(held: FileSet) -> None:
        nonlocal found
        errors = read_again(held, path, progress, cancelled)
        found = found._replace(history=errors.history, records=errors.files)

    def second(held: FileSet) -> None:
        nonlocal found
        snapshot = read_second_again(held, path, boot, progress, cancelled)
        found = found._replace(second=snapshot.side, second_files=snapshot.files)

    wanted: tuple[tuple[str, FileSet | None, Callable[[FileSet], None]], ...] = (
        ("error records", document.records, records),
        ("second snapshot", document.second, second),
    )
    for what, held, read in wanted:
        try:
            if held is not None:
                read(held)
        except (ScenarioError, SourceError, OSError) as error:
            found = found._replace(missing=(*found.missing, (what, str(error))))
    return found
