"""The content of a session file, as values. `dump.py` and `load.py` convert it; docs/session-file.md describes it."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.record import Record
from hwpoison_gui.session.comparisons import Compared
from hwpoison_gui.session.notebook import Note
from hwpoison_gui.session.operation import Asked
from hwpoison_gui.session.scenario.scenario import Scenario
from hwpoison_gui.session.session import Session

FORMAT: Final = "hwpoison-gui session"
VERSION: Final = 1
SUFFIX: Final = ".hwsession"
DOCUMENT: Final = "session.json"  # the member of a session file that has memory inside
MEMORY: Final = "memory/"  # where the other members are
RECORDS: Final = "records/"
SECOND: Final = "second/"

Line = tuple[Asked, ...]


class FileRef(Record):
    """A file with memory: absolute path, or name inside the session file; size in bytes, SHA-256 (empty: unknown)."""

    path: str
    size: int
    sha256: str = ""


class Stored(Record):
    """Memory in files, the one to open first.

    `archive`: None for files of their own; else they are members of the session file of that path (empty: of this one).
    """

    files: tuple[FileRef, ...]
    profile: str
    archive: str | None = None


class FileSet(Record):
    """Files that belong together: of error records, or of a second snapshot, whose first one is to be opened.

    `archive`: as in `Stored`.
    """

    files: tuple[FileRef, ...]
    archive: str | None = None


class EmptyMap(Record):
    """A machine without memory: frame numbers for error records."""

    frames: int
    profile: str


class Kept(Record):
    """A branch: its operations since boot, and how many of them it shared with the line that replaced it."""

    line: Line
    left_at: int


class View(Record):
    """State of the window: the map, its filter and the selection.

    Attributes
    ----------
    centre
        The frame in the middle of the map, whose cells are `cell` pixels wide; None: the whole map.
    captions
        Whether captions are shown above the map; None in files of earlier versions, which do not say.
    suited_width
        Frames per row as they were chosen to suit the window; None if the user chose `row_width`, or in earlier files.
    """

    lens: str = "kind"
    filter: str = ""
    layout: str = "rows"
    row_width: int | None = None
    centre: int | None = None
    cell: float = 0.0
    selected: int | None = None
    captions: bool | None = None
    suited_width: int | None = None


class Document(Record):
    """A session. `machine`: a scenario without steps, files, or an empty map for `records`.

    `at`: operations applied, and steps of the last one. `drafts`: notes that were being typed. `comparisons`: the
    oldest first. `records`: error records laid over the machine; None if there are none. `second`: the snapshot that
    the machine is compared with; None if it is compared with none.
    """

    title: str
    machine: Scenario | Stored | EmptyMap
    line: Line = ()
    branches: tuple[Kept, ...] = ()
    notes: tuple[Note, ...] = ()
    drafts: tuple[Note, ...] = ()
    at: tuple[int, int] = (0, 0)
    view: View = View()
    comparisons: tuple[Compared, ...] = ()
    records: FileSet | None = None
    second: FileSet | None = None

    @property
    def profile(self) -> str:
        return self.machine.profile

    @property
    def is_story(self) -> bool:
        """Whether captions are shown above the map; where the file does not say, if there is one."""
        if self.view.captions is not None:
            return self.view.captions
        summary = self.machine.summary if isinstance(self.machine, Scenario) else ""
        return bool(summary) or any(asked.telling.caption for asked in self.line)


def place_of(session: Session) -> tuple[int, int]:
    """The timeline position as (operations begun, steps of the last one); steps of an unfinished one do not count."""
    position = min(session.position, session.operations[-1].last if session.operations else 0)
    if not position:
        return 0, 0
    number = session.steps.operations[position - 1]
    return number + 1, position - session.operations[number].first


def position_of(session: Session, at: tuple[int, int]) -> int:
    """The inverse of `place_of`; the nearest position where the session has fewer operations or steps."""
    count, within = at
    if not count or not session.operations:
        return 0
    if count > len(session.operations):
        return session.operations[-1].last
    operation = session.operations[count - 1]
    return min(operation.first + within, operation.last)


def document_of(
    session: Session, title: str, machine: Scenario | Stored | EmptyMap, notes: tuple[Note, ...]
) -> Document:
    """The operations, branches and timeline position of a session, with its notes."""
    return Document(
        title,
        machine,
        tuple(Asked(op.name, op.args, op.telling) for op in session.operations),
        tuple(
            Kept(
                tuple(Asked(past.name, past.args, past.telling) for past in branch.operations),
                branch.left_at,
            )
            for branch in session.branches.kept
        ),
        notes,
        at=place_of(session),
        comparisons=tuple(session.comparisons),
    )
