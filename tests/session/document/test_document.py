"""A session file gives back operations, branches, notes and position; a damaged one is refused with the place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.session.document.document import Document, FileRef, Stored, View, document_of, position_of
from hwpoison_gui.session.document.dump import dumps
from hwpoison_gui.session.document.load import loads
from hwpoison_gui.session.document.replay import replay
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.notebook import Notebook
from hwpoison_gui.session.scenario.scenario import Memory, Scenario
from hwpoison_gui.session.scenario.transcript import steps_of
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.telling import Telling
from tests.programs import with_defaults
from tests.session.test_properties import OPERATIONS, deep
from tests.workbench import do

MADE = Scenario("a test", profile="v7", memory=Memory(4096))


def fresh() -> Session:
    return Session.fresh(4096, profile="v7")


def written(session: Session, book: Notebook) -> Document:
    return document_of(session, "a test", MADE, tuple(book.notes))


def reread(document: Document) -> tuple[Session, Document]:
    session, found = fresh(), loads(dumps(document))
    for _ in replay(session, found):
        pass
    return session, found


def lines_of(session: Session) -> list[list[tuple[str, dict[str, Any]]]]:
    return [[(past.name, dict(past.args)) for past in branch.operations] for branch in session.branches.kept]


MOVES = st.one_of(
    OPERATIONS[("v7", False)], st.tuples(st.just("seek"), st.integers(0, 10_000)), st.tuples(st.just("note"), st.text())
)


@deep
@given(st.lists(MOVES, min_size=5, max_size=40))
def test_everything_comes_back(program: list[tuple[str, Any]]) -> None:
    session = fresh()
    book = Notebook(session)
    for name, what in program:
        if name == "seek":
            session.seek(what % (len(session.steps) + 1))
        elif name == "note":
            book.write(what)
        else:
            try:
                session.act(name, with_defaults(name, what))
            except ScenarioError:
                continue
    again, document = reread(written(session, book))
    assert again.position == session.position and again.machine.gate.digest() == session.machine.gate.digest()
    assert [op.outcome for op in again.operations] == [op.outcome for op in session.operations]
    assert lines_of(again) == lines_of(session)
    assert [branch.left_at for branch in again.branches.kept] == [branch.left_at for branch in session.branches.kept]
    assert [branch.operations for branch in again.branches.kept] == [b.operations for b in session.branches.kept]
    restored = Notebook(again)
    restored.restore(document.notes)
    assert [(note.text, restored.position_of(note)) for note in restored.notes] == [
        (note.text, book.position_of(note)) for note in book.notes
    ]


@pytest.fixture
def document() -> Document:
    session = fresh()
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2)
    session.seek(1)
    do(session, "task", name="b")
    book = Notebook(session)
    book.write("here")
    return written(session, book)._replace(view=View("users", "lru", "zones", 64, 5, 3.5, 7))


def test_view_and_machine_come_back(document: Document) -> None:
    found = loads(dumps(document))
    assert found.view == document.view and found.machine == document.machine and found.title == "a test"
    stored = Stored((FileRef("/srv/a.npz", 10, "0" * 64), FileRef("/srv/a.json", 4)), "6.1")
    assert loads(dumps(document._replace(machine=stored, line=(), branches=(), notes=()))).machine == stored


def test_operations_of_several_lines_are_written_once(document: Document) -> None:
    assert [row["op"] for row in json.loads(dumps(document))["operations"]] == ["task", "task", "mmap"]


def test_half_a_surrogate_pair_is_kept(document: Document) -> None:
    note = document.notes[0]._replace(text="\ud800")
    assert loads(dumps(document._replace(notes=(note,)))).notes[0].text == "\ud800"


def test_a_position_in_an_interrupted_operation_is_the_last_complete_one(document: Document) -> None:
    session = fresh()
    do(session, "task", name="a")
    recording = session.begin("task", with_defaults("task", {"name": "b"}))
    assert document_of(session, "", MADE, ()).at == (1, 1)
    recording.give_up()
    assert position_of(session, (9, 9)) == 1


DAMAGE: list[tuple[str, Any, str]] = [
    ("format", "something else", "format"),
    ("version", 99, "newer than the supported"),
    ("title", 3, "title"),
    ("nonsense", 1, "nonsense"),
    ("machine", {"kind": "dream"}, "machine.kind"),
    ("machine", {"kind": "made", "profile": "v99"}, "machine.profile"),
    ("machine", {"kind": "files", "profile": "v7", "files": []}, "machine.files"),
    ("machine", {"kind": "files", "profile": "v7", "files": [{"path": "/a", "size": -1}]}, "machine.files[1].size"),
    ("operations", [{"op": "tusk"}], "operations[1].op"),
    ("operations", [{"op": "task", "name": "a", "after": 1}], "operations[1].after"),
    ("last", 99, "last"),
    ("branches", [{"last": 3, "left_at": 50}], "branches[1].left_at"),
    ("notes", [{"after": 1, "steps": 1, "text": None}], "notes[1].text"),
    ("view", {"cell": "big"}, "view.cell"),
]


@pytest.mark.parametrize(("key", "value", "said"), DAMAGE, ids=lambda what: str(what)[:30])
def test_a_bad_file_is_refused_with_the_place(document: Document, key: str, value: Any, said: str) -> None:
    content = json.loads(dumps(document))
    content[key] = value
    with pytest.raises(ScenarioError) as caught:
        loads(json.dumps(content).encode(), "my.hwsession")
    assert "my.hwsession" in str(caught.value) and said in str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "x: not a session file, or damaged: "),
        (b"\xff\xfe", "x: not a session file: byte 0 is not UTF-8"),
        (b"[" * 100_000, "x: not a session file, or damaged: "),
        (b"[]", "x: not a session file of hwpoison-gui: "),
        (b'{"format": 99}', 'x: not a session file of hwpoison-gui: expected `"format": "hwpoison-gui session"`'),
        (b'{"format": ', "x: not a session file, or damaged: "),
    ],
    ids=["empty", "bytes", "deep", "list", "another", "cut"],
)
def test_what_is_no_session_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(data, "x")
    assert str(caught.value).startswith(said)


def test_what_a_scenario_tells_of_a_step_is_kept() -> None:
    """Words for the speaker, stops and expectations survive being saved in either kind of file."""
    told = Telling("Now.", "Breathe.", False, {"result": "Recovered", "signals": ()})
    session = Session.fresh(4096)
    session.act("poison", {"frame": "any:free", "via": "corrupt-pfn"}, told)
    (step,) = steps_of(session.operations)
    assert step.telling == told
    document = document_of(session, "t", Scenario("t"), ())
    assert loads(dumps(document)).line[0].telling == told
