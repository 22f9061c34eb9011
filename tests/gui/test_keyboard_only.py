"""The whole window without a mouse: select, break, step, change a sysctl and a policy, read tables, quit."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hwpoison_gui.gui.task_model import COLUMNS

Key = Qt.Key
ALT = Qt.KeyboardModifier.AltModifier


def press(user, key: Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key to whatever has the focus, as the keyboard does it."""
    QTest.keyClick(QApplication.focusWidget() or user.window, key, modifiers)
    QApplication.processEvents()


def test_tab_reaches_the_controls_and_comes_back(user) -> None:
    window = user.window
    wanted = {window.map.view, window.transport.timeline, window.tasks, window.log, *window.sliders.values()}
    window.map.setFocus()
    seen = []
    for _ in range(120):
        seen.append(QApplication.focusWidget())
        window.focusNextChild()
    missing = [widget for widget in wanted if widget not in seen and widget.focusProxy() not in seen]
    assert not missing
    assert seen.count(window.map.view) >= 2


def test_a_frame_is_selected_broken_and_walked_back(user) -> None:
    window = user.window
    pfn = user.frame("srv:heap+1")
    window.controller.select(pfn - 1)
    press(user, Key.Key_Right)
    assert window.controller.selected == pfn
    press(user, Key.Key_Return)
    press(user, Key.Key_End)
    assert user.alive("srv", "w0", "other") == [False, False, True]
    press(user, Key.Key_Comma)
    assert user.session.position == len(user.session.steps) - 1
    press(user, Key.Key_PageUp)
    assert user.alive("srv", "w0") == [True, True]


def test_a_sysctl_and_a_policy_are_changed(user) -> None:
    window = user.window
    slider = window.sliders["memory_failure_early_kill"]
    slider.setFocus(Qt.FocusReason.TabFocusReason)
    press(user, Key.Key_0)
    assert user.session.machine.sysctl.view["memory_failure_early_kill"] == 0
    window.actions_["panel-tasks"].trigger()
    assert window.tasks.hasFocus()
    column = [column.field for column in COLUMNS].index("policy")
    window.tasks.setCurrentIndex(window.tasks.order.index(0, column))
    press(user, Key.Key_Down)
    assert window.tasks.currentIndex().row() == 1
    assert window.controller.selected_task is not None


def test_tables_are_reached_and_lead_back_to_the_map(user) -> None:
    window = user.window
    window.actions_["panel-pages"].trigger()
    assert window.tables.pages.view.hasFocus()
    press(user, Key.Key_End)
    assert window.controller.selected == user.session.machine.frames - 1
    press(user, Key.Key_Home)
    assert window.controller.selected == 0
    press(user, Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().startswith("0x0\t")


def test_the_window_is_quit(user) -> None:
    user.window.actions_["quit"].trigger()
    assert not user.window.isVisible()
