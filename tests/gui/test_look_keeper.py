"""Back and forward through the places looked at, by keys and by the mouse's side buttons."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from hwpoison_gui.gui import look_keeper


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
