"""The command palette: letters find commands, tasks, files and frames; what cannot be done says why."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hwpoison_gui.gui.command_palette import CommandPalette
from hwpoison_gui.view.fuzzy import ranked, score


def palette(user, typed: str) -> CommandPalette:
    user.window.actions_["palette"].trigger()
    made = user.window.findChild(CommandPalette)
    QTest.keyClicks(made.line, typed)
    return made


def enter(made: CommandPalette) -> None:
    QTest.keyClick(made.line, Qt.Key.Key_Return)
    made.deleteLater()
    QApplication.processEvents()


def test_a_command_is_found_and_done(user) -> None:
    made = palette(user, "light text strongest")
    assert not made.model.entries
    made.line.setText("high contr")
    assert made.model.entries[0].text == "High contrast"
    enter(made)
    assert user.window.theme.name == "high-contrast"


def test_what_cannot_be_done_says_why_and_does_nothing(user) -> None:
    made = palette(user, "centre on it")
    entry = made.model.entries[0]
    assert "Select a frame first" in entry.missing
    QTest.keyClick(made.line, Qt.Key.Key_Return)
    assert made.isVisible()
    made.close()


def test_frames_tasks_and_files_are_gone_to(user) -> None:
    pfn = user.frame("srv:heap+2")
    enter(palette(user, f"{pfn:#x}"))
    assert user.window.controller.selected == pfn
    enter(palette(user, "task w1"))
    assert user.window.controller.selected_task == user.session.world.task_names.view["w1"]
    enter(palette(user, "/srv/data"))
    assert user.window.controller.selected == user.frame("/srv/data@1")


def test_letters_in_order_fit_and_starts_of_words_are_best() -> None:
    assert score("xyz", "Step forward") is None
    assert ranked("sf", [("Itself", 1), ("Step forward", 2)], 9) == [2, 1]
    assert ranked("", [("b", 1), ("a", 2)], 9) == [1, 2]
