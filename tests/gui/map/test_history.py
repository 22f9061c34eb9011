"""Back and forward through the places looked at, by keys and by the mouse's side buttons."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from hwpoison_gui.gui.map import history as look_keeper
from tests.gui.waiting import until


def test_going_back_and_forward(user, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(look_keeper.time, "monotonic", lambda: clock[0])
    window, view = user.window, user.window.map.view
    window.map.fit()
    places = []
    for pfn in (500, 3000):
        clock[0] += 5
        window.map.center_on(pfn)
        places.append((view.camera.cell, view.camera.left, view.camera.top))
    window.actions_["look-back"].trigger()
    assert (view.camera.cell, view.camera.left, view.camera.top) == pytest.approx(places[0], abs=1)
    window.actions_["look-forward"].trigger()
    assert (view.camera.cell, view.camera.left, view.camera.top) == pytest.approx(places[1], abs=1)
    for _ in range(2):
        QTest.mouseClick(view.viewport(), Qt.MouseButton.BackButton, pos=QPoint(50, 50))
    assert view.camera.is_fit


def shown(user) -> tuple:
    window = user.window
    return window.map.layout_name, window.map.row_width, window.lenses.lens.key, window.finder.field.text()


def test_layout_lens_and_filter_come_back_with_the_place(user, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(look_keeper.time, "monotonic", lambda: clock[0])
    window, view, pfn = user.window, user.window.map.view, user.frame("srv:heap+1")
    window.controller.selection.select(pfn)
    window.map.center_on(pfn)
    middle = QPoint(view.viewport().width() // 2, view.viewport().height() // 2)
    seen = [shown(user)]
    for act in (
        lambda: QTest.keyClick(view, "7"),
        lambda: window.actions_["layout-morton"].trigger(),
        lambda: window.layouts.set_width(96),
        lambda: window.finder.set_text("lru,~dirty"),
    ):
        clock[0] += 5
        act()
        until(lambda: not window.lenses.busy)
        seen.append(shown(user))
    assert seen[-1] == ("rows", 96, "outcome", "lru,~dirty")
    for expected in reversed(seen[:-1]):
        QTest.mouseClick(view.viewport(), Qt.MouseButton.BackButton, pos=middle)
        until(lambda: not window.lenses.busy)
        assert shown(user) == expected
        assert view.viewport().rect().contains(user.point(pfn))
    assert window.map.plane.match is None
    for expected in seen[1:]:
        QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
        until(lambda: not window.lenses.busy)
        assert shown(user) == expected
    assert window.finder.isVisible() and window.map.plane.match is not None
    assert window.actions_["layout-rows"].isChecked() and window.actions_["lens-outcome"].isChecked()


def test_back_from_a_filter_that_means_nothing_is_the_last_that_did(user) -> None:
    window = user.window
    window.finder.set_text("lru")
    window.finder.set_text("lru drity")
    window.actions_["look-back"].trigger()
    assert window.finder.field.text() == window.filter.text == "lru"
    window.actions_["look-back"].trigger()
    assert window.filter.text == "" and window.map.plane.match is None


def test_the_commands_say_when_there_is_nowhere_to_go(user) -> None:
    window = user.window
    window.actions_["new"].trigger()
    until(lambda: not user.window.machines.loader.busy)
    back, forward = window.actions_["look-back"], window.actions_["look-forward"]
    assert not back.isEnabled() and "There is no earlier view" in back.toolTip()
    window.map.center_on(500)
    assert back.isEnabled() and not forward.isEnabled()
    back.trigger()
    assert forward.isEnabled()


def test_a_window_of_another_size_is_no_other_look(user) -> None:
    window = user.window
    window.map.center_on(500)
    before = len(window.history.looks._looks)
    window.resize(window.width() - 150, window.height() - 60)
    user.qtbot.wait(50)
    assert len(window.history.looks._looks) == before


def test_movements_in_a_row_are_one(user, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(look_keeper.time, "monotonic", lambda: clock[0])
    window, view = user.window, user.window.map.view
    window.map.fit()
    clock[0] += 5
    for _ in range(6):
        clock[0] += 0.1
        window.map.view.zoom(1)
    window.actions_["look-back"].trigger()
    assert view.camera.is_fit
