"""For those who hear the window: what can be used has a name and says what it is for, what is painted is told.

Asked as a screen reader asks, through Qt's accessible interfaces.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QHeaderView,
    QInputDialog,
    QLineEdit,
    QScrollBar,
    QTabBar,
    QTableView,
    QTextEdit,
    QWidget,
)

from hwpoison_gui.gui.look.dock import Dock
from tests.gui.conftest import workers
from tests.gui.hands import ALT, CTRL, SHIFT, Key, Person
from tests.workbench import crowd

Text = QAccessible.Text
_USED = (QAbstractButton, QAbstractSlider, QAbstractItemView, QComboBox, QLineEdit, QTextEdit)
_QTS_OWN = (QHeaderView, QScrollBar, QTabBar, QTableView)  # they tell of themselves and of what is inside


def heard(widget: QWidget, what: Text) -> str:
    """What a screen reader is told."""
    told = QAccessible.queryAccessibleInterface(widget)
    assert told is not None, widget
    return str(told.text(what))


def used(root: QWidget) -> Iterator[QWidget]:
    """All that somebody can use in a window."""
    for widget in root.findChildren(QWidget):
        parts = isinstance(widget.parent(), (*_QTS_OWN, QLineEdit)) or widget.objectName().startswith("qt_")
        own = parts or isinstance(widget, _QTS_OWN[:3])
        in_list = isinstance(widget.parent(), QWidget) and widget.parent().inherits("QComboBoxPrivateContainer")
        usable = isinstance(widget, _USED) or widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if usable and not own and not in_list and widget.focusProxy() is None and widget.window() is root:
            yield widget


def silent(root: QWidget) -> list[str]:
    """What has no name, or does not teach."""
    found = []
    for widget in used(root):
        named = heard(widget, Text.Name)
        plain = isinstance(widget.parent(), QDialogButtonBox | QInputDialog)  # OK, Cancel; a label says it all
        taught = heard(widget, Text.Description) or widget.toolTip() or heard(widget, Text.Help)
        if not named or not (taught or plain or widget.inherits("QPlainTextEdit") or isinstance(widget, QTextEdit)):
            found.append(f"{type(widget).__name__} {named!r} in {type(widget.parent()).__name__}")
    return found


@pytest.fixture
def somebody(open_window, qtbot) -> Person:
    return Person(qtbot, open_window(workers(), (1280, 1000)).window)


def test_everything_in_the_window_has_a_name_and_says_what_it_is_for(somebody: Person) -> None:
    window = somebody.window
    somebody.press(Key.Key_F, CTRL)
    for dock in window.docks.values():
        dock.content()
    assert len(list(used(window))) > 50
    assert not silent(window)
    for dock in window.findChildren(Dock):
        content = dock.content()
        assert heard(content, Text.Help) and heard(content.focusProxy() or content, Text.Description), dock
    for action in window.actions_.actions.values():
        assert action.text() and action.toolTip().count("\n")


def test_everything_in_the_dialogs_has_a_name(somebody: Person) -> None:
    me = somebody
    me.press(Key.Key_G, CTRL)
    assert not silent(me.front)
    me.type("srv:heap+1")
    me.press(Key.Key_Return)
    for key, keys in ((Key.Key_P, CTRL | SHIFT), (Key.Key_N, None), (Key.Key_F1, None), (Key.Key_E, CTRL)):
        me.press(key, *([keys] if keys else []))
        me.until(lambda: me.front is not me.window)
        assert not silent(me.front)
        if key is Key.Key_E:
            me.until(lambda: "differ" in me.reads())
            assert not silent(me.front)
        me.press(Key.Key_Escape)
        me.until(lambda: me.front is me.window)


def test_painted_views_tell_what_they_show(somebody: Person) -> None:
    me, w = somebody, somebody.window
    told = {
        "map": w.map.view,
        "users": w.docks["rmap"].content(),
        "sentence": w.sentence,
        "steps": w.transport.timeline,
        "row": w.operations,
        "slider": w.sliders["memory_failure_early_kill"],
    }
    before = {name: heard(widget, Text.Description) for name, widget in told.items()}
    assert "Arrow keys select" in before["map"] and "Select a frame" in before["users"]
    me.press(Key.Key_G, CTRL)
    me.type("srv:heap+1")
    me.press(Key.Key_Return)
    pfn = w.map.selection
    assert heard(w.map.view, Text.Description).startswith(f"{pfn:#x}")
    assert "kills 4 now" in heard(w.map.view, Text.Description)
    me.press(Key.Key_Return)
    me.press(Key.Key_End)
    after = {name: heard(widget, Text.Description) for name, widget in told.items()}
    assert [name for name in told if after[name] == before[name]] == ["slider"]
    assert all(f"{name}:" in after["users"] for name in ("srv", "w0", "w1", "w2")) and "SIGBUS" in after["users"]
    assert "w2" in after["sentence"] and "4 killed" in after["row"]
    QAccessible.setActive(True)
    try:
        me.press(Key.Key_PageUp)
        assert "kills 4 now" in heard(w.map.view, Text.Description)  # it follows the steps
    finally:
        QAccessible.setActive(False)
    figures = [child.accessibleName() for child in w.counters.findChildren(QWidget)]
    assert "HardwareCorrupted: 0 kB" in figures


def test_many_users_are_told_in_groups_and_copied_one_by_one(open_window, qtbot) -> None:
    session = crowd(60)
    me = Person(qtbot, open_window(session).window)
    me.press(Key.Key_G, CTRL)
    me.type("top:m+0")
    me.press(Key.Key_Return)
    said = heard(me.window.docks["rmap"].content(), Text.Description)
    assert "worker: 60 VMAs of 60 tasks" in said
    me.press(Key.Key_1, ALT)
    me.press(Key.Key_Down)
    me.press(Key.Key_Space)
    me.press(Key.Key_C, CTRL)
    copied = QApplication.clipboard().text().splitlines()
    assert len([line for line in copied if line.startswith("worker-")]) == 60
