"""A large file is seen before its machine can be used, and what was open stays where it turns out to be damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from hwpoison_gui.gui.window.files import machines
from hwpoison_gui.kernel.presets import desktop
from hwpoison_gui.opening import first_frames
from hwpoison_gui.sources.recording_writer import save_snapshot
from hwpoison_gui.sources.synthetic import exported_from
from hwpoison_gui.view.map.lenses import OUTCOME
from tests.gui.conftest import User
from tests.gui.waiting import until


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(first_frames, "_LEAST", 1)
    path = tmp_path / "m.npz"
    save_snapshot(exported_from(desktop(4096, 3), "Linux version 6.12.0-made-up"), path)
    return path


def opened(user: User, path: Path) -> list[QImage]:
    """Open a file; the pictures that were shown over the map meanwhile."""
    machines, seen = user.window.machines, list[QImage]()
    machines.loader.pictured.connect(
        lambda _: seen.extend([one.grab().toImage() for one in [machines.first.shown] if one])
    )
    machines.open_path(path)
    until(lambda: not machines.loader.busy)
    assert machines.first.shown is None
    return seen


@pytest.mark.parametrize("layout", ["rows", "zones", "dram"])
def test_the_first_picture_is_that_of_the_open_machine(user: User, snapshot: Path, layout: str) -> None:
    user.window.map.set_layout(layout)
    (picture,) = opened(user, snapshot)
    assert user.window.controller.machine.file == str(snapshot)
    user.window.map.view.item.focused = False
    user.window.map.resize(picture.size())
    assert user.window.map.grab().toImage() == picture


def test_what_was_open_stays(user: User, snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = list[str]()
    monkeypatch.setattr(machines, "show_error", lambda above, head, text: messages.append(text))
    before = user.window.controller.machine
    data = snapshot.read_bytes().replace(b"pagemap_va.npy", b"pagemap_vx.npy")
    snapshot.write_bytes(data)
    assert len(opened(user, snapshot)) == 1
    assert user.window.controller.machine is before
    assert len(messages) == 1 and "pagemap_va: the array is missing" in messages[0]


def test_a_lens_that_must_look_into_frames_waits(user: User, snapshot: Path) -> None:
    user.window.lenses.choose(OUTCOME.key)
    until(lambda: not user.window.lenses.busy)
    assert opened(user, snapshot) == []
    assert user.window.controller.machine.file == str(snapshot)


def test_no_click_or_key_reaches_the_map_below(user: User, snapshot: Path) -> None:
    frame_map, session = user.window.map, user.session
    before = len(session.operations)
    frame_map.setFocus()
    user.window.controller.selection.select(1000)

    def try_all(_: object) -> None:
        over = user.window.machines.first.shown
        assert over is not None
        place = frame_map.view.viewport().rect().center()
        below = user.window.childAt(frame_map.view.viewport().mapTo(user.window, place))
        assert over.isAncestorOf(below)
        QTest.mouseClick(below, Qt.MouseButton.LeftButton, pos=below.rect().center())
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Right):
            QTest.keyClick(frame_map.view, key)

    user.window.machines.loader.pictured.connect(try_all)
    opened(user, snapshot)
    assert len(session.operations) == before and user.window.controller.machine.file == str(snapshot)
    QTest.keyClick(frame_map.view, Qt.Key.Key_Right)
    assert user.window.controller.selection.frame != -1


def test_it_says_what_is_still_of_the_open_machine(user: User, snapshot: Path) -> None:
    said = list[str]()
    frame_map = user.window.map
    user.window.machines.loader.pictured.connect(
        lambda _: said.extend(label.text() for label in frame_map.findChildren(QLabel) if label.isVisible())
    )
    opened(user, snapshot)
    assert said == ["This machine is being read. The panels still show the one that is open."]
    assert not [label for label in frame_map.findChildren(QLabel) if label.isVisible()]
