"""A story of one's own: what is clicked and written is what the stage, the exports, the files and a recovery have."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QInputDialog, QLineEdit, QPlainTextEdit, QTextEdit

from hwpoison_gui.export.report import report
from hwpoison_gui.export.story import story
from hwpoison_gui.gui.window.dialogs.note_dialog import APART
from hwpoison_gui.opening.opening import open_file
from hwpoison_gui.session.document import dump, load
from hwpoison_gui.session.notebook import Notebook
from hwpoison_gui.session.scenario.reader import load as load_scenario
from hwpoison_gui.session.telling import Telling
from hwpoison_gui.view.rows.notes import note_rows
from hwpoison_gui.view.story.stops import stops_of
from tests.gui.waiting import until
from tests.gui.window.files.test_saving import Dialog

Key = Qt.Key


@pytest.fixture
def dialog(monkeypatch: pytest.MonkeyPatch) -> Dialog:
    return Dialog(monkeypatch)


@pytest.fixture
def teller(keeper):
    """In front of a machine on which a frame was broken."""
    pfn = int(keeper.session.machine.mapcount.view.argmax())
    keeper.window.controller.fire(pfn)
    keeper.window.controller.seek(len(keeper.session.steps))
    return keeper


def asked(user) -> QInputDialog:
    user.window.actions_["note"].trigger()
    (found,) = user.window.findChildren(QInputDialog)
    return found


def accept(user, dialog: QInputDialog) -> None:
    dialog.accept()
    until(lambda: not user.window.findChildren(QInputDialog))


def tell(user, caption: str, notes: str = "", stop: bool | None = None) -> None:
    """What a person does at the present step."""
    dialog = asked(user)
    QTest.keyClicks(dialog.findChild(QPlainTextEdit), caption)
    dialog.findChild(QTextEdit).insertPlainText(notes)
    box = dialog.findChild(QCheckBox)
    if stop is not None and box.isChecked() != stop:
        box.click()
    accept(user, dialog)


def test_a_note_is_the_caption_at_once(teller) -> None:
    operation = teller.session.operations[-1]
    tell(teller, "The page breaks.", "Point at the map.")
    assert (operation.telling.caption, operation.telling.notes) == ("The page breaks.", "Point at the map.")
    told = story(open_file_of(teller), "a", "")
    assert told["operations"][-1]["caption"] == "The page breaks."
    assert teller.session.operations[-1] is operation and teller.session.branches.kept == []
    teller.window.notes.remove(teller.window.notes.notebook.notes[0])
    assert operation.telling.caption == "" and operation.telling.notes == "Point at the map."


def open_file_of(user):
    """The same operations on a machine of their own, as an export has them."""
    from hwpoison_gui.opening import opening

    machine = user.window.controller.machine
    session = opening.booting(machine)(user.session.machine.profile.name)
    session.reopen(user.session.line())
    return session


def test_notes_on_several_steps_are_one_caption(teller) -> None:
    window, operation = teller.window, teller.session.operations[-1]
    window.notes.write("At the end.")
    window.controller.seek(operation.first + 2)
    window.notes.write("On the way.")
    assert operation.telling.caption == "On the way.\n\nAt the end."


def test_the_caption_is_changed_from_any_step_of_its_operation(teller) -> None:
    window, operation = teller.window, teller.session.operations[-1]
    tell(teller, "The page braeks.")
    window.controller.seek(operation.first + 2)
    dialog = asked(teller)
    edit = dialog.findChild(QPlainTextEdit)
    assert edit.toPlainText() == "The page braeks."
    edit.selectAll()
    QTest.keyClicks(edit, "The page breaks.")
    accept(teller, dialog)
    assert operation.telling.caption == "The page breaks." and not window.notes.notebook.drafts
    assert [row.position for row in note_rows(teller.session, window.notes.notebook)] == [operation.last]
    dialog = asked(teller)
    dialog.findChild(QPlainTextEdit).clear()
    accept(teller, dialog)
    assert operation.telling.caption == "" and not window.notes.notebook.notes


def test_a_step_of_a_captioned_operation_may_have_a_note_of_its_own(teller) -> None:
    window, operation = teller.window, teller.session.operations[-1]
    tell(teller, "At the end.")
    window.controller.seek(operation.first + 2)
    dialog = asked(teller)
    own = next(box for box in dialog.findChildren(QCheckBox) if box.text() == APART)
    own.click()
    assert dialog.textValue() == ""
    own.click()
    assert dialog.textValue() == "At the end."
    own.click()
    QTest.keyClicks(dialog.findChild(QPlainTextEdit), "On the way.")
    accept(teller, dialog)
    assert operation.telling.caption == "On the way.\n\nAt the end."


def test_the_stage_shows_what_was_written(teller) -> None:
    tell(teller, "The page breaks.", "Point at the map.")
    teller.window.appearance.choose_motion(True)
    teller.window.presentation.begin()
    stage = teller.window.presentation.shown
    stage.last()
    assert stage.caption.text() == "The page breaks."
    stage.toggle_notes()
    assert "Point at the map." in stage._speaker.notes.toPlainText()
    stage.close()


def test_a_stop_can_be_taken_away_and_set_where_none_is(teller) -> None:
    window, session = teller.window, teller.session
    broken = session.operations[-1]
    assert broken.last in stops_of(session)
    window.controller.act("sysctl", {"name": "memory_failure_recovery", "value": 0})
    quiet = session.operations[-1]
    assert quiet.telling.pause is None
    tell(teller, "", stop=True)
    assert quiet.telling.pause is True and quiet.last in stops_of(session)
    tell(teller, "", stop=False)
    assert quiet.telling.pause is None  # as it is without saying
    window.controller.seek(broken.last)
    tell(teller, "", stop=False)
    assert broken.telling.pause is False and broken.last not in stops_of(session)[:-1]


def test_what_is_typed_is_kept_without_accepting(teller) -> None:
    dialog = asked(teller)
    QTest.keyClicks(dialog.findChild(QTextEdit), "half")
    assert teller.window.isWindowModified()
    QTest.keyClick(dialog, Key.Key_Escape)
    assert teller.session.operations[-1].telling.notes == "half"


def test_title_and_summary_are_those_of_the_story(teller, dialog: Dialog, tmp_path: Path) -> None:
    window = teller.window
    window.controller.seek(0)
    asking = asked(teller)
    (line,) = (line for line in asking.findChildren(QLineEdit) if line.accessibleName() == "Title of the story")
    line.selectAll()
    QTest.keyClicks(line, "My accident")
    QTest.keyClicks(asking.findChild(QTextEdit), "It happened on a Tuesday.")
    accept(teller, asking)
    assert window.windowTitle().startswith("My accident")
    window.presentation.begin()
    stage = window.presentation.shown
    assert (stage.card.title.text(), stage.card.text.text()) == ("My accident", "It happened on a Tuesday.")
    stage.close()
    dialog.answer = str(tmp_path / "mine.toml")
    window.actions_["save"].trigger()
    saved = load_scenario(tmp_path / "mine.toml")
    assert (saved.title, saved.summary) == ("My accident", "It happened on a Tuesday.")
    teller.session.seek(len(teller.session.steps))
    assert report(teller.session, window.controller.machine.title).startswith("# My accident")


@pytest.mark.parametrize("file", ["mine.toml", "mine.hwsession"])
def test_a_story_is_saved_and_opened_again(teller, dialog: Dialog, tmp_path: Path, file: str) -> None:
    window = teller.window
    tell(teller, "The page breaks.", "Point at the map.\nWait.", stop=False)
    assert window.isWindowModified()
    dialog.answer = str(tmp_path / file)
    window.actions_["save"].trigger()
    assert not window.isWindowModified()
    telling = open_file(tmp_path / file).session.operations[-1].telling
    assert (telling.caption, telling.notes, telling.pause) == ("The page breaks.", "Point at the map.\nWait.", False)
    assert window.controller.machine.file == str(tmp_path / file)
    tell(teller, "", "More.")
    assert window.isWindowModified()
    window.actions_["save"].trigger()
    assert not window.isWindowModified()
    assert dialog.asked == ["session", "mine"][: 1 + file.endswith("toml")]
    assert "More." in open_file(tmp_path / file).session.operations[-1].telling.notes


def test_a_recovery_has_it_too(teller) -> None:
    tell(teller, "The page breaks.", "Point at the map.", stop=False)
    document = load.loads(dump.dumps(teller.window.keeping.saving.document()))
    assert document.line[-1].telling == Telling("The page breaks.", "Point at the map.", pause=False)


def test_the_caption_above_the_map_follows(open_window, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('format = 1\ntitle = "A"\n[[step]]\nop = "task"\nname = "t"\n')
    user = open_window(open_file(path))
    user.window.controller.seek(1)
    assert user.window.on_demand.caption(False) is None
    user.window.notes.write("A process starts.")
    bar = user.window.on_demand.caption(False)
    assert bar is not None and bar.text.toPlainText() == "A process starts."
    user.window.notes.write("A task starts.")
    assert bar.text.toPlainText() == "A task starts."


def test_a_branch_that_is_opened_again_has_its_captions(teller) -> None:
    window, session = teller.window, teller.session
    tell(teller, "First.")
    first = session.line()
    window.controller.seek(0)
    window.controller.act("sysctl", {"name": "memory_failure_recovery", "value": 0})
    window.notes.write("Second.")
    assert session.operations[-1].telling.caption == "Second."
    window.notes.reopen(first)
    assert session.operations[-1].telling.caption == "First."
    assert [note.text for note in window.notes.notebook.notes] == ["First.", "Second."]


def test_telling_changes_nothing_that_was_done(teller) -> None:
    session = teller.session
    digest, steps = session.machine.gate.digest(), len(session.steps)
    book = Notebook(session)
    for position in range(0, steps, 3):
        session.seek(position)
        book.write(f"step {position}")
    session.seek(steps)
    assert session.machine.gate.digest() == digest and len(session.steps) == steps
