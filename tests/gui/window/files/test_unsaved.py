"""Unsaved work is marked in the title, and asked about before it would be dropped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QMessageBox

from hwpoison_gui.opening import opening
from hwpoison_gui.sources import live
from hwpoison_gui.view.words.words import counted
from tests.gui.waiting import until
from tests.workbench import do

Kind = QMessageBox.StandardButton


def question(window) -> QMessageBox | None:
    boxes = [box for box in window.findChildren(QMessageBox) if box.isVisible()]
    return boxes[0] if boxes else None


def answer(window, kind: QMessageBox.StandardButton) -> None:
    until(lambda: question(window) is not None)
    box = question(window)
    box.button(kind).click()
    until(lambda: question(window) is not box)


def work(user) -> None:
    user.click_frame(3000)
    user.key(Qt.Key.Key_End)


def settled(user) -> None:
    until(lambda: not user.window.machines.loader.busy)


def drop(window, *paths: Path) -> bool:
    """Drops files on the window; returns whether they were taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(300, 300), *how)
    QApplication.sendEvent(window, enter)
    if not enter.isAccepted():
        return False
    event = QDropEvent(QPointF(300, 300), *how)
    QApplication.sendEvent(window, event)
    return event.isAccepted()


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story.toml"
    path.write_text('format = 1\ntitle = "Story"\n[[step]]\nop = "task"\nname = "t"\n')
    return path


def test_the_title_marks_work_that_is_in_no_file(keeper) -> None:
    window = keeper.window
    assert not window.isWindowModified() and "[*]" in window.windowTitle()
    window.controller.selection.select(17)
    window.lenses.choose("mapcount")
    assert not window.isWindowModified()  # looking is no work
    work(keeper)
    assert window.isWindowModified()
    keeper.key(Qt.Key.Key_Home)
    assert window.isWindowModified()


def test_it_is_said_which_operations_are_undone(keeper) -> None:
    session, words = keeper.session, keeper.window.keeping.work
    session.seek(len(session.steps))
    do(session, "poison", frame="any:free")
    count = counted(len(session.operations), "operation")
    assert words.words == count
    session.seek(session.operations[-1].first + 1)
    assert words.words == count, "it is at one of its steps"
    session.seek(session.operations[-1].first)
    assert words.words == f"{count} (1 undone)"


def test_notes_and_drafts_are_work(keeper) -> None:
    window = keeper.window
    window.notes.write("a note")
    assert window.isWindowModified()
    window.notes.remove(window.notes.notebook.notes[0])
    assert not window.isWindowModified()
    window.notes.ask_note()
    window.findChild(QInputDialog).setTextValue("half")
    assert window.isWindowModified()
    window.findChild(QInputDialog).reject()
    assert window.isWindowModified()


def test_a_name_with_the_mark_of_qt_is_shown_as_it_is(open_window) -> None:
    window = open_window(opening.default_machine()._replace(title="a[*]b")).window
    assert window.windowTitle() == "a[*][*]b[*] — hwpoison-gui"


def ways(window, story: Path) -> list[Callable[[], object]]:
    """All that would drop what was done."""
    return [
        window.actions_["new"].trigger,
        window.actions_["open"].trigger,
        window.actions_["live"].trigger,
        window.actions_["profile-v7"].trigger,
        lambda: drop(window, story),
        lambda: window.machines.open_path(story),
        window.close,
    ]


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch, story: Path) -> None:
    """Dialogs for files give one at once, and this machine exports a recorded one."""
    from hwpoison_gui.sources.recording import read_recording

    exported = read_recording("resources/machines/victim_before.npz")
    monkeypatch.setattr(live, "read", lambda progress, cancelled: exported)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(story), ""))


def test_everything_that_drops_work_asks_first(keeper, story: Path, answered: None) -> None:
    window = keeper.window
    for way, drops in enumerate(ways(window, story)):
        machine = window.controller.machine
        work(keeper)
        drops()
        answer(window, Kind.Cancel)
        settled(keeper)
        assert window.controller.machine is machine and window.isVisible() and window.isWindowModified(), way
        drops()
        answer(window, Kind.Discard)
        settled(keeper)
        until(lambda machine=machine: window.controller.machine is not machine or not window.isVisible())
        assert window.isVisible() is (way < 6)
        assert not window.isVisible() or not window.isWindowModified(), way


def test_nothing_asks_without_work(keeper, story: Path, answered: None) -> None:
    window = keeper.window
    for way, drops in enumerate(ways(window, story)):
        machine = window.controller.machine
        drops()
        assert question(window) is None, way
        until(lambda machine=machine: window.controller.machine is not machine or not window.isVisible())
        settled(keeper)
        assert question(window) is None, way


@pytest.mark.parametrize("way", [0, 6])
def test_save_saves_and_goes_on(keeper, story: Path, tmp_path: Path, monkeypatch, way: int) -> None:
    window, machine, path = keeper.window, keeper.window.controller.machine, tmp_path / "a.hwsession"
    work(keeper)
    digest = keeper.session.machine.gate.digest()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    ways(window, story)[way]()
    answer(window, Kind.Save)  # and then cancelled
    assert window.controller.machine is machine and window.isWindowModified()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    ways(window, story)[way]()
    answer(window, Kind.Save)
    until(lambda: window.controller.machine.session is not machine.session or not window.isVisible())
    settled(keeper)
    assert opening.open_file(path).session.machine.gate.digest() == digest


def test_a_save_that_fails_keeps_the_window_open(keeper, tmp_path: Path, monkeypatch) -> None:
    window = keeper.window
    work(keeper)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no/where/a.hwsession"), ""))
    window.close()
    answer(window, Kind.Save)
    until(lambda: question(window) is not None)
    assert "cannot be saved" in question(window).text() and "No such file" in question(window).informativeText()
    question(window).close()
    assert window.isVisible() and window.isWindowModified()


def test_a_second_quit_asks_once(keeper) -> None:
    work(keeper)
    keeper.window.close()
    keeper.window.close()
    assert len([box for box in keeper.window.findChildren(QMessageBox) if box.isVisible()]) == 1
    answer(keeper.window, Kind.Cancel)


def test_only_files_can_be_dropped_and_at_most_two_machines(keeper, story: Path, tmp_path: Path) -> None:
    window = keeper.window
    data = QMimeData()
    data.setText("some text")
    enter = QDragEnterEvent(
        QPoint(3, 3), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, enter)
    assert not enter.isAccepted()
    assert drop(window, story, tmp_path / "other.npz", tmp_path / "third.npz")
    until(lambda: question(window) is not None)
    assert "One machine, or two to compare" in question(window).text()
    question(window).close()
    until(lambda: question(window) is None)
    recorded = Path("resources/machines/victim_before.npz").absolute()
    assert drop(window, recorded.with_suffix(".json"), recorded)
    until(lambda: window.controller.machine.file == str(recorded))
    settled(keeper)


def test_a_file_dropped_on_the_map_opens(keeper, story: Path) -> None:
    """Widgets inside that take no files must not keep the window from taking them."""
    window = keeper.window
    widget = window.map.view.viewport()
    while widget is not window:
        assert not widget.acceptDrops(), widget
        widget = widget.parentWidget()


def test_a_file_that_cannot_be_opened_costs_no_answer(keeper, tmp_path: Path) -> None:
    window, machine = keeper.window, keeper.window.controller.machine
    work(keeper)
    picture = tmp_path / "picture.npz"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert drop(window, picture)
    until(lambda: question(window) is not None)
    assert question(window).text().endswith(" failed") and "a PNG picture" in question(window).informativeText()
    question(window).close()
    settled(keeper)
    assert question(window) is None
    assert window.controller.machine is machine and window.isWindowModified()


def test_a_file_that_was_saved_on_the_way_is_opened_as_it_is_now(keeper, tmp_path: Path, monkeypatch) -> None:
    window, path = keeper.window, tmp_path / "a.hwsession"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    work(keeper)
    window.actions_["save"].trigger()
    until(lambda: not window.isWindowModified())
    keeper.click_frame(3001)
    keeper.key(Qt.Key.Key_End)
    before = window.controller.machine
    window.machines.open_path(path)
    answer(window, Kind.Save)
    until(lambda: window.controller.machine is not before and not window.machines.loader.busy)
    until(lambda: not window.controller.busy)
    assert len(keeper.session.operations) == 2
