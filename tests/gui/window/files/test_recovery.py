"""What was done survives kill -9: it is written every few seconds, and offered by the next start."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QInputDialog, QPlainTextEdit, QTextEdit

from hwpoison_gui import resources
from hwpoison_gui.gui.app import run
from hwpoison_gui.gui.window.files import autosave
from hwpoison_gui.gui.window.files.recovery import RecoveryDialog, left_work
from hwpoison_gui.opening import opening
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.sources import live
from hwpoison_gui.sources.recording import read_recording
from hwpoison_gui.user.state import SESSIONS, new_slot
from tests.gui.conftest import made_machine
from tests.gui.waiting import until
from tests.gui.window.files.test_unsaved import question, work

VICTIM = resources.path("machines/victim_before.npz")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave, "PAUSE_MS", 1)


def written(state: Path) -> list[Path]:
    return sorted(state.glob("sessions/*/session.json"))


def saved_again(user) -> None:
    """Waits until all that there is was written."""
    keeper = user.window.keeping.autosave
    until(lambda: keeper._written is not None and keeper._written[0] == user.window.keeping.saving.document())


def killed(user) -> None:
    """As kill -9 leaves it: locks are gone, files are there."""
    keeper = user.window.keeping.autosave
    saved_again(user)
    keeper._timer.stop()
    keeper._slot.release()
    keeper._slot = None
    user.window.keeping.guard.asks = False
    user.window.close()


def dialog_of(user) -> RecoveryDialog:
    user.window.keeping.offer_recovery()
    until(lambda: user.window.findChild(RecoveryDialog) is not None)
    return user.window.findChild(RecoveryDialog)


def recovered(user) -> None:
    dialog_of(user).accept()
    until(lambda: user.window.isWindowModified() and not user.window.machines.loader.busy)


def test_without_work_nothing_is_written(keeper, state: Path) -> None:
    keeper.window.controller.selection.select(5)
    keeper.window.lenses.choose("mapcount")
    keeper.qtbot.wait(30)
    assert not (state / "sessions").exists() and left_work() == []


@pytest.fixture(params=["made", "recorded", "live"])
def opened(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Opened]:
    """Opens the same machine each time."""
    if request.param == "live":
        exported = read_recording(VICTIM, hidden=False)
        monkeypatch.setattr(live, "read", lambda progress, cancelled: exported)
        return lambda: opening.open_live(lambda share, doing: None, lambda: False)
    return made_machine if request.param == "made" else lambda: opening.open_file(VICTIM)


def test_everything_comes_back_after_a_kill(open_window, state: Path, opened: Callable[[], Opened]) -> None:
    user = open_window(opened(), remember=True)
    window, session = user.window, user.session
    work(user)
    user.key(Qt.Key.Key_Home)
    user.click_frame(3001)
    user.key(Qt.Key.Key_End)
    window.notes.write("here")
    window.controller.step(-1)
    window.notes.ask_note()
    window.findChild(QInputDialog).setTextValue("half a thou")
    window.lenses.choose("mapcount")
    window.layouts.choose("hilbert")
    window.map.center_on(2000)
    window.controller.selection.select(2001)
    window.finder.set_text("lru")
    window.show_panel("notebook", focus=False)
    until(lambda: window.docks["notebook"].in_front and not window.docks["log"].in_front)
    view = window.keeping.saving.document().view
    digest, at, title = session.machine.gate.digest(), session.position, window.controller.machine.title
    killed(user)
    again = open_window(made_machine(), remember=True)
    recovered(again)
    found = again.window
    assert again.session.machine.gate.digest() == digest and again.session.position == at
    until(lambda: found.docks["notebook"].in_front and not found.docks["log"].in_front)
    assert len(again.session.branches.kept) == 1 and found.controller.machine.title == title
    assert [note.text for note in found.notes.notebook.notes] == ["here"]
    assert found.notes.notebook.draft_here().text == "half a thou"
    shown = found.keeping.saving.document().view
    assert shown._replace(cell=view.cell) == view and abs(shown.cell - view.cell) < 1e-6
    assert found.isWindowModified() and "Ctrl+S" in found.keeping.toast.text()
    saved_again(again)
    assert len(written(state)) == 1  # in the folder that it came from
    killed(again)
    third = open_window(made_machine(), remember=True)  # and so on
    recovered(third)
    assert third.session.machine.gate.digest() == digest


def in_sight(user) -> tuple[str, str, bool]:
    """Title of the window, and the caption above the map, if it is shown."""
    bar = user.window.on_demand.caption(wanted=False)
    return user.window.windowTitle(), bar.text.toPlainText() if bar is not None else "", user.window.isWindowModified()


def test_an_open_editor_is_open_again_with_all_its_texts(open_window) -> None:
    user = open_window(opening.default_machine(), remember=True)
    user.window.controller.fire(0x2AD0)
    user.window.notes.ask_note()
    editor = user.window.findChild(QInputDialog)
    QTest.keyClicks(editor.findChild(QPlainTextEdit), "half a thou")
    QTest.keyClicks(editor.findChild(QTextEdit), "Ask the room.")
    seen = in_sight(user)
    killed(user)
    again = open_window(made_machine(), remember=True)
    recovered(again)
    until(lambda: again.window.findChild(QInputDialog) is not None)
    editor = again.window.findChild(QInputDialog)
    assert editor.textValue() == "half a thou" and editor.findChild(QTextEdit).toPlainText() == "Ask the room."
    QTest.keyClicks(editor.findChild(QPlainTextEdit), "ght")
    editor.accept()
    until(lambda: not again.window.notes.editing)
    assert [note.text for note in again.window.notes.notebook.notes] == ["half a thought"]
    assert in_sight(again) == seen  # a note on a machine that is no story is no caption above the map
    killed(again)
    third = open_window(made_machine(), remember=True)
    recovered(third)
    assert in_sight(third) == seen and third.window.findChild(QInputDialog) is None


@pytest.mark.parametrize("titled", ["", "My own"])
def test_a_recovered_story_looks_as_it_did(open_window, tmp_path: Path, titled: str) -> None:
    file = tmp_path / "story.toml"
    file.write_text('format = 1\ntitle = "A story"\n[[step]]\nop = "poison"\nframe = "pfn:0x64"\ncaption = "One."\n')
    user = open_window(opening.open_file(file), remember=True)
    user.window.controller.fire(200)
    user.window.controller.seek(3)
    if titled:
        user.window.notes._name_story(titled, "In a sentence.")
    seen, at = in_sight(user), user.session.position
    assert seen[0].startswith(f"story.toml: {titled or 'A story'}") and seen[1] == "One."
    user.window.keeping.recent.note_place(str(file), (1, 1), user.window.keeping.saving.document().view)
    killed(user)
    again = open_window(made_machine(), remember=True)
    recovered(again)
    assert in_sight(again) == seen and again.session.position == at


def test_saved_or_discarded_work_is_not_offered(keeper, state: Path, tmp_path: Path, monkeypatch) -> None:
    window = keeper.window
    work(keeper)
    saved_again(keeper)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "a.hwsession"), ""))
    window.actions_["save"].trigger()
    assert written(state) == []
    window.notes.write("more")
    saved_again(keeper)
    assert len(written(state)) == 1
    window.keeping.guard.asks = False  # discard
    window.close()
    assert list(state.glob("sessions/*")) == []


def test_recovered_work_knows_its_file(keeper, state: Path, tmp_path: Path, monkeypatch, open_window) -> None:
    path = tmp_path / "a.hwsession"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    keeper.window.notes.write("one")
    keeper.window.actions_["save"].trigger()
    keeper.window.notes.write("two")
    killed(keeper)
    again = open_window(made_machine(), remember=True)
    assert "a.hwsession" in dialog_of(again).list.item(0).text()
    again.window.findChild(RecoveryDialog).reject()
    recovered(again)
    assert again.window.windowTitle().startswith("a.hwsession")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: pytest.fail("asked"))
    again.window.actions_["save"].trigger()
    assert [note.text for note in opening.open_file(path).document.notes] == ["two"]
    assert written(state) == []


def test_a_window_does_not_offer_what_another_one_is_working_on(keeper, state: Path, open_window) -> None:
    work(keeper)
    saved_again(keeper)
    other = open_window(made_machine(), remember=True)
    other.window.keeping.offer_recovery()
    assert other.window.findChild(RecoveryDialog) is None
    work(other)
    saved_again(other)
    assert len(written(state)) == 2


def left(text: str) -> None:
    """Work of a process that died."""
    user_slot = new_slot(SESSIONS)
    assert user_slot is not None
    from hwpoison_gui.opening import saving
    from hwpoison_gui.session.document.document import View
    from hwpoison_gui.session.document.dump import dumps
    from hwpoison_gui.session.notebook import Notebook

    machine = made_machine()
    book = Notebook(machine.session)
    book.write(text)
    user_slot.write("session.json", dumps(saving.document_of_machine(machine, book, View())))
    os.utime(user_slot.path / "session.json", (time.time() - 60,) * 2)
    user_slot.release()


def test_work_of_several_is_listed_discarded_or_left_for_later(keeper, state: Path) -> None:
    for text in ("a", "b", "c"):
        left(text)
    dialog = dialog_of(keeper)
    assert dialog.list.count() == 3 and "1 note" in dialog.list.item(0).text()
    dialog.discard.click()
    assert dialog.list.count() == 2 and len(written(state)) == 2
    dialog.later.click()
    until(lambda: keeper.window.findChild(RecoveryDialog) is None)
    dialog = dialog_of(keeper)
    assert dialog.list.count() == 2
    dialog.accept()
    until(lambda: keeper.window.isWindowModified())
    until(lambda: not keeper.window.machines.loader.busy)
    assert len(left_work()) == 1


def test_memory_that_is_gone_is_said_and_the_work_stays(open_window, tmp_path: Path) -> None:
    from hwpoison_gui.sources.recording import open_recording

    path = tmp_path / "flags"
    path.write_bytes(open_recording(VICTIM).kpageflags[:4096].tobytes())
    user = open_window(opening.open_file(path), remember=True)
    work(user)
    killed(user)
    kept = path.read_bytes()
    path.unlink()
    again = open_window(made_machine(), remember=True)
    dialog_of(again).accept()
    until(lambda: question(again.window) is not None)
    assert str(path) in question(again.window).informativeText()
    question(again.window).close()
    assert again.window.controller.machine.title == "a test"
    path.write_bytes(kept)
    until(lambda: again.window.findChild(RecoveryDialog) is None)
    recovered(again)
    assert len(again.session.operations) == 1


def test_a_state_folder_that_cannot_be_written_to_is_said_once(keeper, monkeypatch) -> None:
    from hwpoison_gui.user import state as user_state

    monkeypatch.setattr(user_state, "new_slot", lambda kind: None)
    work(keeper)
    until(lambda: "not saved automatically" in keeper.window.keeping.toast.text())
    keeper.window.keeping.toast.setText("")
    keeper.window.notes.write("x")
    keeper.qtbot.wait(30)
    assert keeper.window.keeping.toast.text() == ""


def test_a_window_that_remembers_nothing_writes_nothing(open_window, state: Path) -> None:
    user = open_window(made_machine())
    work(user)
    user.qtbot.wait(30)
    user.window.keeping.offer_recovery()
    user.window.close()
    assert not user.window.isVisible() and not state.exists()


def test_nothing_is_offered_over_the_stage(keeper, open_window) -> None:
    work(keeper)
    killed(keeper)
    user = open_window(made_machine(), remember=True)
    user.window.presentation.begin()
    run._offer_recovery(user.window)
    assert user.window.findChild(RecoveryDialog) is None
    user.window.presentation.stop()
    until(lambda: user.window.findChild(RecoveryDialog) is not None)
    user.window.findChild(RecoveryDialog).reject()


def test_error_records_come_back_after_a_kill(open_window, tmp_path: Path) -> None:
    log = tmp_path / "dmesg.txt"
    log.write_text("[ 1.000000] Memory failure: 0x120: recovery action for dirty LRU page: Recovered\n")
    user = open_window(made_machine(), remember=True)
    user.window.records.open([log], over=True)
    until(user.window.isWindowModified)
    assert "1 file of error records" in user.window.keeping.work.words
    killed(user)
    again = open_window(made_machine(), remember=True)
    assert "1 file of error records" in dialog_of(again).list.item(0).text()
    again.window.findChild(RecoveryDialog).accept()
    until(lambda: again.window.recorded.history is not None)
    assert again.window.recorded.history.records[0].pfn == 0x120
    assert again.window.docks["records"].in_front
