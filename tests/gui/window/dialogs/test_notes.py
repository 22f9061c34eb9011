"""Notes, branches and the row of operations, under mouse and keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog, QLabel, QPlainTextEdit, QTextEdit

from hwpoison_gui.opening import opening, saving
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.view.facts.sentence import Sentence, sentence_of
from tests.gui.waiting import until

Key = Qt.Key
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def branched(user):
    """A click, gone back on, and another one."""
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End)
    user.key(Key.Key_PageUp)
    user.click_frame(user.frame("srv:heap+2"))
    user.key(Key.Key_End)
    return user


def note(user, text: str) -> None:
    """Presses N, types, and accepts with the keyboard."""
    user.key("n", user.window.map.view)
    (dialog,) = user.window.findChildren(QInputDialog)
    (edit,) = dialog.findChildren(QPlainTextEdit)
    QTest.keyClicks(edit, text)
    QTest.keyClick(edit, Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: not user.window.findChildren(QInputDialog))
    user.window.activateWindow()
    until(user.window.isActiveWindow)


def point(strip, place) -> QPoint:
    return strip.rect_of(place).center().toPoint()


def a_note_is_written_listed_and_gone_back_to(branched) -> None:
    window, session = branched.window, branched.session
    branched.key(Key.Key_Left, window.transport.timeline)
    at = session.position
    note(branched, "look here")
    assert [row.text for row in window.docks["notebook"].content().book.rows] == ["look here"]
    assert window.transport.timeline._notes == (at,)
    branched.key(Key.Key_Home)
    assert session.position == 0
    view = window.docks["notebook"].content()
    QTest.mouseClick(view.viewport(), LEFT, pos=view.visualRect(view.book.index(0)).center())
    assert session.position == at and view.book.rows[0].here


def a_note_is_removed_by_a_key(branched) -> None:
    note(branched, "no")
    view = branched.window.docks["notebook"].content()
    view.setCurrentIndex(view.book.index(0))
    QTest.keyClick(view, Key.Key_Delete)
    assert not view.book.rows and not branched.window.transport.timeline._notes


def test_a_note_is_removed_or_gone_back_to(branched) -> None:
    """In the notebook."""
    a_note_is_removed_by_a_key(branched)
    a_note_is_written_listed_and_gone_back_to(branched)


def test_a_note_on_a_branch_opens_it_again(branched) -> None:
    window, session = branched.window, branched.session
    digest = session.machine.gate.digest()
    note(branched, "the second page")
    branched.key(Key.Key_PageUp)
    branched.click_frame(branched.frame("srv:heap+3"))
    branched.key(Key.Key_End)
    (row,) = window.docks["notebook"].content().book.rows
    assert row.position is None and "branch" in row.where
    view = window.docks["notebook"].content()
    QTest.mouseClick(view.viewport(), LEFT, pos=view.visualRect(view.book.index(0)).center())
    assert session.machine.gate.digest() == digest
    assert view.book.rows[0].position == session.position == len(session.steps)


def a_branch_is_seen_where_it_left_and_is_opened_from_there(branched) -> None:
    window, session = branched.window, branched.session
    strip = window.operations
    after = len(session.operations) - 1
    assert strip.forks == {after: 1}
    (fork,) = [place for place in strip._places if place.chip < 0]
    asked = []
    strip.branchesWanted.disconnect()
    strip.branchesWanted.connect(lambda shared, where: asked.append(shared))
    QTest.mouseClick(strip, LEFT, pos=point(strip, fork))
    assert asked == [after]
    menu = window.notes.branches_menu(after)
    action = menu.actions()[-1]
    first = session.operations[-1].args["frame"]
    assert "break frame" in action.text() and "Recovered" in action.text()
    action.trigger()
    assert session.operations[-1].args["frame"] != first
    assert strip.forks == {after: 1} and len(session.branches.kept) == 1
    assert not session.alive("w0")


def chips_lead_to_the_ends_of_operations(branched) -> None:
    session, strip = branched.session, branched.window.operations
    assert strip.present == len(session.operations) - 1
    chip = strip.chips[-1]
    assert chip.result == "Recovered, 4 killed, data lost" and chip.sign == "cross"
    before = next(place for place in strip._places if place.chip == strip.present - 1)
    QTest.mouseClick(strip, LEFT, pos=point(strip, before))
    assert session.position == session.operations[-1].first and strip.present == len(session.operations) - 2
    strip.setFocus()
    QTest.keyClick(strip, Key.Key_Right)
    assert session.position == len(session.steps)
    QTest.keyClick(strip, Key.Key_Left)
    assert session.position == session.operations[-1].first
    assert "Click: to its end" in strip.tip_at(strip.rect_of(before).center().x())


def test_the_row_of_operations_and_its_branch(branched) -> None:
    """Chips, and the fork that leads to the branch."""
    chips_lead_to_the_ends_of_operations(branched)
    branched.key(Key.Key_End)
    a_branch_is_seen_where_it_left_and_is_opened_from_there(branched)


def test_the_command_says_when_there_is_no_branch(user) -> None:
    action = user.window.actions_["branches"]
    assert not action.isEnabled() and "no branches" in action.toolTip()


def test_notes_are_saved_as_captions_and_come_back(branched, tmp_path) -> None:
    from hwpoison_gui.session.scenario.writer import save

    window = branched.window
    note(branched, "everybody dies")
    path = tmp_path / "a.toml"
    save(saving.recorded(window.controller.machine, window.notes.to_save().captions), path)
    steps = load(path).steps
    assert [step.caption for step in steps if step.caption] == ["everybody dies"] and steps[-1].caption
    window.controller.open(opening.open_scenario(path))
    assert [row.text for row in window.docks["notebook"].content().book.rows] == ["everybody dies"]
    assert window.notes.notebook.position_of(window.notes.notebook.notes[0]) == len(branched.session.steps)


def test_saving_says_which_notes_a_file_cannot_hold(branched, tmp_path, monkeypatch) -> None:
    from PySide6.QtWidgets import QFileDialog, QMessageBox

    window = branched.window
    note(branched, "on the line")
    branched.key(Key.Key_Home, window.map.view)
    note(branched, "before everything")
    path = tmp_path / "b.toml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    window.actions_["save"].trigger()
    (box,) = window.findChildren(QMessageBox)
    assert "Saved" in box.text() and "before everything" in box.informativeText()
    assert "on the line" not in box.informativeText()
    box.close()
    assert [step.caption for step in load(path).steps if step.caption] == ["on the line"]


def a_long_sentence_does_not_make_the_dialog_wider_than_a_small_screen(branched, monkeypatch) -> None:
    long = Sentence("word " * 80, where="step 1 of 2")
    monkeypatch.setattr("hwpoison_gui.gui.window.dialogs.notes.sentence_of", lambda *_, **__: long)
    branched.window.notes.ask_note()
    dialog = branched.window.findChild(QInputDialog)
    until(dialog.isVisible)
    assert dialog.width() <= 600 and "word word" in dialog.labelText()
    dialog.reject()


def the_dialog_for_a_note_speaks_of_the_step_whatever_is_selected(branched) -> None:
    branched.window.controller.selection.select(branched.frame("/srv/data@1"))
    seen = branched.window.sentence.sentence
    assert "Selected" in seen.detail or seen.tone == "idle"
    branched.key("n", branched.window.map.view)
    (dialog,) = branched.window.findChildren(QInputDialog)
    where, text = dialog.labelText().splitlines()[:2]
    assert where == seen.where and text == sentence_of(branched.session).text
    dialog.reject()


def each_field_of_the_dialog_has_a_label(branched) -> None:
    branched.key("n", branched.window.map.view)
    (dialog,) = branched.window.findChildren(QInputDialog)
    named = {label.buddy(): label.text() for label in dialog.findChildren(QLabel) if label.buddy() is not None}
    (edit,) = dialog.findChildren(QPlainTextEdit)
    (notes,) = dialog.findChildren(QTextEdit)
    assert named[edit].startswith("Ca&ption") and named[notes].startswith("Speaker &notes")
    assert edit.accessibleName() == "Caption"
    dialog.reject()


def test_the_dialog_for_a_note(branched, monkeypatch) -> None:
    """Its labels, its words and its width."""
    each_field_of_the_dialog_has_a_label(branched)
    until(lambda: not branched.window.findChildren(QInputDialog))
    branched.window.activateWindow()
    until(branched.window.isActiveWindow)
    the_dialog_for_a_note_speaks_of_the_step_whatever_is_selected(branched)
    until(lambda: not branched.window.findChildren(QInputDialog))
    branched.window.activateWindow()
    until(branched.window.isActiveWindow)
    a_long_sentence_does_not_make_the_dialog_wider_than_a_small_screen(branched, monkeypatch)
