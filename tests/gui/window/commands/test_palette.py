"""The command palette: letters find commands, tasks, files and frames; what cannot be done says why."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hwpoison_gui.gui.window.actions import COVERED
from hwpoison_gui.gui.window.commands.palette import CommandPalette
from hwpoison_gui.gui.window.commands.synonyms import SYNONYMS
from hwpoison_gui.gui.window.samples import samples
from hwpoison_gui.view.filter.fuzzy import Line, fit, ranked
from tests.gui.waiting import until


def palette(user, typed: str) -> CommandPalette:
    user.window.actions_["palette"].trigger()
    made = user.window.findChild(CommandPalette)
    QTest.keyClicks(made.line, typed)
    return made


def all_closed(user) -> None:
    """For the next step of a test: a palette that was closed still belongs to the window."""
    for made in user.window.findChildren(CommandPalette):
        made.deleteLater()
    until(lambda: not user.window.findChildren(CommandPalette))


def enter(made: CommandPalette) -> None:
    QTest.keyClick(made.line, Qt.Key.Key_Return)
    made.deleteLater()
    QApplication.processEvents()


def a_command_is_found_and_done(user) -> None:
    made = palette(user, "light text strongest")
    assert not made.model.entries
    made.line.setText("high contr")
    assert made.model.entries[0].text == "Theme: High contrast"
    enter(made)
    assert user.window.theme.name == "high-contrast"


def what_cannot_be_done_says_why_and_does_nothing(user) -> None:
    made = palette(user, "centre on it")
    entry = made.model.entries[0]
    assert "Select a frame first" in entry.missing
    QTest.keyClick(made.line, Qt.Key.Key_Return)
    assert made.isVisible()
    made.close()


def test_a_command_is_unavailable_for_the_reason_that_its_menu_gives(user) -> None:
    user.window.actions_["start-page"].trigger()
    made = palette(user, "every kernel")
    assert made.model.entries[0].missing == user.window.actions_.missing_of("kernels") == COVERED
    made.close()


def frames_tasks_and_files_are_gone_to(user) -> None:
    pfn = user.frame("srv:heap+2")
    enter(palette(user, f"{pfn:#x}"))
    assert user.window.controller.selection.frame == pfn
    enter(palette(user, "task w1"))
    assert user.window.controller.selection.task == user.session.world.task_names.view["w1"]
    enter(palette(user, "/srv/data"))
    assert user.window.controller.selection.frame == user.frame("/srv/data@1")


def test_samples_are_found_by_their_menu_and_their_title_and_opened(user) -> None:
    made = palette(user, "open a sample")
    assert {entry.text for entry in made.model.entries} >= {title for _, title in samples()}
    made.line.setText("small recorded")
    enter(made)
    until(lambda: user.window.controller.machine.file.endswith("victim_before.npz"))
    until(lambda: not user.window.machines.loader.busy)


def texts(made: CommandPalette) -> list[str]:
    return [entry.text for entry in made.model.entries]


def late_finds_the_sysctl_and_sets_it(user) -> None:
    made = palette(user, "late")
    assert texts(made)[0] == "Early kill: off"
    assert not any(text.startswith("Step") for text in texts(made))
    enter(made)
    assert user.session.machine.sysctl.view["memory_failure_early_kill"] == 0
    made = palette(user, "early kill")
    assert texts(made)[:2] == ["Early kill: on", "Early kill: off"]
    assert made.model.entries[1].missing == "It is already 0."
    enter(made)
    assert user.session.machine.sysctl.view["memory_failure_early_kill"] == 1
    made = palette(user, "recovery off")
    assert texts(made)[0] == "Recovery: off"
    made.close()


def names_stand_alone_without_their_menu(user) -> None:
    made = palette(user, "frames per row 256")
    assert texts(made)[0] == "Frames per row: 256"
    made.line.setText("speed 2")
    assert texts(made)[0] == "Speed: 2×"
    made.close()


def the_selected_frame_is_touched_by_name(user) -> None:
    user.window.controller.selection.select(user.frame("srv:heap+2"))
    enter(palette(user, "write as srv:101"))
    assert user.session.operations[-1].name == "write"


def test_sysctls_frames_tasks_and_files_are_named(user) -> None:
    """They are set, touched and gone to."""
    late_finds_the_sysctl_and_sets_it(user)
    all_closed(user)
    the_selected_frame_is_touched_by_name(user)
    all_closed(user)
    frames_tasks_and_files_are_gone_to(user)


def test_names_come_before_descriptions_and_letters_together_before_scattered_ones() -> None:
    lines = [
        Line("Slower at first"), Line("Compare", "", "early and late kill"), Line("Unrelated"), Line("Off", "late"),
        Line("Later", able=False), Line("Later"),
    ]  # fmt: skip
    assert ranked("late", [(line, line) for line in lines], 9) == [lines[5], lines[3], lines[2], lines[4], lines[1]]
    assert ranked("stfo", [(Line("Step forward"), 1)], 9) == [1]
    assert ranked("stfo", [(Line("Step forward"), 1), (Line("Other", "stfo"), 2)], 9) == [2]
    assert fit("xyz", Line("Step forward")) is None
    assert fit("tf", Line("Step forward")) is None
    assert ranked("sf", [(Line("Safe"), 1), (Line("Step forward"), 2)], 9) == [2, 1]
    assert ranked("", [(Line("b"), 1), (Line("a"), 2)], 9) == [1, 2]


def a_number_is_decimal_without_0x_and_may_be_part_of_a_command(user) -> None:
    made = palette(user, "150")
    assert texts(made)[:2] == ["Text size: 150 %", "Frame 0x96 = 150"]
    made.line.setText("0x150")
    assert texts(made)[0] == "Frame 0x150 = 336"
    made.line.setText("Memory failure: 0x150: Killing srv:138")
    assert texts(made) == ["Frame 0x150, of the log line “Memory failure: 0x150”"]
    enter(made)
    assert user.window.controller.selection.frame == 0x150


def without_a_match_it_says_why(user) -> None:
    made = palette(user, "qxqxqx")
    assert made.none.isVisible() and made.none.text() == "No command, task, file, frame or term matches “qxqxqx”."
    made.line.setText("0xfffffff")
    assert made.none.text() == "0xfffffff: this machine has frames 0 to 0xfff."
    made.line.setText("4d93")
    assert "a hexadecimal number is written 0x4d93" in made.none.text()
    made.line.setText("compare")
    assert not made.none.isVisible() and made.list.isVisible()
    made.close()


# What a user of the field types, and the command that is meant.
TYPED = {
    "kernels": "kernels", "compare": "compare", "poison": "break", "inject": "break-by", "soft offline": "soft-offline",
    "save": "save", "export": "picture", "gif": "save-film", "film": "save-film", "mp4": "save-film",
    "slides": "save-page", "screenshot": "picture", "dark": "theme-dark", "font": "text-larger", "zoom": "zoom-in",
    "bigger": "text-larger", "undo": "previous", "back": "back", "present": "present", "stage": "present",
    "presentation": "present", "lens": "lens-kind", "find": "find", "search": "find", "filter": "find",
    "log": "panel-log", "capture": "live", "records": "open-records", "dmesg": "panel-log", "rasdaemon": "open-records",
    "assess": "panel-assess", "break": "break", "row": "break-many", "dimm": "break-many", "charts": "panel-charts",
    "histogram": "panel-charts", "captions": "panel-notebook", "caption": "note", "numa": "lens-zone", "pfn": "go-to",
    "madvise": "break-by", "shortcuts": "keys", "lessons": "start-page", "exit": "quit", "rmap": "panel-rmap",
}  # fmt: skip


def commands_are_found_by_the_words_of_the_field(user) -> None:
    actions, made = user.window.actions_, palette(user, "")
    for typed, name in TYPED.items():
        run = actions[name].trigger
        found = [entry.run for entry in made._entries(typed) if entry.group != "Glossary"]
        assert run in found[:16], typed
    made.close()


def every_synonym_is_of_a_command(user) -> None:
    names = set(user.window.actions_.commands)
    for name in SYNONYMS:
        assert name in names or (name.endswith("-") and any(one.startswith(name) for one in names)), name


def test_commands_are_found_by_many_words(user) -> None:
    """Of the field, of menus, by numbers; what is missing is said."""
    what_cannot_be_done_says_why_and_does_nothing(user)
    all_closed(user)
    names_stand_alone_without_their_menu(user)
    all_closed(user)
    without_a_match_it_says_why(user)
    all_closed(user)
    commands_are_found_by_the_words_of_the_field(user)
    all_closed(user)
    every_synonym_is_of_a_command(user)
    all_closed(user)
    a_number_is_decimal_without_0x_and_may_be_part_of_a_command(user)
    all_closed(user)
    a_command_is_found_and_done(user)
