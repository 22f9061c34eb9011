"""Saves open machines: what was done as a session file, and a copy of live memory as a recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hwpoison_gui.opening import Opened
from hwpoison_gui.session.document import files
from hwpoison_gui.session.document.document import Document, Stored, View, document_of
from hwpoison_gui.session.document.files import Member
from hwpoison_gui.session.notebook import Notebook
from hwpoison_gui.session.scenario.scenario import Scenario
from hwpoison_gui.sources.errors import CancelledError

Cancelled = Callable[[], bool]
_NAME = "memory.npz"  # of a copy of live memory inside a session file


def _never() -> bool:
    return False


def document_of_machine(opened: Opened, book: Notebook, view: View) -> Document:
    """Everything that a session file keeps. For a copy of live memory, `machine` refers to no file."""
    profile = opened.session.machine.profile.name
    stored = opened.stored or Stored((), profile)
    machine = opened.scenario._replace(steps=()) if opened.scenario is not None else stored._replace(profile=profile)
    document = document_of(opened.session, opened.title, machine, tuple(book.notes))
    return document._replace(drafts=tuple(book.drafts), view=view._replace(captions=opened.is_story))


def recorded(opened: Opened, captions: Sequence[str] = ()) -> Scenario:
    """The operations so far as a scenario that can be saved; `opened.scenario` must not be None.

    `captions` replaces the captions of the operations, one for each.
    """
    from hwpoison_gui.session.scenario.transcript import steps_of

    assert opened.scenario is not None
    return opened.scenario._replace(steps=steps_of(opened.session.operations, captions))


def needs_copy(opened: Opened) -> bool:
    """Whether a session file must have the memory inside, as no other file does."""
    return opened.exported is not None or (opened.stored is not None and opened.stored.archive is not None)


def save_session(
    opened: Opened, document: Document, path: Path, inside: bool = False, cancelled: Cancelled = _never
) -> Opened:
    """Write a session file.

    Parameters
    ----------
    inside
        Put a copy of the memory into it. Not for made machines; where no other file has the memory, it is put there
        in any case.

    Returns
    -------
    Opened
        The same machine, as saved.

    Raises
    ------
    OSError, ScenarioError, CancelledError
    """
    file = str(path.absolute())
    if not isinstance(document.machine, Stored) or not (inside or needs_copy(opened)):
        files.write(document, path)
        return opened._replace(file=file, saves_to=file)
    written = files.write_with_memory(document, path, _members(opened, document.machine, cancelled))
    assert isinstance(written.machine, Stored)
    return opened._replace(file=file, saves_to=file, stored=written.machine)


def _members(opened: Opened, stored: Stored, cancelled: Cancelled) -> list[Member]:
    def tick() -> None:
        if cancelled():
            raise CancelledError

    exported = opened.exported
    if exported is None:
        return files.members_of(stored, tick)
    from hwpoison_gui.sources import recording_writer

    return [
        Member(_NAME, lambda stream: recording_writer.write_columns(stream, exported, cancelled)),
        Member(str(Path(_NAME).with_suffix(".json")), lambda stream: _put(stream, recording_writer.json_of(exported))),
    ]


def _put(stream: object, data: bytes) -> None:
    stream.write(data)  # type: ignore[attr-defined]


def problems_of(opened: Opened) -> list[str]:
    """Files with memory that were changed or removed since they were opened: a session cannot be opened without."""
    stored = opened.stored
    return files.problems_of(stored.files) if stored is not None and stored.archive is None else []


def save_recording(opened: Opened, path: Path, cancelled: Cancelled = _never) -> Opened:
    """Write a copy of live memory as a snapshot, which later session files refer to. Raises OSError, CancelledError."""
    from hwpoison_gui.sources import recording_writer

    assert opened.exported is not None
    recording_writer.save_snapshot(opened.exported, path, cancelled)
    return opened._replace(exported=None, stored=Stored(files.refs_of((path,)), opened.session.machine.profile.name))
