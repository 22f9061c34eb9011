"""What is taken along: a link, the report, the page; and a window that opens at the linked step."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QProgressDialog, QPushButton

from hwpoison_gui import cli, resources
from hwpoison_gui.export import story
from hwpoison_gui.opening import opening
from hwpoison_gui.opening.opening import at_moment, open_file
from tests.gui.conftest import made_machine
from tests.gui.waiting import until
from tests.gui.window.files.test_saving import Dialog, said
from tests.gui.window.files.test_unsaved import work

LESSON = resources.path("lessons/07-one-page-many-processes.toml")


@pytest.fixture
def dialog(monkeypatch: pytest.MonkeyPatch) -> Dialog:
    return Dialog(monkeypatch)


def clipboard() -> str:
    return QApplication.clipboard().text()


def test_a_link_leads_back_to_its_step(open_window, tmp_path: Path) -> None:
    story = tmp_path / "a story.toml"
    story.write_bytes(LESSON.read_bytes())
    user = open_window(open_file(story), remember=True)
    user.window.controller.seek(user.session.operations[10].first + 4)
    user.window.actions_["copy-link"].trigger()
    program, file, at, moment = shlex.split(clipboard())
    assert (program, file, at, moment) == ("hwpoison-gui", str(story), "--at", "11.4")
    user.window.controller.seek(0)
    user.window.close()  # it was left at another place, which counts for a start without --at
    for opened, position in (
        (open_file(story), 0),
        (at_moment(open_file(story), moment), user.session.operations[10].first + 4),
    ):
        assert open_window(opened, remember=True).session.position == position


def test_a_link_is_to_what_is_in_a_file(keeper, dialog: Dialog, tmp_path: Path) -> None:
    action = keeper.window.actions_["copy-link"]
    assert not action.isEnabled() and "in none: Ctrl+S" in action.toolTip()
    work(keeper)
    dialog.answer = str(tmp_path / "a.hwsession")
    keeper.window.actions_["save"].trigger()
    assert action.isEnabled()
    keeper.window.notes.write("more")
    assert not action.isEnabled() and "what you did" in action.toolTip()


def test_the_stage_begins_at_the_linked_step(open_window) -> None:
    user = open_window(at_moment(open_file(LESSON), "11.4"))
    user.window.appearance.choose_motion(False)
    user.window.presentation.begin(at_moment=True)
    stage = user.window.presentation.shown
    assert user.session.position == user.session.operations[10].first + 4 and not stage.card.isVisible()
    assert stage.caption.text() == user.session.operations[10].telling.caption != ""
    before = user.session.position
    stage.motion.set_motion(False)
    stage.forward()
    assert user.session.position == min(stop for stop in stage.stops if stop > before)
    stage.close()


@pytest.mark.parametrize("how", [[str(LESSON)], ["--present", str(LESSON)]])
def test_a_bad_moment_is_one_line(how: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*how, "--at", "11.999"]) == 2
    error = capsys.readouterr().err
    assert error == f"{LESSON}: --at: no step 999 of operation 11; its last one is {error.rpartition(' ')[2]}"


def test_a_moment_of_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    for how in ([], ["--live"]):
        with pytest.raises(SystemExit) as raised:
            cli.main([*how, "--at", "1"])
        assert raised.value.code == 2 and "--at needs a file" in capsys.readouterr().err


def test_the_report_of_what_was_done(user, open_window) -> None:
    assert "click a frame" in open_window(made_machine()).window.actions_["copy-report"].toolTip()
    user = open_window(open_file(LESSON))
    position = user.session.position
    user.window.actions_["copy-report"].trigger()
    until(lambda: "## 11. break frame server:heap+0" in clipboard())
    assert user.session.position == position and user.session.at_rest


def test_report_and_page_are_saved(open_window, dialog: Dialog, tmp_path: Path) -> None:
    user = open_window(open_file(LESSON))
    for name, file, start in (("save-report", "a.md", b"# One page"), ("save-page", "a.html", b"<!DOCTYPE html>")):
        dialog.answer = str(tmp_path / Path(file).stem)
        user.window.actions_[name].trigger()
        path = tmp_path / file
        until(lambda path=path: str(path) in said(user))
        assert path.read_bytes()[: len(start)].lower() == start.lower()
    assert dialog.asked == [f"{LESSON.stem}.md", f"{LESSON.stem}.html"]


def test_a_page_can_be_cancelled(open_window, dialog: Dialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = open_window(open_file(LESSON))
    taking = user.window.keeping.taking
    told: list[float] = []

    def endless(session, title, summary, progress) -> dict:
        while True:
            told.append(len(told) / (len(told) + 1))
            progress(told[-1])
            time.sleep(0.001)  # as long as a scene takes

    monkeypatch.setattr(story, "story", endless)
    dialog.answer = str(tmp_path / "a.html")
    (tmp_path / "a.html").write_bytes(b"old")
    user.window.actions_["save-page"].trigger()
    until(lambda: told)
    shown = user.window.findChild(QProgressDialog)
    shown.findChild(QPushButton).click()
    until(lambda: not taking.background.busy)
    assert said(user) == "Writing a.html: cancelled; nothing was written."
    assert (tmp_path / "a.html").read_bytes() == b"old"
    assert not [one for one in tmp_path.iterdir() if one.suffix == ".tmp"]


def test_a_file_that_cannot_be_written_stays(open_window, dialog: Dialog, tmp_path: Path, monkeypatch) -> None:
    user = open_window(open_file(LESSON))
    shown: list[tuple[str, str]] = []
    monkeypatch.setattr(
        "hwpoison_gui.gui.window.files.taking_home.show_error", lambda above, *words: shown.append(words)
    )
    dialog.answer = str(tmp_path / "no such folder/a.md")
    user.window.actions_["save-report"].trigger()
    until(lambda: shown)
    assert "No such file or directory" in shown[0][1]


def test_a_recording_can_be_told_of_too(open_window, dialog: Dialog) -> None:
    user = open_window(opening.open_file(resources.path("machines/victim_before.npz")))
    user.window.controller.fire(int(user.session.machine.mapcount.view.argmax()))
    user.window.actions_["copy-report"].trigger()
    until(lambda: clipboard().startswith("# ") and "## 1. break frame" in clipboard())
