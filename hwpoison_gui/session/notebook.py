"""Notes on timeline positions.

A note is bound to the line of operations that led to its position, so it is found again on a branch. The notes on an
operation are its caption: they are the only editor of captions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hwpoison_gui.record import Record
from hwpoison_gui.session.branches import shared
from hwpoison_gui.session.operation import Asked, Operation
from hwpoison_gui.session.session import Session

PARAGRAPH: Final = "\n\n"


class Note(Record):
    """A text on step `within` (from 1) of the last operation of `line`; 0 and an empty line: the machine as booted."""

    number: int
    text: str
    line: tuple[Asked, ...]
    within: int = 0


class Saved(Record):
    """Captions, one for each operation, and the notes that a file cannot hold: (note, reason)."""

    captions: tuple[str, ...]
    lost: tuple[tuple[Note, str], ...]
    moved: int  # number of notes on a step that become captions of the whole operation


class Notebook:
    """The notes of one session, in order of creation. Captions of a scenario become notes, and notes captions."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.notes: list[Note] = []
        self.drafts: list[Note] = []  # notes typed for a position and not accepted
        self._number = 0
        self._places: tuple[Operation | None, dict[int, Operation | None]] = None, {}
        line = self._line(len(session.operations))
        for count, operation in enumerate(session.operations, start=1):
            if operation.telling.caption:
                self._number += 1
                within = operation.last - operation.first
                self.notes.append(Note(self._number, operation.telling.caption, line[:count], within))

    def restore(self, notes: Sequence[Note], drafts: Sequence[Note] = ()) -> None:
        """Replace all notes and drafts by those of a session file."""
        numbered = [note._replace(number=number) for number, note in enumerate((*notes, *drafts), start=1)]
        self.notes, self.drafts = numbered[: len(notes)], numbered[len(notes) :]
        self._number = len(numbered)
        self._places = None, {}
        self.tell()

    def tell(self) -> None:
        """Make the notes on each operation of the present line its caption; call when the line has changed."""
        for operation, caption in zip(self._session.operations, self.to_save().captions, strict=True):
            if caption != operation.telling.caption:
                self._session.tell(operation, operation.telling._replace(caption=caption))

    def _line(self, count: int) -> tuple[Asked, ...]:
        return tuple(Asked(op.name, op.args, op.telling) for op in self._session.operations[:count])

    def write(self, text: str) -> Note | None:
        """Write the note on the present position, replacing an existing one; an empty text removes it."""
        written = self._write(text)
        self.tell()
        return written

    def _write(self, text: str) -> Note | None:
        text, old, draft = text.strip(), self.here(), self.draft_here()
        if draft is not None:
            self.drafts.remove(draft)
        if old is not None:
            place = self.notes.index(old)
            self.notes[place : place + 1] = [Note(old.number, text, old.line, old.within)] if text else []
            return self.notes[place] if text else None
        if not text:
            return None
        self.notes.append(self._note_here(text))
        return self.notes[-1]

    def _note_here(self, text: str) -> Note:
        """A new note on the present position."""
        session = self._session
        self._number += 1
        if not session.position:
            return Note(self._number, text, ())
        number = session.steps.operations[session.position - 1]
        line = self._line(number + 1)
        return Note(self._number, text, line, session.position - session.operations[number].first)

    def keep_draft(self, text: str) -> bool:
        """Keep text that was typed for the present position, if it is not that of the note there. Returns whether."""
        old, note = self.draft_here(), self.here() or self.elsewhere()
        if old is not None:
            self.drafts.remove(old)
        if not text.strip() or (note is not None and text.strip() == note.text):
            return False
        self.drafts.append(self._note_here(text))
        return True

    def draft_here(self) -> Note | None:
        """The draft for the present position, or None."""
        return self._at_present(self.drafts)

    def remove(self, note: Note) -> None:
        """Delete a note or a draft. Raises ValueError if it is not in the notebook."""
        (self.drafts if note in self.drafts else self.notes).remove(note)
        self.tell()

    def here(self) -> Note | None:
        """The note on the present position, or None."""
        return self._at_present(self.notes)

    def elsewhere(self) -> Note | None:
        """The last note of the present operation if it is at another of its steps, and there is none here."""
        operation = self._session.operation_at(self._session.position)
        if operation is None or self.here() is not None:
            return None
        notes = [note for note in self.notes if self._operation_of(note) is operation]
        return max(notes, key=lambda note: note.within, default=None)

    def rewrite(self, note: Note, text: str) -> None:
        """Give a note another text, where it is; an empty text removes it. What was typed here is no draft any more."""
        text, place, draft = text.strip(), self.notes.index(note), self.draft_here()
        if draft is not None:
            self.drafts.remove(draft)
        self.notes[place : place + 1] = [note._replace(text=text)] if text else []
        self.tell()

    def _at_present(self, notes: Sequence[Note]) -> Note | None:
        position = self._session.position
        return next((note for note in notes if self.position_of(note) == position), None)

    def position_of(self, note: Note) -> int | None:
        """The position of the note on the present line; None if it is on a branch."""
        operation = self._operation_of(note)
        if operation is None:
            return None if note.line else 0
        return operation.first + note.within

    def _operation_of(self, note: Note) -> Operation | None:
        newest = self._session.newest
        if self._places[0] is not newest:  # compared by identity: while it is the newest, those before it are the same
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
        # Each operation copies its arguments: the same object is the same operation, with the same past.
        return there if line[-1].args is there.args or shared(line, operations) == len(line) else None

    def to_save(self) -> Saved:
        """The notes as a scenario holds them: those of an operation, joined, are its caption."""
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
    """Message about notes that were not saved."""
    firsts = [note.text.partition("\n")[0][:60] for note, _ in lost]
    lines = [f"“{first}”: {why}" for first, (_, why) in zip(firsts, lost, strict=True)]
    return "A scenario has captions on what was done, and nowhere else.\n\n" + "\n".join(lines)
