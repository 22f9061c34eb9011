"""Rows of any length: by menu, keys and dialog, kept for another machine and another start."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QInputDialog, QSpinBox, QToolTip

from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look.settings import Settings
from hwpoison_gui.gui.map.layout_control import LayoutControl
from hwpoison_gui.gui.map.widget import FrameMapWidget
from tests.gui.waiting import until

Key, Modifier = Qt.Key, Qt.KeyboardModifier
FIT = "&Fit to the window"


def width(user) -> int:
    return user.window.map.plane.layout.width


def choose(user, word: str) -> None:
    user.choose(user.window.menu_of["M&ap > &Layout > &Frames per row"], word)


def test_rows_of_a_chosen_length_stay_whatever_the_window_does(user) -> None:
    window = user.window
    suited = width(user)
    choose(user, "128")
    assert width(user) == 128 != suited
    window.resize(900, 600)
    window.actions_["layout-zones"].trigger()
    assert width(user) == 128
    assert window.actions_["width-128"].isChecked()
    choose(user, FIT)
    assert window.map.row_width is None
    assert width(user) != 128


def test_keys_make_rows_longer_and_shorter_about_the_same_frame(user) -> None:
    window, pfn = user.window, user.frame("srv:heap+1")
    choose(user, "64")
    window.controller.selection.select(pfn)
    window.map.center_on(pfn)
    cell, view = window.map.view.camera.cell, window.map.view
    for key, modifiers, expected in (
        (Key.Key_BracketRight, Modifier.ControlModifier, 65),
        (Key.Key_BracketRight, Modifier.ControlModifier, 66),
        (Key.Key_BracketLeft, Modifier.ControlModifier, 65),
        (Key.Key_BracketRight, Modifier.ControlModifier | Modifier.ShiftModifier, 130),
        (Key.Key_BracketLeft, Modifier.ControlModifier | Modifier.ShiftModifier, 65),
    ):
        QTest.keyClick(view, key, modifiers)
        assert width(user) == expected
        assert view.item.pfn_at(user.point(pfn).toPointF()) == pfn
        assert view.camera.cell == cell
    assert window.actions_["width-own"].isChecked()
    assert "65" in window.actions_["width-own"].text()
    assert QToolTip.text() == "65 frames per row: 260 KiB"


@pytest.mark.parametrize("extreme", [1, 4096])
def test_the_shortest_and_the_longest_row_can_be_painted_and_clicked(user, extreme: int) -> None:
    window, pfn = user.window, user.frame("srv:heap+2")
    window.layouts.set_width(extreme)
    assert width(user) == extreme
    window.layouts.change_width(0.5 if extreme == 1 else 2, 0)
    assert width(user) == extreme
    window.map.fit()
    window.map.view.grab()
    user.click_frame(pfn)
    assert user.session.operations[-1].outcome.pfn == pfn


def asked(user) -> tuple[QInputDialog, QSpinBox]:
    until(lambda: not user.window.findChildren(QInputDialog))
    choose(user, user.window.actions_["width-own"].text())
    (dialog,) = user.window.findChildren(QInputDialog)
    return dialog, dialog.findChild(QSpinBox)


def test_the_map_shows_a_width_while_it_is_chosen(user) -> None:
    window, before = user.window, width(user)
    dialog, box = asked(user)
    assert box.value() == before
    QTest.keyClick(box, Key.Key_Up)
    assert width(user) == before + 1
    dialog.reject()
    assert width(user) == before
    assert window.map.row_width is None and window.actions_["width-fit"].isChecked()
    dialog, box = asked(user)
    box.selectAll()
    QTest.keyClicks(box, "300")
    buttons = dialog.findChild(QDialogButtonBox)
    QTest.mouseClick(buttons.button(QDialogButtonBox.StandardButton.Ok), Qt.MouseButton.LeftButton)
    assert width(user) == 300
    assert window.actions_["width-own"].isChecked()


def test_a_width_on_a_curve_is_one_of_rows(user) -> None:
    window = user.window
    choose(user, "256")
    window.actions_["layout-hilbert"].trigger()
    window.actions_["layout-rows"].trigger()
    assert width(user) == 256
    window.actions_["layout-morton"].trigger()
    choose(user, "64")
    assert window.map.layout_name == "rows" and window.actions_["layout-rows"].isChecked()
    assert width(user) == 64


def test_a_width_too_long_for_a_smaller_machine_is_cut(user) -> None:
    user.window.actions_["new"].trigger()
    until(lambda: not user.window.machines.loader.busy)
    choose(user, "2,048")
    user.window.layouts.set_width(40_000)
    assert width(user) == 40_000
    user.window.map.set_source(*(column[:300] for column in (user.session.machine.flags.view,) * 3))
    assert width(user) == 300


def test_layout_and_width_are_remembered(qtbot, tmp_path) -> None:
    settings = Settings(QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))
    maps = [FrameMapWidget() for _ in range(3)]
    for one in maps:
        qtbot.addWidget(one)
    LayoutControl(maps[0], settings, maps[0]).arrange("zones", 300)
    maps[1].take_settings(settings)
    assert (maps[1].layout_name, maps[1].row_width) == ("zones", 300)
    settings.keep(keys.LAYOUT, "nonsense")
    settings.keep(keys.ROW_WIDTH, -3)
    maps[2].take_settings(settings)
    assert (maps[2].layout_name, maps[2].row_width) == ("rows", None)
