"""The start page: what it offers, how keys and clicks go through it, and how it is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QSettings, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QToolButton
from pytestqt.qtbot import QtBot

from hwpoison_gui import lessons
from hwpoison_gui.gui.app import run
from hwpoison_gui.gui.look import fitting
from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look.settings import START_WITH, WITH_DESKTOP, WITH_LAST, WITH_PAGE
from hwpoison_gui.gui.start.page import StartPage
from hwpoison_gui.gui.widgets import messages
from hwpoison_gui.gui.window import main_window
from hwpoison_gui.gui.window.actions import COVERED
from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.opening.start import start_of
from tests.gui.conftest import made_machine
from tests.gui.waiting import until

Key = Qt.Key
FEW = ("02", "07", "13")


@pytest.fixture(autouse=True)
def few_lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of its own, and only some of the lessons: each has to be run for its picture."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    few = [path for path in lessons.paths() if path.name.startswith(FEW)]
    monkeypatch.setattr(lessons, "paths", lambda: few)


@pytest.fixture(scope="module")
def pictures() -> list[lessons.Lesson]:
    """The lessons with their pictures, made once."""
    return [lessons.run(lessons.read(path), lambda: False) for path in lessons.paths() if path.name.startswith(FEW)]


@pytest.fixture
def drawn(few_lessons: None, pictures: list[lessons.Lesson]) -> None:
    """An earlier start has kept the pictures of the lessons."""
    lessons.keep(pictures)


@pytest.fixture
def start(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., MainWindow]]:
    """Starts as a user does, without a file. A window may be larger than the screen."""
    monkeypatch.setattr(fitting, "keep_on_screen", lambda window: None)
    made: list[MainWindow] = []

    def begin(size: tuple[int, int] = (1280, 800), complete: bool = True) -> MainWindow:
        window = run.begin(start_of(made_machine()), lambda window: None, page=True)
        window.resize(*size)
        made.append(window)
        qtbot.addWidget(window)
        if complete:
            until(lambda: window.is_complete)
            window.activateWindow()
            until(lambda: window.isActiveWindow())
        return window

    yield begin
    for window in made:
        until(lambda window=window: window.is_complete or (page_of(window).isVisible() and has_menus(window)))
        window.keeping.guard.asks = False
        window.close()


def has_menus(window: MainWindow) -> bool:
    """Whether the window is built below the start page; its panels may still be missing."""
    return bool(window.menuBar().actions())


def page_of(window: MainWindow) -> StartPage:
    assert window.starting is not None
    return window.starting.page


def full(window: MainWindow) -> StartPage:
    """The page with everything on it."""
    page = page_of(window)
    until(lambda: page.hook.scene is not None and page.lessons.lessons.lessons)
    until(lambda: all(lesson.picture is not None for lesson in page.lessons.lessons.lessons))
    return page


def press(*keys: Qt.Key) -> None:
    for key in keys:
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, key)


def file_of(window: MainWindow) -> str:
    """The file that is open; none while one is loading, whose progress dialog would take the keys."""
    waits = window.machines.loader.busy or QApplication.activeModalWidget() is not None
    return "" if waits else Path(window.controller.machine.file).name


def test_it_is_the_first_picture_and_covers_everything_below_the_menu(start) -> None:
    window = start(complete=False)
    page = page_of(window)
    assert page.isVisible() and page.hook.break_.isVisible() and page.ways.ways.ways
    until(lambda: window.is_complete and page.y() == window.menuBar().height())
    top = window.menuBar().height()
    assert page.geometry().getRect() == (0, top, window.width(), window.height() - top)
    assert window.childAt(QPoint(window.width() // 2, window.height() - 20)) in (
        page,
        *page.findChildren(type(page.hint)),
    )


def test_escape_leads_to_the_desktop_and_alt_home_back(start) -> None:
    window = start()
    page = page_of(window)
    assert "Esc" in page.hint.text() and page.ways.ways.ways[0].key == "Esc"
    press(Key.Key_Escape)
    assert not page.isVisible() and window.map.view.hasFocus() and window.controller.session.operations == []
    QTest.keyClick(window, Key.Key_Home, Qt.KeyboardModifier.AltModifier)
    assert page.isVisible() and page.isAncestorOf(QApplication.focusWidget())


def test_escape_before_the_window_is_complete(start) -> None:
    window = start(complete=False)
    QTest.keyClick(page_of(window), Key.Key_Escape)
    until(lambda: window.is_complete)
    assert not page_of(window).isVisible() and window.map.plane is not None


def test_what_is_below_the_page_waits_for_it_to_be_left(start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main_window, "_UNSEEN_MS", 1 << 20)
    window = start(complete=False)
    until(lambda: has_menus(window))
    assert not window.is_complete and not window.is_placed and window.menuBar().actions()
    assert all(dock.made is None for dock in window.docks.values())
    press(Key.Key_Escape)
    assert window.is_complete and window.docks["rmap"].made is not None
    assert all(dock.made is not None for dock in window.docks.values() if not dock.visibleRegion().isEmpty())


def test_a_window_that_is_closed_below_the_page_keeps_the_places_of_its_panels(
    start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main_window, "_UNSEEN_MS", 1 << 20)
    window = start(complete=False)
    until(lambda: has_menus(window))
    window.settings.keep(keys.COLLAPSED, "tasks")
    window.close()
    assert window.settings.get(keys.COLLAPSED) == "tasks" and not window.settings.get(keys.DOCKS)


def test_a_floating_panel_is_hidden_while_the_page_shows_and_kept(start) -> None:
    window = start()
    press(Key.Key_Escape)
    log = window.docks["log"]
    log.setFloating(True)
    assert log.isVisible()
    QTest.keyClick(window, Key.Key_Home, Qt.KeyboardModifier.AltModifier)
    assert page_of(window).isVisible() and not log.isVisible()
    window.room.keep()  # as it does when it is closed

    again = start()
    until(lambda: again.is_placed)
    log = again.docks["log"]
    assert page_of(again).isVisible() and log.isFloating() and not log.isVisible()
    press(Key.Key_Escape)
    until(lambda: log.isVisible() and log.made is not None)
    assert log.isFloating() and again.docks["notebook"].isVisible()
    QTest.mouseClick(
        next(one for one in log.head.findChildren(QToolButton) if "Close" in one.toolTip()), Qt.MouseButton.LeftButton
    )
    assert not log.isVisible()
    again.starting.show()
    again.starting.leave()
    assert not log.isVisible()
    log.toggleViewAction().trigger()
    assert log.isVisible()
    log.setFloating(False)
    assert not any("Close" in one.toolTip() and one.isVisible() for one in log.head.findChildren(QToolButton))


def test_what_was_chosen_before_the_window_is_complete_is_done_then(start) -> None:
    lessons.keep([lessons.read(path) for path in lessons.paths()])
    window = start(complete=False)
    page = page_of(window)
    assert [lesson.title for lesson in page.lessons.lessons.lessons] != []
    QTest.keyClick(page.lessons, Key.Key_Return)
    until(lambda: window.is_complete and file_of(window).startswith("02"))
    assert not page.isVisible()


def test_what_the_pointer_is_over_stands_out(start, drawn: None) -> None:
    page = full(start())
    for part in (page.lessons, page.ways):
        plain = part.grab().toImage()
        QTest.mouseMove(part.viewport(), part.visualRect(part.model().index(1, 0)).center())
        until(lambda part=part: part.row_under_pointer == 1)
        assert part.grab().toImage() != plain
        QApplication.sendEvent(part.viewport(), QEvent(QEvent.Type.Leave))
        assert part.grab().toImage() == plain


def test_a_setting_keeps_it_away(start) -> None:
    window = start()
    page = page_of(window)
    page.kept.click()
    assert window.settings.get(START_WITH) == WITH_DESKTOP and window.actions_["start-with-desktop"].isChecked()
    window.close()
    window = start()
    assert window.starting is None and window.map.view.hasFocus()
    window.actions_["start-page"].trigger()
    assert page_of(window).isVisible() and not page_of(window).kept.isChecked()
    window.actions_["start-with-page"].trigger()
    assert page_of(window).kept.isChecked() and window.settings.get(START_WITH) == WITH_PAGE


def test_a_start_can_go_on_with_what_was_open_last(start, tmp_path: Path) -> None:
    window = start()
    window.actions_["start-with-last"].trigger()
    assert not page_of(window).kept.isChecked()
    window.close()
    window = start()
    assert page_of(window).isVisible(), "nothing was open before"
    window.machines.open_path(lessons.paths()[1])
    until(lambda: file_of(window).startswith("07"))
    window.controller.seek(17)
    window.controller.selection.select(77)
    window.close()
    window = start()
    assert window.starting is None and file_of(window).startswith("07")
    assert (window.controller.session.position, window.controller.selection.frame) == (17, 77)
    window.actions_["start-page"].trigger()
    assert not page_of(window).kept.isChecked() and window.settings.get(START_WITH) == WITH_LAST


def test_a_last_file_that_cannot_be_opened_is_reported_over_the_start_page(
    start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = start()
    window.actions_["start-with-last"].trigger()
    bad = tmp_path / "mine.toml"
    bad.write_bytes(lessons.paths()[0].read_bytes())
    window.machines.open_path(bad)
    until(lambda: file_of(window) == "mine.toml")
    window.close()
    bad.write_text("format = 1\n[[step]]\nop = 'no such thing'\n")
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(messages, "show_error", lambda above, *words: said.append(words))
    window = start()
    assert page_of(window).isVisible() and file_of(window) != "mine.toml"
    (words,) = said
    assert words[0] == "Cannot open mine.toml" and "title: missing" in words[1]


def test_arrows_go_among_lessons_and_enter_opens_one(start, drawn: None) -> None:
    window = start()
    page = full(window)
    assert page.hook.break_.hasFocus()
    press(Key.Key_Down)
    assert page.lessons.hasFocus() and page.lessons.currentIndex().row() == 0
    press(Key.Key_Right, Key.Key_Left, Key.Key_Left, Key.Key_Right)
    assert page.lessons.currentIndex().row() == 1
    press(Key.Key_Up, Key.Key_Down, Key.Key_End)
    assert page.lessons.currentIndex().row() == 2
    press(Key.Key_Home, Key.Key_Right, Key.Key_Return)
    until(lambda: file_of(window).startswith("07"))
    assert not page.isVisible() and window.presentation.shown is None
    assert window.controller.machine.title == "One page, many processes"


def test_up_and_down_go_by_rows(start) -> None:
    page = full(start((1280, 800)))
    assert page.lessons.columns == 2
    page.lessons.setFocus()
    press(Key.Key_Down)
    assert page.lessons.currentIndex().row() == 2
    press(Key.Key_Down)
    assert page.lessons.currentIndex().row() == 2
    press(Key.Key_Up)
    assert page.lessons.currentIndex().row() == 0


def test_f5_presents_a_lesson(start, drawn: None) -> None:
    window = start()
    page = full(window)
    page.lessons.setFocus()
    press(Key.Key_F5)
    until(lambda: window.presentation.shown is not None and file_of(window).startswith("02"))
    stage = window.presentation.shown
    assert stage.card.isVisible() and not page.isVisible()
    QTest.keyClick(stage, Key.Key_Escape)
    assert window.presentation.shown is None and page.isVisible()  # where the speaker came from


def test_a_click_opens_and_the_button_presents(start, drawn: None) -> None:
    window = start()
    page = full(window)
    card = page.lessons.visualRect(page.lessons.lessons.index(1))
    QTest.mouseClick(page.lessons.viewport(), Qt.MouseButton.LeftButton, pos=card.center())
    until(lambda: file_of(window).startswith("07"))
    window.actions_["start-page"].trigger()
    button = page.lessons._card.present_button(card)
    QTest.mouseClick(page.lessons.viewport(), Qt.MouseButton.LeftButton, pos=button.center())
    until(lambda: window.presentation.shown is not None)
    window.presentation.stop()


def test_the_other_ways_and_files_used_last(start, drawn: None, tmp_path: Path) -> None:
    window = start()
    page = full(window)
    story = tmp_path / "mine.toml"
    story.write_bytes(lessons.paths()[0].read_bytes())
    window.machines.open_path(story)
    until(lambda: file_of(window) == "mine.toml")
    window.actions_["start-page"].trigger()
    texts = [way.text for way in page.ways.ways.ways]
    assert texts[:2] == ["A small desktop", "A recorded server"] and texts[-1] == "mine.toml"
    window.activateWindow()
    until(lambda: window.isActiveWindow())
    page.ways.setFocus()
    press(Key.Key_End)
    assert page.ways.currentIndex().row() == len(texts) - 1
    press(Key.Key_Up)  # over the heading
    assert page.ways.ways.ways[page.ways.currentIndex().row()].run is not None
    press(Key.Key_End, Key.Key_Return)
    until(lambda: not page.isVisible() and file_of(window) == "mine.toml")


def test_what_acts_on_the_machine_below_waits(start) -> None:
    window = start()
    for name in ("break", "note", "play", "find", "map-only", "save", "compare", "present"):
        assert not window.actions_[name].isEnabled() and COVERED in window.actions_[name].toolTip()
    for name in ("open", "new", "live", "keys", "palette", "theme-dark", "text-larger", "quit"):
        assert window.actions_[name].isEnabled(), name
    press(Key.Key_Escape)
    assert window.actions_["find"].isEnabled()


def test_tab_stays_on_the_page(start, drawn: None) -> None:
    page = full(start())
    seen = []
    for _ in range(6):
        seen.append(QApplication.focusWidget())
        press(Key.Key_Tab)
    assert seen == [page.hook.break_, page.lessons, page.ways, page.kept, page.hook.break_, page.lessons]
    press(Key.Key_Backtab)
    assert QApplication.focusWidget() is page.lessons


def test_what_a_screen_reader_hears(start, drawn: None) -> None:
    page = full(start())
    told = QAccessible.queryAccessibleInterface(page.lessons)
    second = told.child(1)
    assert second.text(QAccessible.Text.Name) == "Lesson 2: One page, many processes, 3 minutes"
    assert "fork" in second.text(QAccessible.Text.Description) and "F5" in second.text(QAccessible.Text.Description)
    way = QAccessible.queryAccessibleInterface(page.ways).child(0)
    assert way.text(QAccessible.Text.Name) == "A small desktop, Esc"


@pytest.mark.parametrize("size", [(900, 600), (1280, 800), (1920, 1080)])
def test_nothing_covers_anything_else(start, drawn: None, size: tuple[int, int]) -> None:
    window = start(size)
    page = full(window)
    for large in (False, True):
        if large:
            page.hook.play()
            page.hook.scene.finish()
            until(lambda: page.hook.late.isVisible())
        for text in (100, 150, 200):
            window.appearance.choose_text_size(text)
            QApplication.processEvents()
            assert_nothing_is_covered(page)
    page.hook.shrink()


def assert_nothing_is_covered(page: StartPage) -> None:
    parts = [page.hook.head, page.hook.text, *page.order()]
    shown = [part for part in parts if part.isVisible()]
    places = [(part, part.rect().translated(part.mapTo(page, QPoint()))) for part in shown]
    for part, place in places:
        assert page.rect().contains(place.topLeft()), part
        assert not any(place.intersects(other) for one, other in places if one is not part), part


def test_pictures_are_kept_for_the_next_start(start) -> None:
    window = start()
    page = full(window)
    until(lambda: not window.starting._pictures.busy)
    assert lessons.kept() == page.lessons.lessons.lessons
    window.close()
    again = page_of(start(complete=False))
    assert [lesson.picture is not None for lesson in again.lessons.lessons.lessons] == [True] * 3


def test_a_window_that_is_closed_meanwhile_leaves_no_thread(start) -> None:
    window = start()
    window.starting.fill()
    window.close()
    assert not window.starting._pictures.busy


def test_lessons_that_cannot_be_read_are_said(start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "paths", lambda: [tmp_path / "gone.toml"])
    window = start()
    window.starting.fill()
    until(lambda: window.findChild(QMessageBox) is not None)
    box = window.findChild(QMessageBox)
    assert "gone.toml" in box.informativeText() and not window.starting._pictures.busy
    box.close()


def test_settings_are_those_of_the_test(start) -> None:
    start()
    assert QSettings().value("start-with") is None
