"""Panels are made when they are first seen, and show the present then."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.panel_titles import TITLES
from hwpoison_gui.gui.map.find_bar import FindBar
from hwpoison_gui.gui.map.panic_screen import PanicScreen
from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.session import Session
from tests.gui import eyes
from tests.gui.waiting import until

IN_FRONT = {"rmap", "why", "tasks", "log"}


def made(window: MainWindow) -> set[str]:
    return {name for name, dock in window.docks.items() if dock.made is not None}


def test_only_what_is_in_front_is_made_after_the_first_paint(qtbot) -> None:
    window = MainWindow(Opened(Session.fresh(4096), "x"), remember=False)
    qtbot.addWidget(window)
    assert made(window) == set() and window.is_complete
    window.show()
    assert not window.is_complete
    until(lambda: window.is_complete)
    assert made(window) == IN_FRONT


def a_panel_that_is_ticked_again_is_in_front_of_its_tabs(user) -> None:
    dock, other = user.window.docks["why"], user.window.docks["states"]
    dock.toggleViewAction().trigger()
    other.raise_()
    until(lambda: other.in_front)
    dock.toggleViewAction().trigger()
    until(lambda: dock.in_front and not other.in_front)


def test_a_tab_that_is_brought_in_front_makes_its_panel(user) -> None:
    window = user.window
    user.click_frame(user.frame("srv:heap+1"))
    window.controller.seek(len(user.session.steps))
    window.notes.write("a note")
    words = {
        "states": "when the handler looked",
        "frame": "HWPOISON",
        "notebook": "a note",
        "files": "/srv/data",
    }
    for name, said in words.items():
        window.docks[name].raise_()
        until(lambda name=name: window.docks[name].made is not None)
        assert said in eyes.read(window.docks[name]), name
    assert {"pages", "vmas"} <= made(window)  # with the table of files: choices go from one to the other


def computed(window, name: str) -> str:
    """What a panel says, once it has computed what takes a while."""
    QApplication.processEvents()
    until(lambda: "being computed" not in eyes.read(window.docks[name]))
    return eyes.read(window.docks[name])


@pytest.mark.parametrize("names", [list(TITLES)[at::4] for at in range(4)], ids=",".join)
def test_panels_that_are_made_late_follow_from_then_on(user, names: list[str]) -> None:
    broken = user.frame("srv:heap+1")
    other = user.frame("srv:heap+2")
    user.click_frame(broken)
    for name in names:
        user.window.controller.selection.select(broken)
        user.window.controller.seek(len(user.session.steps) // 2)
        follows_once_it_is_made(user, name, other)


def follows_once_it_is_made(user, name: str, other: int) -> None:
    window = user.window
    assert name in IN_FRONT or name not in made(window) or {"pages", "vmas", "files"} >= {name}, name
    window.show_panel(name)
    at_half = computed(window, name)
    window.controller.seek(len(user.session.steps))
    window.controller.selection.select(other)
    if name == "notebook":
        window.notes.write("a note")
    late = computed(window, name)
    assert at_half.strip() and late.strip(), name
    if name not in (
        "files",
        "vmas",
        "kernels",
        "records",
        "snapshot",
    ):  # neither the steps nor the frame say anything of these
        assert late != at_half, name


def test_a_panel_that_is_made_late_has_the_theme_and_the_size_of_text(user) -> None:
    window = user.window
    try:
        window.appearance.choose_theme("light")
        window.appearance.choose_text_size(150)
        assert "states" not in made(window)
        window.show_panel("states")
        until(lambda: window.docks["states"].content().view.isVisible())
        early, late = (
            window.docks["tasks"].content().font().pointSizeF(),
            window.docks["states"].content().view.font().pointSizeF(),
        )
        assert late == pytest.approx(early)
        window.appearance.choose_text_size(100)
        assert window.docks["states"].content().view.font().pointSizeF() < late
    finally:
        look.set_text_size(look.USUAL_TEXT)


def test_the_search_bar_and_the_panic_screen_are_made_when_they_are_needed(user) -> None:
    window = user.window
    assert not window.findChildren(FindBar) and not window.findChildren(PanicScreen)
    window.actions_["find"].trigger()
    assert eyes.in_sight(window.finder)
    window.controller.set_sysctl("memory_failure_recovery", 0)
    assert not window.findChildren(PanicScreen)
    user.click_frame(user.frame("srv:heap+1"))
    window.controller.seek(len(user.session.steps))
    assert window.on_demand.panic().isVisible()
    window.controller.seek(0)
    assert not window.on_demand.panic().isVisible()


def the_tab_of_the_log_counts_lines_that_came_behind_another(user) -> None:
    window = user.window
    window.show_panel("notebook")
    until(lambda: not window.docks["log"].in_front)
    window.controller.fire(user.frame("srv:heap+1"))
    window.actions_["last"].trigger()
    lines = len(user.session.machine.log.view)
    assert lines and window.docks["log"].windowTitle() == f"Kernel log  ({lines} new)"
    window.controller.seek(0)
    assert window.docks["log"].windowTitle() == "Kernel log"
    window.actions_["last"].trigger()
    window.show_panel("log")
    until(lambda: window.docks["log"].in_front)
    assert window.docks["log"].windowTitle() == "Kernel log"


def test_panels_behind_tabs(user) -> None:
    """One that is ticked again, and the count of lines that came unseen."""
    a_panel_that_is_ticked_again_is_in_front_of_its_tabs(user)
    the_tab_of_the_log_counts_lines_that_came_behind_another(user)
