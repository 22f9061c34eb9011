"""Saving: where, in which form, and what the window says of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import QFileInfo, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox

from hwpoison_gui import resources
from hwpoison_gui.opening import opening
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.sources import live
from hwpoison_gui.sources.recording import open_recording, read_recording
from tests.gui.conftest import made_machine
from tests.gui.waiting import until
from tests.gui.window.files.test_unsaved import question, work

VICTIM = resources.path("machines/victim_before.npz")


class Dialog:
    """The dialog for a file to save to. `asked`: the names that it suggested; `kinds`: what it offered last."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer, self.kind = "", ""
        self.asked: list[str] = []
        self.folders: list[Path] = []  # of the names
        self.kinds: list[str] = []
        monkeypatch.setattr(QFileDialog, "getSaveFileName", self._ask)

    def _ask(self, above: object, title: str, suggested: str, kinds: str) -> tuple[str, str]:
        self.asked.append(QFileInfo(suggested).fileName())
        self.folders.append(Path(suggested).parent.absolute())
        self.kinds = kinds.split(";;")
        return self.answer, next((kind for kind in self.kinds if self.kind in kind), "")


@pytest.fixture
def dialog(monkeypatch: pytest.MonkeyPatch) -> Dialog:
    return Dialog(monkeypatch)


def said(user) -> str:
    toast = user.window.keeping.toast
    return toast.text() if toast.isVisible() else ""


def test_the_window_says_that_it_saved_and_where(keeper, dialog: Dialog, tmp_path: Path) -> None:
    window, path = keeper.window, tmp_path / "a.hwsession"
    work(keeper)
    dialog.answer = str(tmp_path / "a")
    window.actions_["save"].trigger()
    assert path.exists() and str(path) in said(keeper)
    assert not window.isWindowModified() and window.windowTitle().startswith("a.hwsession: a test")
    window.notes.write("more")
    assert window.isWindowModified()
    window.actions_["save"].trigger()  # without asking
    assert len(dialog.asked) == 1 and not window.isWindowModified()
    assert [note.text for note in opening.open_file(path).document.notes] == ["more"]


def test_save_as_goes_to_another_file(keeper, dialog: Dialog, tmp_path: Path) -> None:
    window = keeper.window
    for name in ("a", "b"):
        window.notes.write(name)
        dialog.answer = str(tmp_path / f"{name}.hwsession")
        window.actions_["save-as"].trigger()
    assert dialog.asked == ["session", "a"] and "b.hwsession" in window.windowTitle()
    assert [note.text for note in opening.open_file(tmp_path / "a.hwsession").document.notes] == ["a"]
    window.actions_["save-as"].trigger()
    assert "b.hwsession" in said(keeper)


def test_a_file_that_another_window_has_changed_is_not_replaced_unasked(keeper, dialog: Dialog, tmp_path: Path) -> None:
    window, path = keeper.window, tmp_path / "a.hwsession"
    dialog.answer = str(path)
    window.notes.write("one")
    window.actions_["save"].trigger()
    path.write_text("theirs")
    os.utime(path, (1, 1))
    window.notes.write("two")
    window.actions_["save"].trigger()
    assert "another window" in question(window).informativeText() and path.read_text() == "theirs"
    question(window).button(QMessageBox.StandardButton.Cancel).click()
    until(lambda: question(window) is None)
    assert path.read_text() == "theirs" and window.isWindowModified()
    window.actions_["save"].trigger()
    question(window).button(QMessageBox.StandardButton.Yes).click()
    assert [note.text for note in opening.open_file(path).document.notes] == ["two"]
    assert not window.isWindowModified()


def test_an_added_suffix_does_not_replace_a_file_unasked(keeper, dialog: Dialog, tmp_path: Path) -> None:
    path = tmp_path / "a.hwsession"
    path.write_text("something else")
    dialog.answer = str(tmp_path / "a")
    for kind, replaced in ((QMessageBox.StandardButton.Cancel, False), (QMessageBox.StandardButton.Yes, True)):
        keeper.window.actions_["save-as"].trigger()
        box = question(keeper.window)
        assert str(path) in box.informativeText()
        box.button(kind).click()
        until(lambda: question(keeper.window) is None)
        assert (path.read_text() != "something else") is replaced


def test_a_scenario_that_holds_everything_is_enough(keeper, dialog: Dialog, tmp_path: Path) -> None:
    work(keeper)
    keeper.window.notes.write("a caption")
    dialog.answer, dialog.kind = str(tmp_path / "a"), "Scenario"
    keeper.window.actions_["save"].trigger()
    (step,) = load(tmp_path / "a.toml").steps
    assert step.op == "poison" and "a.toml" in said(keeper) and not keeper.window.isWindowModified()


def test_a_scenario_without_the_branches_leaves_work_unsaved(keeper, dialog: Dialog, tmp_path: Path) -> None:
    work(keeper)
    keeper.key(Qt.Key.Key_Home)
    keeper.click_frame(3001)
    keeper.key(Qt.Key.Key_End)
    dialog.answer = str(tmp_path / "a.toml")
    keeper.window.actions_["save"].trigger()
    assert len(load(tmp_path / "a.toml").steps) == 1
    assert keeper.window.isWindowModified() and "no branches" in said(keeper)


def test_a_scenario_that_was_opened_is_not_written_over(open_window, dialog: Dialog, tmp_path: Path) -> None:
    path = tmp_path / "story.toml"
    text = '# mine\nformat = 1\ntitle = "Story"\n[[step]]\nop = "task"\nname = "t"\n'
    path.write_text(text)
    user = open_window(opening.open_file(path), remember=True)
    user.window.notes.write("x")
    user.window.actions_["save"].trigger()
    assert dialog.asked == ["story"] and path.read_text() == text


def test_what_was_done_to_a_recording_is_saved(open_window, dialog: Dialog, tmp_path: Path) -> None:
    user = open_window(opening.open_file(VICTIM), remember=True)
    window = user.window
    work(user)
    digest = user.session.machine.gate.digest()
    dialog.answer = str(tmp_path / "a.hwsession")
    window.actions_["save"].trigger()
    assert str(tmp_path / "a.hwsession") in said(user) and (tmp_path / "a.hwsession").stat().st_size < 10_000
    assert not any("Scenario" in kind for kind in dialog.kinds)
    before = sorted(os.listdir(tmp_path))
    dialog.answer = str(tmp_path / "a.toml")
    window.actions_["save-as"].trigger()
    assert question(window).informativeText().startswith(f"{dialog.answer}: a scenario describes a machine")
    question(window).close()
    assert sorted(os.listdir(tmp_path)) == before
    dialog.answer, dialog.kind = str(tmp_path / "a.hwsession"), "inside"
    window.actions_["save-as"].trigger()
    until(lambda: not window.keeping.saving.background.busy)
    assert (tmp_path / "a.hwsession").stat().st_size > 50_000
    assert opening.open_file(tmp_path / "a.hwsession").session.machine.gate.digest() == digest


def test_memory_that_changed_since_is_said(open_window, dialog: Dialog, tmp_path: Path) -> None:
    path = tmp_path / "flags"
    path.write_bytes(open_recording(VICTIM).kpageflags[:4096].tobytes())
    user = open_window(opening.open_file(path), remember=True)
    user.window.notes.write("x")
    path.unlink()
    dialog.answer = str(tmp_path / "a.hwsession")
    user.window.actions_["save"].trigger()
    assert "files have changed" in question(user.window).text()
    assert str(path) in question(user.window).informativeText() and (tmp_path / "a.hwsession").exists()
    question(user.window).close()


def test_a_copy_of_live_memory_is_saved_as_a_recording(
    open_window, dialog: Dialog, tmp_path: Path, monkeypatch
) -> None:
    exported = read_recording(VICTIM, hidden=False)
    monkeypatch.setattr(live, "read", lambda progress, cancelled: exported)
    user = open_window(made_machine(), remember=True)
    window = user.window
    action = window.actions_["save-recording"]
    assert not action.isEnabled() and "Ctrl+L" in action.toolTip()
    window.actions_["live"].trigger()
    until(lambda: window.controller.machine.is_copy and not window.machines.loader.busy)
    dialog.answer = str(tmp_path / "mine")
    action.trigger()
    until(lambda: not window.keeping.saving.background.busy)
    assert "mine.npz" in said(user) and "only by you" in said(user)
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("mine*")} == {"mine.npz": 0o600}
    assert (open_recording(tmp_path / "mine.npz").kpageflags == exported.kpageflags).all()


def test_pictures_are_whole_or_not_there(keeper, dialog: Dialog, tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text("mine")
    for name, file in (("a", "a.png"), ("a.xyz", "a.xyz.png"), ("b.PNG", "b.PNG")):
        dialog.answer = str(tmp_path / name)
        keeper.window.actions_["picture"].trigger()
        assert not QImage(str(tmp_path / file)).isNull() and file in said(keeper)
    assert (tmp_path / "a.xyz").read_text() == "mine"
    dialog.answer = str(tmp_path / "no/where.png")
    keeper.window.actions_["picture"].trigger()
    assert "No such file" in question(keeper.window).informativeText()
    question(keeper.window).close()


def test_a_full_disk_leaves_the_old_picture(keeper, dialog: Dialog, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    dialog.answer = str(tmp_path / "a.png")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    keeper.window.actions_["picture"].trigger()
    assert "No space" in question(keeper.window).informativeText()
    assert os.listdir(tmp_path) and (tmp_path / "a.png").read_bytes() == b"old"
    question(keeper.window).close()


def test_what_was_done_to_a_sample_is_not_saved_beside_it(keeper, dialog: Dialog, tmp_path: Path) -> None:
    mine = tmp_path / "mine.npz"
    mine.write_bytes(VICTIM.read_bytes())
    (tmp_path / "mine.json").write_bytes(VICTIM.with_suffix(".json").read_bytes())
    for path, folder in ((VICTIM, Path.cwd()), (mine, tmp_path)):
        keeper.window.controller.open(opening.open_file(path))
        keeper.window.actions_["save"].trigger()
        assert dialog.folders[-1] == folder, "the folder of samples is part of the program"
