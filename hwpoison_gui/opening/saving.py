"""Saves open machines: what was done as a session file, and a copy of live memory as a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.document import files
from hwpoison_gui.session.document.document import (
    MEMORY,
    RECORDS,
    SECOND,
    Document,
    EmptyMap,
    FileSet,
    Stored,
    View,
    document_of,
)
from hwpoison_gui.session.document.files import Member
from hwpoison_gui.session.notebook import Notebook
from hwpoison_gui.session.scenario.scenario import Scenario
from hwpoison_gui.sources.errors import stop_if

Cancelled = Callable[[], bool]
_NAME = "memory.npz"  # name of a copy of live memory inside a session file


def _never() -> bool:
    return False


def document_of_machine(opened: Opened, book: Notebook, view: View) -> Document:
    """Return everything that a session file keeps. For a copy of live memory, `machine` refers to no file."""
    m = opened.session.machine
    machine: Scenario | Stored | EmptyMap
    if opened.scenario is not None:
        machine = opened.scenario._replace(steps=())
    elif opened.records_only:
        machine = EmptyMap(m.frames, m.profile.name)
    else:
        machine = (opened.stored or Stored((), ""))._replace(profile=m.profile.name)
    document = document_of(opened.session, opened.title, machine, tuple(book.notes))
    return document._replace(
        drafts=tuple(book.drafts),
        view=view._replace(captions=opened.is_story),
        records=opened.records,
        second=opened.second_files,
    )


def recorded(opened: Opened, captions: Sequence[str] = ()) -> Scenario:
    """The operations so far as a scenario that can be saved; `opened.scenario` must not be None.

    `captions` replaces the captions of the operations, one for each.
    """
    from hwpoison_gui.session.scenario.transcript import steps_of

    assert opened.scenario is not None
    return opened.scenario._replace(steps=steps_of(opened.session.operations, captions))


def needs_copy(opened: Opened) -> bool:
    """Return whether a session file must have other files inside, as what they hold is nowhere else."""
    return _needs_memory(opened) or any(held is not None and held.archive is not None for held in _more(opened))


def _needs_memory(opened: Opened) -> bool:
    return opened.exported is not None or (opened.stored is not None and opened.stored.archive is not None)


def _more(opened: Opened) -> tuple[FileSet | None, FileSet | None]:
    """The files besides the memory."""
    return opened.records, opened.second_files


def save_session(
    opened: Opened, document: Document, path: Path, inside: bool = False, cancelled: Cancelled = _never
) -> Opened:
    """Write a session file.

    Parameters
    ----------
    inside
        Put copies of the memory, unless a scenario makes it, of the error records and of the second snapshot into it.
        What no other file has is put there in any case.

    Returns
    -------
    Opened
        The same machine, as saved.

    Raises
    ------
    OSError, ScenarioError, CancelledError
    """
    file = str(path.absolute())
    stored = document.machine if isinstance(document.machine, Stored) else None
    members = {}
    if stored is not None and (inside or _needs_memory(opened)):
        members[MEMORY] = _members(opened, stored, cancelled)
    for below, held in zip((RECORDS, SECOND), _more(opened), strict=True):
        if held is not None and (inside or held.archive is not None):
            members[below] = files.members_of(held, below, partial(stop_if, cancelled))
    if not members:
        files.write(document, path)
        return opened._replace(file=file, saves_to=file)
    written = files.write_with_files(document, path, members)
    stored = written.machine if MEMORY in members and isinstance(written.machine, Stored) else opened.stored
    return opened._replace(
        file=file, saves_to=file, stored=stored, records=written.records, second_files=written.second
    )


def _members(opened: Opened, stored: Stored, cancelled: Cancelled) -> list[Member]:
    exported = opened.exported
    if exported is None:
        return files.members_of(stored, MEMORY, partial(stop_if, cancelled))
    from hwpoison_gui.sources import recording_writer

    return [Member(_NAME, lambda stream: recording_writer.write_snapshot(stream, exported, cancelled))]


def problems_of(opened: Opened) -> list[str]:
    """Files that the session refers to, and that were changed or removed since they were opened."""
    return [
        problem
        for referred in (opened.stored, *_more(opened))
        if referred is not None and referred.archive is None
        for problem in files.problems_of(referred.files)
    ]


def save_recording(opened: Opened, path: Path, cancelled: Cancelled = _never) -> Opened:
    """Write a copy of live memory as a snapshot, which later session files refer to. Raises OSError, CancelledError."""
    from hwpoison_gui.sources import recording_writer

    assert opened.exported is not None
    recording_writer.save_snapshot(opened.exported, path, cancelled)
    return opened._replace(exported=None, stored=Stored(files.refs_of((path,)), opened.session.machine.profile.name))
