"""Rows of the table of what changed in a second snapshot: poison, kinds, flags, and who maps the frames."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from hwpoison_gui.kernel.records import label_of
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.columns import TextColumn
from hwpoison_gui.view.base.kinds import KINDS
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.map.snapshot_parts import Part
from hwpoison_gui.view.map.snapshots import ONE_SIDE, POISONED, SAME, USERS, Changes
from hwpoison_gui.view.words.words import counted

_NONE: Final = "–"
_DAY: Final = len("2026-11-28 ")
_NO_ORDER: Final = "It is not known of both when they were captured."
_OF_CODE: Final = {
    POISONED: ("HWPOISON", _NONE, "set"),
    ONE_SIDE: ("page in one only", "", ""),
    USERS: ("users only", "", ""),
}


class SnapshotRow(Record):
    """Frames that changed in one way; `key` is the number of their part, `word` what the filter calls it."""

    key: int
    word: str
    what: str
    frames: int
    before: str
    after: str


SNAPSHOT_COLUMNS: Final = (
    TextColumn("what", "What changed", "A flag, the kind of page, or which process maps it; a frame may be in several "
               "rows", "mapped by postgres:4711"),
    TextColumn("frames", "Frames", "Number of frames", "00,000,000", number=True),
    TextColumn("memory", "Memory", "The same as an amount of memory", "000.0 MiB", number=True),
    TextColumn("before", "From", "In the older of the two", "anonymous memory"),
    TextColumn("after", "To", "In the newer of the two", "anonymous memory", wide=True),
)  # fmt: skip


def snapshot_rows(parts: tuple[Part, ...]) -> list[SnapshotRow]:
    """A row for each part."""
    return [SnapshotRow(part.number, part.word, *_words(part)) for part in parts]


def _words(part: Part) -> tuple[str, int, str, str]:
    """Cells of a change: its subject, the number of frames, the old and the new value."""
    if part.code:
        what, before, after = _OF_CODE[part.code]
    elif part.healed:
        what, before, after = "HWPOISON", "set", _NONE
    elif part.kinds is not None:
        what, (before, after) = "kind of page", (KINDS[kind].name for kind in part.kinds)
    elif part.flag:
        what, before, after = "flag", *_there(part.flag, part.gained)
    else:
        pid, comm = part.owner
        what, before, after = "mapped by", *_there(label_of(comm, pid), part.gained)
    return what, part.frames, before, after


def _there(name: str, gained: bool) -> tuple[str, str]:
    return (_NONE, name) if gained else (name, _NONE)


def snapshot_cells(row: SnapshotRow) -> tuple[str, ...]:
    """The fields of a row as they are shown, in the order of SNAPSHOT_COLUMNS."""
    return row.what, f"{row.frames:,}", amount(row.frames * FRAME_SIZE), row.before, row.after


def snapshot_summary(changes: Changes) -> str:
    """Describe the number of changed frames, and the two snapshots."""
    changed = int((changes.codes > SAME).sum())
    old, new = (
        f"{title} ({when})" if when else title for title, when in zip(changes.titles, _clocks(changes), strict=True)
    )
    if not changed:
        return f"no frame changed from {old} to {new}"
    return f"{counted(changed, 'frame')} ({amount(changed * FRAME_SIZE)}) changed from {old} to {new}"


def _clocks(changes: Changes) -> tuple[str, str]:
    """The capture times of both, without the day where it is the same."""
    old, new = (capture_words(time) for time in changes.times)
    if old[:_DAY] == new[:_DAY]:
        return old[_DAY:], new[_DAY:]
    return old, new


def capture_words(time: float | None) -> str:
    """A capture time, such as `2026-11-28 23:01:07 UTC`; empty if it is not known."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if time is not None else ""


def snapshot_notes(changes: Changes) -> str:
    """Return the notes that the table has no place for, as one text: doubts, and whether users are known."""
    unknown = "" if changes.owners else "Which processes map which frames is not known of both."
    order = f"{_NO_ORDER} The open machine is taken for the older one." if None in changes.times else ""
    return " ".join(filter(None, (order, *changes.doubts, unknown)))
