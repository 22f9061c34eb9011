"""Rows of the notebook: notes and their timeline positions."""

from __future__ import annotations

from hwpoison_gui.record import Record
from hwpoison_gui.session.notebook import Note, Notebook
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.moment import START_WITHIN, title


class NoteRow(Record):
    """`text`: without the marks of Markdown. `here`: it is about the present step. `position` is None on a branch."""

    note: Note
    text: str
    where: str
    position: int | None
    here: bool


def note_rows(session: Session, notebook: Notebook) -> list[NoteRow]:
    """All notes and drafts, those of the present line first and in the order of its steps."""
    rows = [_row(session, note, notebook.position_of(note)) for note in notebook.notes]
    drafts = [_row(session, draft, notebook.position_of(draft)) for draft in notebook.drafts]
    rows += [row._replace(text=f"Draft: {row.text}") for row in drafts]
    return sorted(rows, key=lambda row: (row.position is None, row.position or 0, row.note.number))


def _row(session: Session, note: Note, position: int | None) -> NoteRow:
    from hwpoison_gui.view.words.plain import plain  # imported here to keep start-up fast

    if not note.line:
        where = START_WITHIN
    else:
        last = note.line[-1]
        where = f"{len(note.line)}. {title(last.name, last.args)}, step {note.within:,}"
    if position is None:
        where += " (on a branch)"
    return NoteRow(note, plain(note.text), where, position, position == session.position)
