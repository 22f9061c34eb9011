"""A notebook of moments: a note on any step, found again though the operations have become other ones.

A note is bound to the line of operations that led to its step, so it can be gone back to on a branch, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from hwpoison_gui.session.branches import shared
from hwpoison_gui.session.session import Operation, Session

PARAGRAPH: Final = "\n\n"


class Asked(NamedTuple):
    """The inputs of an operation."""

    name: str
    args: Mapping[str, Any]
    caption: str = ""


class Note(NamedTuple):
    """Words on a moment: the step `within` (from 1) of the last operation of `line`; 0 and no line is the start."""

    number: int
    text: str
    line: tuple[Asked, ...]
    within: int = 0


class Saved(NamedTuple):
    """Captions by operation, and notes that no file can hold: (note, why)."""

    captions: tuple[str, ...]
    lost: tuple[tuple[Note, str], ...]
    moved: int  # notes on a step that become captions of the whole operation


class Notebook:
    """The notes of one session, in the order in which they were made. Captions of a scenario are notes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.notes: list[Note] = []
        self._number = 0
        self._places: tuple[Operation | None, dict[int, Operation | None]] = None, {}
        line = self._line(len(session.operations))
        for count, operation in enumerate(session.operations, start=1):
            if operation.caption:
                self._add(operation.caption, line[:count], operation.last - operation.first)

    def _line(self, count: int) -> tuple[Asked, ...]:
        return tuple(Asked(op.name, op.args, op.caption) for op in self._session.operations[:count])

    def _add(self, text: str, line: tuple[Asked, ...], within: int) -> Note:
        self._number += 1
        note = Note(self._number, text, line, within)
        self.notes.append(note)
        return note

    def write(self, text: str) -> Note | None:
        """A note on the present step, in place of one that is there; empty words remove it."""
        session, text = self._session, text.strip()
        old = self.here()
        if old is not None:
            place = self.notes.index(old)
            self.notes[place : place + 1] = [Note(old.number, text, old.line, old.within)] if text else []
            return self.notes[place] if text else None
        if not text:
            return None
        if not session.position:
            return self._add(text, (), 0)
        number = session.steps.operations[session.position - 1]
        return self._add(text, self._line(number + 1), session.position - session.operations[number].first)

    def remove(self, note: Note) -> None:
        self.notes.remove(note)

    def here(self) -> Note | None:
        """The note on the present step."""
        position = self._session.position
        return next((note for note in self.notes if self.position_of(note) == position), None)

    def position_of(self, note: Note) -> int | None:
        """Where the note lies on the present line; None: on a branch."""
        operation = self._operation_of(note)
        if operation is None:
            return None if note.line else 0
        return operation.first + note.within

    def _operation_of(self, note: Note) -> Operation | None:
        operations = self._session.operations
        newest = operations[-1] if operations else None
        if self._places[0] is not newest:  # each act makes another one: as long as it is there, so are all before it
            self._places = newest, {}
        found = self._places[1]
        if note.number not in found:
            found[note.number] = self._look_for(note.line)
        return found[note.number]

    def _look_for(self, line: Sequence[Asked]) -> Operation | None:
        operations = self._session.operations
        if not line or len(line) > len(operations):
            return None
        there = operations[len(line) - 1]
        # Arguments are copied by each act: the same object is the same act, with the same past.
        return there if line[-1].args is there.args or shared(line, operations) == len(line) else None

    def to_save(self) -> Saved:
        """What a scenario can hold of it: notes of an operation are its caption."""
        operations = self._session.operations
        texts: list[list[str]] = [[] for _ in operations]
        lost: list[tuple[Note, str]] = []
        moved = 0
        for note in sorted(self.notes, key=lambda note: note.within):
            operation = self._operation_of(note)
            if operation is None:
                lost.append((note, "it is on a branch" if note.line else "nothing was done there yet"))
                continue
            texts[len(note.line) - 1].append(note.text)
            moved += note.within < operation.last - operation.first
        return Saved(tuple(PARAGRAPH.join(words) for words in texts), tuple(lost), moved)


def lost_words(lost: Sequence[tuple[Note, str]]) -> str:
    """What is told of notes that were not saved."""
    lines = [f"“{note.text.splitlines()[0][:60]}”: {why}" for note, why in lost]
    return "A scenario has captions on what was done, and nowhere else.\n\n" + "\n".join(lines)
