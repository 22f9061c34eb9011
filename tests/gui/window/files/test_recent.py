"""Recent files: in the menu and the palette, and reopened where they were left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from hwpoison_gui.opening import opening
from hwpoison_gui.session.document import recent
from hwpoison_gui.session.document.document import View
from hwpoison_gui.session.document.recent import Recent
from tests.gui.conftest import made_machine
from tests.gui.waiting import until

STORY = 'format = 1\ntitle = "Story"\n[[step]]\nop = "task"\nname = "t"\n[[step]]\nop = "task"\nname = "u"\n'


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story & more.toml"
    path.write_text(STORY)
    return path


def menu_of(user):
    menu = user.window.menu_of["&Machine > Open re&cent"]
    menu.aboutToShow.emit()
    return menu


def opened(user, path: Path) -> None:
    user.window.machines.open_path(path)
    until(lambda: user.window.controller.machine.file == str(path) and not user.window.machines.loader.busy)


def new(user) -> None:
    user.window.actions_["new"].trigger()
    until(lambda: not user.window.controller.machine.file and not user.window.machines.loader.busy)


def test_files_are_listed_and_opened_from_the_menu(keeper, story: Path) -> None:
    assert menu_of(keeper).actions()[0].text() == "No files yet"
    opened(keeper, story)
    new(keeper)
    action = menu_of(keeper).actions()[0]
    assert action.text() == "&1  story && more.toml" and action.toolTip() == str(story)
    action.trigger()
    until(lambda: keeper.window.controller.machine.file == str(story) and not keeper.window.machines.loader.busy)
    keeper.window.actions_["forget-recent"].trigger()
    assert menu_of(keeper).actions()[0].text() == "No files yet" and story.exists()


def test_files_that_are_gone_are_not_listed(keeper, story: Path) -> None:
    opened(keeper, story)
    story.unlink()
    assert menu_of(keeper).actions()[0].text() == "No files yet"


def test_the_palette_finds_them(keeper, story: Path) -> None:
    from hwpoison_gui.gui.window.commands.palette import ENTRY_ROLE, CommandPalette

    opened(keeper, story)
    new(keeper)
    keeper.window.actions_["palette"].trigger()
    palette = keeper.window.findChild(CommandPalette)
    palette.line.setText("story more")
    entry = palette.list.currentIndex().data(ENTRY_ROLE)
    assert entry.text == story.name and entry.tip == str(story)
    palette._choose(palette.list.currentIndex())
    until(lambda: keeper.window.controller.machine.file == str(story) and not keeper.window.machines.loader.busy)


def test_a_file_is_reopened_where_it_was_left(keeper, story: Path) -> None:
    from hwpoison_gui.view.map.layout import widths

    window = keeper.window
    opened(keeper, story)
    window.controller.seek(1)
    window.lenses.choose("mapcount")
    plane = window.map.plane
    width = next(width for width in widths(plane.frames) if width > plane.layout.width)
    window.map.keep_rows(width)
    window.map.center_on(2000)
    window.controller.selection.select(2001)
    left = window.keeping.saving.document().view
    new(keeper)
    window.lenses.choose("kind")
    window.map.fit()
    opened(keeper, story)
    assert keeper.session.position == 1 and window.lenses.wanted == "mapcount"
    assert window.keeping.saving.document().view == left
    assert window.map.plane.layout.width == width
    new(keeper)
    story.write_text(STORY + "\n")
    opened(keeper, story)  # another content: from its end, as ever
    assert keeper.session.position == len(keeper.session.steps)


def test_a_window_that_is_closed_notes_the_place_too(open_window, story: Path) -> None:
    first = open_window(opening.open_file(story), remember=True)
    first.window.controller.seek(1)
    first.window.close()
    again = open_window(opening.open_file(story), remember=True)
    assert again.session.position == 1


def test_the_layout_of_a_file_does_not_become_the_users(keeper, tmp_path: Path) -> None:
    from hwpoison_gui.gui.look import settings as keys
    from hwpoison_gui.opening import saving
    from hwpoison_gui.session.notebook import Notebook

    machine = made_machine()
    document = saving.document_of_machine(machine, Notebook(machine.session), View(layout="hilbert"))
    saving.save_session(machine, document, tmp_path / "a.hwsession")
    opened(keeper, tmp_path / "a.hwsession")
    assert keeper.window.map.layout_name == "hilbert" and keeper.window.settings.get(keys.LAYOUT) == "rows"


def test_what_a_file_says_of_the_view_is_checked(keeper) -> None:
    window = keeper.window
    restore = window.keeping._view.restore
    restore(View("no such lens", "lru", "no such layout", 64, 10**9, 5.0, 10**9))
    assert window.lenses.wanted == "kind" and window.map.layout_name == "rows"
    assert window.filter.text == "lru" and window.controller.selection.frame == -1


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"\xff", b'{"format": "hwpoison-gui recent files", "files": 3}',
     b'{"format": "hwpoison-gui recent files", "files": [{"path": 3}]}',
     b'{"format": "hwpoison-gui recent files", "files": [{"path": "/a", "view": {"cell": "x"}}]}',
     b'{"format": "hwpoison-gui recent files", "files": [{"path": "/a", "at": [1]}]}'],
    ids=str,
)  # fmt: skip
def test_a_damaged_list_is_empty(state: Path, content: bytes) -> None:
    state.mkdir(parents=True)
    (state / "recent.json").write_bytes(content)
    assert recent.recent_files() == []
    recent.note(Recent("/a"))
    assert recent.recent_files() == [Recent("/a")]


def test_the_list_is_short_and_each_file_is_in_it_once(state: Path) -> None:
    for number in (*range(20), 15):
        recent.note(Recent(f"/{number}"))
    assert [one.path for one in recent.recent_files()][:3] == ["/15", "/19", "/18"]
    assert len(recent.recent_files()) == recent.MOST
    assert json.loads((state / "recent.json").read_text())["files"][0]["path"] == "/15"


def test_samples_are_listed_by_title_and_opened(keeper) -> None:
    actions = keeper.window.menu_of["&Machine"].actions()
    (menu,) = [action.menu() for action in actions if action.text().replace("&", "") == "Open a sample"]
    for _ in range(2):
        menu.aboutToShow.emit()
    words = [action.text() for action in menu.actions() if action.text()]
    assert len(words) == len(set(words)) > 20 and any("server" in word for word in words)
    next(action for action in menu.actions() if action.text().startswith("1  ")).trigger()
    until(lambda: keeper.window.controller.machine.scenario.title in words[2])
    until(lambda: not keeper.window.machines.loader.busy)


def test_escape_in_the_note_dialog_keeps_the_text(keeper) -> None:
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QInputDialog, QPlainTextEdit

    window = keeper.window
    window.actions_["note"].trigger()
    dialog = window.findChild(QInputDialog)
    QTest.keyClicks(dialog.findChild(QPlainTextEdit), "half a thou")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    until(lambda: window.findChild(QInputDialog) is None)
    assert "draft" in window.keeping.toast.text() and not window.notes.notebook.notes
    window.actions_["note"].trigger()
    dialog = window.findChild(QInputDialog)
    assert dialog.textValue() == "half a thou" and "not a note yet" in dialog.labelText()
    dialog.accept()
    assert [note.text for note in window.notes.notebook.notes] == ["half a thou"]
    assert window.notes.notebook.drafts == []


def test_what_was_open_last_is_reopened_where_it_was_left_by_one_key(keeper, story: Path) -> None:
    window = keeper.window
    assert window.keeping.recent.last() is None
    window.actions_["reopen"].trigger()
    assert "No other file" in window.keeping.toast.text()
    opened(keeper, story)
    window.controller.seek(1)
    assert window.keeping.recent.last(str(story)) is None, "it is open"
    new(keeper)
    last = window.keeping.recent.last()
    assert last is not None and last.path == story and last.words == "left in operation 1, at its step 1"
    window.actions_["reopen"].trigger()
    until(lambda: window.controller.machine.file == str(story) and not window.machines.loader.busy)
    assert window.controller.session.position == 1
    story.unlink()
    assert window.keeping.recent.last() is None
