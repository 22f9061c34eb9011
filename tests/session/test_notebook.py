"""Notes on moments: found again on the line and on branches, and saved as captions."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.notebook import Notebook, lost_words
from hwpoison_gui.session.scenario import schema, shape
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.telling import Telling
from hwpoison_gui.view.rows.notes import note_rows


def do(session: Session, op: str, caption: str = "", **args: object) -> None:
    session.act(op, shape.values_of(schema.OPS[op].keys, args), Telling(caption))


@pytest.fixture
def session() -> Session:
    made = Session.fresh(4096)
    do(made, "task", name="a")
    do(made, "mmap", task="a", name="m", pages=4)
    do(made, "write", "a caption", task="a", at="m+0", value="x")
    do(made, "poison", frame="a:m+0")
    return made


def test_captions_are_notes(session: Session) -> None:
    book = Notebook(session)
    (note,) = book.notes
    assert note.text == "a caption" and book.position_of(note) == session.operations[2].last
    assert book.to_save().captions == ("", "", "a caption", "") and not book.to_save().lost


def test_a_note_is_written_changed_and_removed(session: Session) -> None:
    book = Notebook(session)
    session.seek(session.operations[3].first + 2)
    book.write("  here it is locked ")
    assert book.here() is not None and book.here().text == "here it is locked"  # type: ignore[union-attr]
    book.write("other words")
    assert [note.text for note in book.notes] == ["a caption", "other words"]
    assert book.to_save().captions[3] == "other words" and book.to_save().moved == 1
    book.write("")
    assert [note.text for note in book.notes] == ["a caption"]
    session.seek(0)
    assert book.write(" ") is None
    start = book.write("as booted")
    assert start is not None and book.position_of(start) == 0
    assert [note for note, _ in book.to_save().lost] == [start]
    assert "as booted" in lost_words(book.to_save().lost)


def test_a_note_on_a_branch_leads_back_to_its_step(session: Session) -> None:
    book = Notebook(session)
    session.seek(session.operations[3].first + 4)
    note = book.write("look")
    assert note is not None
    digest = session.machine.gate.digest()
    session.seek(session.operations[1].last)
    do(session, "read", task="a", at="m+3")
    assert book.position_of(note) is None
    assert [lost.text for lost, _ in book.to_save().lost] == ["a caption", "look"]
    session.reopen(note.line)
    position = book.position_of(note)
    assert position is not None
    session.seek(position)
    assert session.machine.gate.digest() == digest


def test_a_draft_is_kept_for_its_position_until_it_is_written() -> None:
    session = Session.fresh(4096)
    book = Notebook(session)
    assert book.keep_draft("half") and not book.notes
    do(session, "task", name="t")
    assert book.draft_here() is None and book.keep_draft("other")
    session.seek(0)
    draft = book.draft_here()
    assert draft is not None and draft.text == "half"
    rows = note_rows(session, book)
    assert [(row.text, row.here) for row in rows] == [("Draft: half", True), ("Draft: other", False)]
    book.write("whole")
    assert [note.text for note in book.drafts] == ["other"]
    assert not book.keep_draft("whole") and not book.keep_draft(" ")
    book.remove(book.drafts[0])
    assert book.drafts == [] and [note.text for note in book.notes] == ["whole"]


def test_a_note_on_a_step_of_a_long_walk_says_which(session: Session) -> None:
    book = Notebook(session)
    book.write("here")
    (note,) = (note for note in book.notes if note.text == "here")
    book.notes[book.notes.index(note)] = note._replace(within=12_019)
    assert any("step 12,019" in row.where for row in note_rows(session, book))
