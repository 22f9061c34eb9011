"""Room: rows of tables, rest states of one line, collapsed panels, and only the map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import unescape

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabBar, QToolButton

from hwpoison_gui import resources
from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.toolbar.counters import Figure
from hwpoison_gui.gui.window.main_window import SMALLEST, MainWindow
from hwpoison_gui.opening import opening
from tests.gui.conftest import User
from tests.gui.eyes import in_sight
from tests.gui.waiting import until


def whole_rows(user: User) -> int:
    table = user.window.docks["tasks"].content()
    return table.viewport().height() // table.rowHeight(0)


@pytest.mark.parametrize(("size", "rows"), [((1280, 800), 6), ((1920, 1080), 8), ((900, 600), 2)])
def test_tables_show_rows_with_and_without_operations(open_window, size: tuple[int, int], rows: int) -> None:
    user = open_window(opening.default_machine(), size)
    assert whole_rows(user) >= rows
    user.click_frame(user.frame("python3:heap+1"))
    user.window.controller.finish()
    QApplication.processEvents()
    assert whole_rows(user) >= rows
    assert user.window.map.height() >= 0.2 * size[1]


def test_a_frame_that_is_selected_or_breaks_moves_no_panel(open_window) -> None:
    user = open_window(opening.default_machine())
    window = user.window
    parts = (window.map, window.stage, *(window.docks[name] for name in ("tasks", "log", "rmap", "why")))
    before = [part.geometry() for part in parts]
    assert "Click a frame to break it." in window.sentence.text.text() and in_sight(window.sentence.detail)
    assert in_sight(window.operations) and in_sight(window.transport)
    window.controller.selection.select(user.frame("python3:heap+1"))
    QApplication.processEvents()
    assert [part.geometry() for part in parts] == before
    user.click_frame(user.frame("python3:heap+1"))
    window.controller.finish()
    QApplication.processEvents()
    assert [part.geometry() for part in parts] == before


def test_in_a_low_window_operations_and_transport_come_with_the_first(open_window) -> None:
    user = open_window(opening.default_machine(), (900, 600))
    window = user.window
    window.appearance.choose_text_size(150)
    until(lambda: not in_sight(window.transport))
    assert window.stage.height() <= 2.5 * window.sentence.text.fontMetrics().lineSpacing()
    user.click_frame(user.frame("python3:heap+1"))
    window.controller.finish()
    until(lambda: in_sight(window.operations) and in_sight(window.transport))


def test_the_map_stays_in_sight_while_something_is_looked_for_in_the_smallest_window(open_window) -> None:
    user = open_window(opening.default_machine(), (900, 600))
    window = user.window
    window.actions_["find"].trigger()
    until(lambda: window.finder.words.isVisible())
    words = window.finder.words
    covered = words.geometry().intersected(window.map.rect().translated(window.map.mapTo(window, window.map.pos())))
    assert covered.isEmpty() and window.rect().contains(words.geometry()) and window.map.height() >= 100


def test_panels_of_a_row_collapse_together_and_expand_to_the_size_they_had(open_window) -> None:
    window = open_window(opening.default_machine()).window
    before = {name: window.docks[name].geometry() for name in ("tasks", "log", "rmap", "why")}
    tall = window.map.height()
    window.docks["tasks"].head.fold.click()
    QTest.qWait(1)
    assert (
        not in_sight(window.docks["tasks"].content())
        and not in_sight(window.docks["log"].content())
        and in_sight(window.docks["tasks"].head)
    )
    assert window.map.height() > tall + 100
    window.docks["tasks"].head.fold.click()
    QTest.qWait(1)
    assert {name: window.docks[name].geometry() for name in before} == before
    window.docks["rmap"].head.fold.click()
    QTest.qWait(1)
    assert not in_sight(window.docks["rmap"].content()) and window.docks["why"].height() > before["why"].height() + 50
    window.docks["why"].head.fold.click()
    QTest.qWait(1)
    assert in_sight(window.docks["rmap"].content()) and not in_sight(window.docks["why"].content()), (
        "a column that is wholly collapsed would be a hole"
    )


@pytest.mark.parametrize("name", ["charts", "pages", "why"])
def test_panels_are_put_back_while_one_of_them_has_the_focus(user, name: str) -> None:
    window = user.window
    window.show_panel(name)
    assert window.docks[name].isAncestorOf(QApplication.focusWidget())
    window.actions_["reset-docks"].trigger()
    until(lambda: window.docks["why"].in_front and window.isAncestorOf(QApplication.focusWidget()))


def test_a_collapsed_panel_that_is_gone_to_is_shown_in_full(open_window) -> None:
    window = open_window(opening.default_machine()).window
    window.actions_["bottom-panels"].trigger()
    QTest.qWait(1)
    assert not window.actions_["bottom-panels"].isChecked()
    window.show_panel("files")
    until(lambda: in_sight(window.tables.files))
    window.actions_["bottom-panels"].trigger()
    QTest.qWait(1)
    window.docks["vmas"].raise_()
    until(lambda: in_sight(window.tables.vmas))


@pytest.mark.parametrize("name", ["tasks", "log", "rmap", "charts"])
def test_a_click_on_the_tab_of_a_collapsed_panel_opens_it(open_window, name: str) -> None:
    window = open_window(opening.default_machine(), (900, 600)).window
    dock = window.docks[name]
    front = next(one for one in (dock, *window.tabifiedDockWidgets(dock)) if one.in_front)
    front.head.fold.click()
    until(lambda: front.collapsed and not in_sight(front.content()))
    click_tab(window, dock.windowTitle())
    until(lambda: in_sight(dock.content()) and dock.in_front)
    click_tab(window, dock.windowTitle())
    QTest.qWait(1)
    assert in_sight(dock.content()), "a click on the tab of an open panel leaves it open"


def click_tab(window: MainWindow, title: str) -> None:
    bars = [bar for bar in window.findChildren(QTabBar) if bar.parent() is window and bar.isVisible()]
    bar, at = next((bar, at) for bar in bars for at in range(bar.count()) if bar.tabText(at) == title)
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(at).center())


def test_only_the_map_and_everything_again(open_window) -> None:
    user = open_window(opening.default_machine())
    window = user.window
    parts = (
        window.menuBar(),
        window.docks["tasks"].content(),
        window.docks["rmap"].content(),
        window.sentence,
        window.legend,
        window.lens_bar,
    )
    for key, page in ((Qt.Key.Key_M, "python3:heap+1"), (Qt.Key.Key_F11, "firefox-esr:heap+1")):
        before = [part.geometry() for part in parts]
        QTest.keyClick(window.map.view, key)
        until(lambda: window.map.size() == window.size() and not any(map(in_sight, parts)))
        user.click_frame(user.frame(page))
        window.controller.finish()
        QTest.keyClick(window.map.view, key)
        until(lambda: all(map(in_sight, parts)))
    assert [part.geometry() for part in parts if part is not window.sentence] == before[:3] + before[4:]
    window.actions_["map-only"].trigger()
    window.show_panel("why")
    until(lambda: in_sight(window.docks["why"].content()) and in_sight(window.docks["tasks"].content()))


def test_a_map_alone_has_rows_of_its_own_and_the_former_ones_again(open_window) -> None:
    window = open_window(opening.default_machine()).window
    plane, width = window.map.plane, window.map.plane.layout.width
    window.controller.selection.select(5)
    window.actions_["map-only"].trigger()
    until(lambda: plane.layout.width != width)
    camera = window.map.view.camera
    assert camera.cell**2 * plane.frames > 0.7 * camera.view_width * camera.view_height
    window.actions_["map-only"].trigger()
    until(lambda: plane.layout.width == width)


def test_side_panels_go_and_come_back_as_they_were(open_window) -> None:
    window = open_window(opening.default_machine()).window
    window.docks["states"].raise_()
    QTest.qWait(1)
    wide = window.map.width()
    window.actions_["side-panels"].trigger()
    QTest.qWait(1)
    assert window.map.width() > wide and not in_sight(window.docks["rmap"])
    window.actions_["side-panels"].trigger()
    until(lambda: in_sight(window.docks["rmap"]) and in_sight(window.docks["states"]))
    assert window.map.width() == wide


def test_a_window_that_is_low_for_its_text_makes_room_for_the_map(open_window) -> None:
    window = open_window(opening.default_machine(), (900, 600)).window
    assert in_sight(window.legend) and in_sight(window.docks["tasks"].content())
    try:
        window.appearance.choose_text_size(200)
        until(lambda: not in_sight(window.docks["tasks"].content()) and window.legend.more.isVisible())
        assert window.map.height() >= 100 and lines_of(window.legend) == 2
        until(lambda: window.stage.geometry().bottom() < window.docks["tasks"].y())
        assert window.docks["tasks"].geometry().bottom() < window.height()
    finally:
        window.appearance.choose_text_size(look.USUAL_TEXT)
    until(lambda: in_sight(window.docks["tasks"].content()) and not window.legend.more.isVisible())


@pytest.mark.parametrize("way", ["button", "tab", "command"])
def test_tables_that_are_opened_below_a_story_stay_in_a_low_window(open_window, way: str) -> None:
    lesson = opening.open_file(resources.path("lessons/20-the-cost-of-the-walk.toml"))
    window = open_window(lesson, (896, 568)).window  # what a frame leaves of a screen of 900 by 600
    try:
        window.appearance.choose_text_size(150)
        window.controller.seek(len(window.controller.session.steps))
        log, caption = window.docks["log"], window.on_demand.caption(False)
        until(lambda: not window.controller.occupied and log.collapsed and in_sight(window.transport))
        words = "From a page to its processes is a search"
        if way == "button":
            log.head.fold.click()
        elif way == "tab":
            click_tab(window, log.windowTitle())
        else:
            window.show_panel("log")
        until(lambda: in_sight(log.content()) and window.minimumSizeHint().height() <= window.height())
        bars = [bar for bar in window.findChildren(QTabBar) if bar.parent() is window and bar.isVisible()]
        until(lambda: log.geometry().bottom() < min(bar.y() for bar in bars if bar.x() == log.x()))
        assert len(bars) == 3 and all(window.rect().contains(bar.geometry()) for bar in bars)
        assert not in_sight(caption.head) and words in caption.text.toolTip(), "the caption gives way"
        assert caption.text.viewport().height() >= caption.text.fontMetrics().lineSpacing()
        assert caption.rect().contains(caption.text.geometry())
        log.head.fold.click()
        until(lambda: log.collapsed and caption.text.height() >= 2 * caption.text.fontMetrics().lineSpacing())
    finally:
        window.appearance.choose_text_size(look.USUAL_TEXT)
    window.resize(1280, 800)
    until(lambda: in_sight(caption.head) and not caption.text.toolTip())


def lines_of(legend) -> int:
    return len({chip.y() for chip in legend.chips.values() if chip.isVisible()})


def test_in_the_smallest_window_with_large_text_all_is_reached(open_window) -> None:
    window = open_window(opening.default_machine(), (SMALLEST.width(), SMALLEST.height())).window
    try:
        window.appearance.choose_text_size(150)
        window.room.reset()
        window.lenses.choose("outcome")
        window.controller.fire(0x2AD0)
        until(lambda: not window.controller.occupied and window.legend.more.isVisible())
        for panel in ("tasks", "log", "pages"):
            window.show_panel(panel)
            until(lambda: window.minimumSizeHint().height() <= SMALLEST.height())
            until(lambda: window.docks["tasks"].geometry().bottom() < window.height() and lines_of(window.legend) == 1)
            bars = [bar for bar in window.findChildren(QTabBar) if bar.isVisible()]
            assert all(window.rect().contains(bar.geometry()) for bar in bars if bar.parent() is window)
        window.legend.more.click()
        until(lambda: lines_of(window.legend) > 2)
        assert not [chip for chip in window.legend.chips.values() if chip.frames and not chip.isVisible()]
        assert window.legend.more.text() == "less"
    finally:
        window.appearance.choose_text_size(look.USUAL_TEXT)


def test_with_large_text_the_first_counter_stays_and_names_the_others(open_window) -> None:
    user = open_window(opening.default_machine(), (SMALLEST.width(), SMALLEST.height()))
    window = user.window
    try:
        window.appearance.choose_text_size(150)
        for pfn in (0x2AD0, user.frame("python3:heap+1")):
            window.controller.fire(pfn)
            window.controller.finish()
        until(lambda: not window.controller.occupied and len(window.counters.texts()) > 2)
        every = {figure.counter.name: figure for figure in window.counters.findChildren(Figure)}
        more = every.pop("more")
        figures = [every[name.split()[0]] for name in window.counters.texts()]
        until(lambda: in_sight(figures[0]) and not in_sight(figures[-1]))
        assert in_sight(every["Killed"]) and not in_sight(every["Recovered"])
        hidden = window.counters.texts()[sum(map(in_sight, figures)) :]
        assert hidden and all(one.replace(" ", ": ", 1) in figures[0].toolTip() for one in hidden)
        assert in_sight(more) and more.counter.value == f"+{len(hidden)}"
        assert all(one.replace(" ", ": ", 1) in more.toolTip() for one in hidden)
    finally:
        window.appearance.choose_text_size(look.USUAL_TEXT)
    until(lambda: all(map(in_sight, figures)))
    assert "No room" not in figures[0].toolTip() and not more.isVisible()


def test_a_story_is_told_in_three_lines_in_the_smallest_window(open_window) -> None:
    window = open_window(opening.open_file(resources.path("lessons/22-a-dirty-large-folio.toml")), (900, 600)).window
    text = window.on_demand.caption(False).text
    assert text.viewport().height() >= 3 * text.fontMetrics().lineSpacing()
    assert window.map.height() >= 72 and whole_rows(User(None, window)) >= 2
    window.controller.seek(window.controller.session.operations[14].first + 1)
    until(lambda: text.verticalScrollBar().maximum() > 0)
    assert text.toPlainText() in unescape(text.toolTip())


def test_with_large_text_counters_without_room_go_as_a_whole(open_window) -> None:
    lesson = opening.open_file(resources.path("lessons/22-a-dirty-large-folio.toml"))
    window = open_window(lesson, (SMALLEST.width(), SMALLEST.height())).window
    try:
        window.appearance.choose_text_size(150)
        figures = {figure.counter.name: figure for figure in window.counters.findChildren(Figure)}
        until(lambda: in_sight(figures["more"]))
        assert figures["more"].counter.value == f"+{len(figures) - 1}"
        assert "HardwareCorrupted" in figures["more"].toolTip()
        assert not any(in_sight(figure) for name, figure in figures.items() if name != "more")
        assert not window.tools.findChild(QToolButton, "qt_toolbar_ext_button").isVisible()
    finally:
        window.appearance.choose_text_size(look.USUAL_TEXT)


@pytest.fixture
def start(qtbot) -> Iterator[Callable[..., MainWindow]]:
    """Starts as the program does: the window is on the screen before its panels are placed as they were."""
    made: list[MainWindow] = []

    def start_one(size: tuple[int, int] = (1280, 800)) -> MainWindow:
        window = MainWindow(remember=True)
        made.append(window)
        qtbot.addWidget(window)
        window.resize(*size)
        window.show()
        qtbot.waitExposed(window)
        window.complete(opening.default_machine())
        until(lambda: window.is_complete)
        return window

    yield start_one
    for window in made:
        window.close()


def test_room_that_the_window_made_is_given_back_at_a_start_that_has_it(start) -> None:
    first = start()
    first.appearance.choose_text_size(150)
    first.resize(SMALLEST)
    until(lambda: first.docks["why"] in first.tabifiedDockWidgets(first.docks["rmap"]))
    first.close()
    low = start((SMALLEST.width(), SMALLEST.height()))
    assert not low.room.has_bottom
    low.close()
    low.appearance.choose_text_size(look.USUAL_TEXT)  # of the next one
    window = start()
    until(lambda: all(in_sight(window.docks[name].content()) for name in ("rmap", "why", "tasks", "log")))
    assert window.room.collapsed() == ""
    assert window.docks["tasks"].height() > 0.2 * window.height() and window.docks["why"].height() > 100
    window.close()
    assert window.settings.get(keys.MADE_ROOM) == ""


@pytest.mark.parametrize("size", [(900, 600), (1280, 800)])
def test_the_tool_bar_is_there_at_every_start(start, size: tuple[int, int]) -> None:
    """A state that is taken before the window is shown has all bars as hidden."""
    for _ in range(2):
        window = start(size)
        until(window.tools.isVisible)
        window.close()


def test_panels_kept_above_each_other_become_tabs_at_a_start_in_a_low_window(start) -> None:
    start().close()
    low = start((900, 600))
    assert low.docks["why"] in low.tabifiedDockWidgets(low.docks["rmap"])
    low.close()
    window = start()
    until(lambda: all(in_sight(window.docks[name].content()) for name in ("rmap", "why")))


def test_what_the_user_collapsed_stays_so_and_is_shown_high_enough(start) -> None:
    first = start()
    first.room.toggle_bottom()
    first.close()
    window = start()
    assert not window.room.has_bottom
    window.room.toggle_bottom()
    assert window.docks["tasks"].height() > 0.2 * window.height()


def test_panels_part_in_a_window_that_was_opened_low(open_window) -> None:
    window = open_window(opening.default_machine(), (900, 600)).window
    upper, lower = window.docks["rmap"], window.docks["why"]
    assert lower in window.tabifiedDockWidgets(upper)
    window.resize(1280, 800)
    until(lambda: in_sight(upper.content()) and in_sight(lower.content()))


def test_what_is_collapsed_is_kept(qtbot, tmp_path) -> None:
    def opened() -> MainWindow:
        window = MainWindow(opening.default_machine(), remember=False)
        window.settings.store = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
        qtbot.addWidget(window)
        return window

    first = opened()
    first.show()
    until(lambda: first.is_complete)
    first.actions_["bottom-panels"].trigger()
    first.actions_["map-only"].trigger()
    first.close()
    below = {"tasks", "pages", "vmas", "files", "kernels", "assess", "charts", "log", "notebook"}
    assert set(first.settings.get(keys.COLLAPSED).split()) == below


def test_panels_come_back_collapsed_as_they_were_and_one_that_is_shown_brings_back_all(open_window) -> None:
    window = open_window(opening.default_machine()).window
    window.room.toggle_bottom()
    collapsed = window.room.collapsed()
    assert "tasks" in collapsed.split()
    for _ in range(2):
        window.room.toggle_map_only()
        QApplication.processEvents()
    assert window.room.collapsed() == collapsed and not window.room.is_map_only
    window.room.toggle_map_only()
    QApplication.processEvents()
    dock = window.docks["tasks"]
    dock.setVisible(True)
    dock.raise_()
    until(lambda: dock.in_front)
    window.docks["pages"].setVisible(True)
    window.docks["pages"].raise_()
    until(lambda: not window.room.is_map_only)
    assert not window.docks["rmap"].isHidden()


def test_no_panel_covers_tabs_in_a_window_that_is_made_smaller(open_window) -> None:
    window = open_window(opening.default_machine(), (1280, 800)).window
    for name in ("rmap", "why"):
        window.room.bring(name)
    window.resize(SMALLEST)
    until(lambda: window.docks["why"] in window.tabifiedDockWidgets(window.docks["rmap"]))
    window.resize(1280, 800)
    until(lambda: all(in_sight(window.docks[name].content()) for name in ("rmap", "why")))


def test_panels_above_each_other_become_tabs_in_a_window_that_is_made_low(open_window) -> None:
    window = open_window(opening.default_machine(), (1280, 800)).window
    upper, lower = window.docks["rmap"], window.docks["why"]
    assert in_sight(upper.content()) and in_sight(lower.content())
    try:
        window.appearance.choose_text_size(150)
        window.resize(SMALLEST)
        until(lambda: lower in window.tabifiedDockWidgets(upper) and in_sight(upper.content()))
        until(lambda: window.minimumSizeHint().height() <= SMALLEST.height())
    finally:
        window.appearance.choose_text_size(look.USUAL_TEXT)
    window.resize(1280, 800)
    until(lambda: in_sight(upper.content()) and in_sight(lower.content()))
    assert [one.objectName() for one in window.tabifiedDockWidgets(lower)] == ["states", "frame"]
