"""Names, titles, captions and paths that look like HTML are shown as they are, everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6 import QtGui
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction, QHelpEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QDialog,
    QInputDialog,
    QLabel,
    QListView,
    QMenu,
    QMessageBox,
    QProgressDialog,
    QTextEdit,
    QToolTip,
    QTreeView,
    QWidget,
)

import hwpoison_gui.gui
from hwpoison_gui.gui.look.plain import plain, plain_labels
from hwpoison_gui.gui.widgets import messages
from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.opening import opening
from tests.gui.conftest import User
from tests.gui.waiting import comparison_of, until

Role = Qt.ItemDataRole
IMAGE = "<img src='x.png' width=200>"
BOLD = "<b>bold"

SCENARIO = f"""
format = 1
title = "<h1>{IMAGE}</h1>"
summary = "<i>{IMAGE}</i>"
profile = "v7"
[sysctl]
memory_failure_early_kill = 1
[[step]]
op = "file"
path = "<u>/srv</u>/{IMAGE}"
pages = 4
caption = "{IMAGE} makes a file"
[[step]]
op = "task"
name = "{BOLD}"
comm = "{IMAGE}"
[[step]]
op = "mmap"
task = "{BOLD}"
name = "{IMAGE}"
file = "<u>/srv</u>/{IMAGE}"
shared = true
pages = 4
[[step]]
op = "write"
task = "{BOLD}"
at = "{IMAGE}+0"
value = "{IMAGE}"
[[step]]
op = "fork"
task = "{BOLD}"
child = "{IMAGE}"
[[step]]
op = "read"
task = "{IMAGE}"
at = "{IMAGE}+0"
[[step]]
op = "poison"
frame = "{BOLD}:{IMAGE}+0"
caption = "{IMAGE} breaks"
"""


@pytest.fixture
def hostile(open_window, tmp_path: Path) -> User:
    path = tmp_path / f"{BOLD}.toml"
    path.write_text(SCENARIO)
    user: User = open_window(opening.open_file(path))
    window = user.window
    window.controller.show_step(len(user.session.steps))
    pfn = user.session.operations[-1].outcome.pfn
    assert pfn is not None
    window.controller.selection.select(pfn)
    window.notes.write(f"{IMAGE} and a note")
    for dock in window.docks.values():
        dock.show()
        dock.raise_()
        until(lambda dock=dock: dock.made is not None)
    return user


def is_rich(text: str) -> bool:
    """Whether Qt takes the text for HTML where it guesses."""
    return bool(QtGui.Qt.mightBeRichText(text))


def tips_of_models(root: QWidget) -> Iterator[tuple[str, str]]:
    """(place, tip) of each cell and header of each view."""
    for view in root.findChildren(QAbstractItemView):
        model = view.model()
        if model is None:
            continue
        wide = not isinstance(view, QListView)
        pending = [QModelIndex()]
        while pending:
            parent = pending.pop()
            for row in range(min(model.rowCount(parent), 200)):
                for column in range(model.columnCount(parent) if wide else 1):
                    index = model.index(row, column, parent)
                    yield f"{type(view).__name__} {row} {column}", str(index.data(Role.ToolTipRole) or "")
                if isinstance(view, QTreeView) and model.rowCount(model.index(row, 0, parent)):
                    pending.append(model.index(row, 0, parent))
        for column in range(model.columnCount(QModelIndex()) if wide else 0):
            head = model.headerData(column, Qt.Orientation.Horizontal, Role.ToolTipRole)
            yield f"{type(view).__name__} head {column}", str(head or "")


def texts_of_widgets(root: QWidget) -> Iterator[tuple[str, str]]:
    """(place, text) of what Qt shows with a guess whether it is HTML."""
    for widget in (root, *root.findChildren(QWidget)):
        yield f"tip of {widget!r}", widget.toolTip()
        yield f"help of {widget!r}", widget.whatsThis()
        if isinstance(widget, QLabel) and widget.textFormat() == Qt.TextFormat.AutoText:
            yield f"{widget!r} of {widget.parentWidget()!r}", widget.text()
    for action in root.findChildren(QAction):
        yield f"action {action.text()}", action.toolTip()


def rich_of(*found: Iterator[tuple[str, str]]) -> dict[str, str]:
    return {place: text for texts in found for place, text in texts if is_rich(text)}


def automatic_labels(root: QWidget) -> list[str]:
    """Labels that guess, and have no text yet or one of the program's own."""
    labels = root.findChildren(QLabel)
    return [repr(label) for label in labels if label.textFormat() == Qt.TextFormat.AutoText and label.pixmap().isNull()]


def test_the_whole_window(hostile: User) -> None:
    window = hostile.window
    said = [text for _, text in (*tips_of_models(window), *texts_of_widgets(window))]
    assert sum("\u2060img" in text for text in said) > 10, "the names are in the tips"
    assert rich_of(tips_of_models(window), texts_of_widgets(window)) == {}
    assert automatic_labels(window) == [], "no label of the window guesses"
    pages_of_html_escape_names(window)
    comparison(window)


def test_every_point_with_a_tip_of_its_own(hostile: User) -> None:
    """Timeline, operations, reverse map, tabs, elided labels: what the pointer is told, all over the window."""
    window = hostile.window
    window.resize(900, 600)
    QApplication.processEvents()
    told: set[str] = set()
    for widget in (window, *window.findChildren(QWidget)):
        if not widget.isVisible() or widget.window() is not window:
            continue
        for x in range(3, widget.width(), max(12, widget.width() // 25)):
            for y in range(3, widget.height(), max(12, widget.height() // 12)):
                QToolTip.hideText()
                point = QPoint(x, y)
                QApplication.sendEvent(widget, QHelpEvent(QHelpEvent.Type.ToolTip, point, widget.mapToGlobal(point)))
                told.add(QToolTip.text())
    QToolTip.hideText()
    assert sum("\u2060img" in tip for tip in told) >= 5
    assert [tip for tip in told if is_rich(tip)] == []


def pages_of_html_escape_names(window: MainWindow) -> None:
    """They are HTML, so what is in them must be escaped."""
    pages = [edit for edit in window.findChildren(QTextEdit) if edit.toPlainText()]
    assert any("<img src='x.png'" in page.toPlainText() for page in pages)
    assert not [page for page in pages if '<img src="x.png"' in page.toHtml()]


def test_menus_and_dialogs(hostile: User) -> None:
    window = hostile.window
    pfn = hostile.session.operations[-1].outcome.pfn
    hostile.click_frame(pfn, Qt.MouseButton.RightButton)
    until(lambda: QApplication.activePopupWidget() is not None)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    actions = [menu, *menu.findChildren(QMenu)]
    said = [action.toolTip() for one in actions for action in one.actions()]
    assert said and not [tip for tip in said if is_rich(tip)]
    menu.close()
    assert window.isVisible()
    dialogs(window)


def dialogs(window: MainWindow) -> None:
    messages.show_error(window, f"{IMAGE} failed", f"{BOLD}: {IMAGE}")
    window.notes.ask_note()
    window.machines.loader.start(f"Opening {IMAGE}", lambda progress, cancelled: opening.default_machine())
    seen = []
    for kind in (QMessageBox, QInputDialog, QProgressDialog):
        for dialog in window.findChildren(kind):
            seen.append(kind)
            assert automatic_labels(dialog) == [], kind
    assert set(seen) == {QMessageBox, QInputDialog, QProgressDialog}
    until(lambda: not window.machines.loader.busy)
    for dialog in window.findChildren(QDialog):
        dialog.close()


def comparison(window: MainWindow) -> None:
    window.actions_["compare"].trigger()
    shown = comparison_of(window)
    until(lambda: shown.compared is not None)
    assert rich_of(tips_of_models(shown), texts_of_widgets(shown)) == {}
    assert automatic_labels(shown) == []


GUI = Path(hwpoison_gui.gui.__file__).parent
GUESSES = (
    r"QMessageBox\.(?:warning|information|critical|question|about)\(",  # their texts cannot be made plain
    r"QToolTip\.showText\((?!.*plain\().*(?:tip|text|name)",
    r"setToolTip\((?!.*plain\().*(?:join|str\(|title|path)",
)


@pytest.mark.parametrize("pattern", GUESSES)
def test_no_text_of_others_goes_where_qt_guesses(pattern: str) -> None:
    lines = [(path.name, line) for path in GUI.rglob("*.py") for line in path.read_text().split("\n")]
    found = {one for one in lines if re.search(pattern, one[1])}
    assert found - {("state_table.py", '        self.flags.setToolTip("\\n".join(meanings))')} == set()


@pytest.mark.parametrize(
    "text",
    [
        "<b>x</b>", "< b >x", " \t<img src='x'>", "a <u>b</u>", "<!-- x -->", "<!doctype html>",
        "<?xml version='1.0'?>",         "&lt;b&gt;", "a &lt; b", "<p", "a<b\n<i>c</i>", "<\u2060b>",
    ],
)  # fmt: skip
def test_plain_text_is_plain_and_looks_the_same(text: str) -> None:
    assert not is_rich(plain(text))
    assert plain(text).replace("\u2060", "") == text.replace("\u2060", "")
    assert plain(plain(text)) == plain(text)


def test_labels_stay_plain(qtbot) -> None:
    dialog = QProgressDialog(IMAGE, "Cancel", 0, 10)
    qtbot.addWidget(dialog)
    plain_labels(dialog)
    dialog.setLabelText(f"{BOLD} now")
    assert automatic_labels(dialog) == []
