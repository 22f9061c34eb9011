"""Commands as QActions: a command's own fields, not its menu, say when it works and in which windows its keys do."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.window.actions import BUSY, COVERED, Actions
from hwpoison_gui.gui.window.command import Command, view_only

MENU = "&Frame > Some&where"
NAMES = ("plain", "meanwhile", "at-start", "both")


def made(name: str) -> Command:
    return Command(name, MENU, name, name, lambda: None, at_start=name in ("at-start", "both"))


@pytest.mark.parametrize(
    ("occupied", "covered", "works"),
    [
        (False, False, NAMES),
        (True, False, ("meanwhile", "both")),
        (False, True, ("at-start", "both")),
        (True, True, ("both",)),
    ],
)
def test_a_row_says_when_its_command_works(qtbot, occupied: bool, covered: bool, works: tuple[str, ...]) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    rows = [made("plain"), made("at-start"), *view_only([made("meanwhile"), made("both")])]
    actions = Actions(window, rows, lambda: occupied, lambda: covered)
    actions.refresh()
    assert {name for name in NAMES if actions[name].isEnabled()} == set(works)
    for name in set(NAMES) - set(works):
        assert actions.missing_of(name) in (BUSY, COVERED) and actions.missing_of(name) in actions[name].toolTip()


def test_keys_of_some_commands_work_in_every_window(qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    rows = [made("plain"), made("both")._replace(in_every_window=True)]
    actions = Actions(window, rows, lambda: False)
    contexts = [actions[row.name].shortcutContext() for row in rows]
    assert contexts == [Qt.ShortcutContext.WindowShortcut, Qt.ShortcutContext.ApplicationShortcut]


def test_the_titles_above_a_command_have_no_mnemonics() -> None:
    assert made("plain").titles == ["Frame", "Somewhere"]


def test_a_command_runs_once_when_it_is_triggered_in_a_group_or_alone(qtbot) -> None:
    window, ran = QWidget(), list[str]()
    qtbot.addWidget(window)
    rows = [Command(name, MENU, name, name, lambda name=name: ran.append(name)) for name in ("a", "b", "c", "d")]
    actions = Actions(window, [*rows[:2], *(row._replace(group="of two") for row in rows[2:])], lambda: False)
    for name in "abcd":
        actions[name].trigger()
    assert ran == ["a", "b", "c", "d"]
    assert [name for name in "abcd" if actions[name].isChecked()] == ["d"]
    assert [name for name in "abcd" if actions[name].isCheckable()] == ["c", "d"]
