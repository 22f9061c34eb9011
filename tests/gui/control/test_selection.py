"""The selection tells once of each change; a click is one change of the frame."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QApplication

from hwpoison_gui.gui.control.selection import NONE, Selection
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.session import Session


def test_it_tells_of_changes_only() -> None:
    parent, heard = QObject(), list[tuple[int, int | None]]()
    selection = Selection(lambda: 9, parent)
    selection.changed.connect(lambda: heard.append(selection.pair))
    for pfn in (7, 7, 8):
        selection.select(pfn)
    for tgid in (3, 3, None):
        selection.select_task(tgid)
    assert heard == [(7, None), (8, None), (8, 3), (8, None)]
    selection.forget()
    assert selection.pair == (NONE, None) and len(heard) == 4


def test_a_frame_that_the_machine_has_not_is_none() -> None:
    parent = QObject()
    selection = Selection(lambda: 9, parent)
    selection.select(8)
    assert selection.frame == 8
    selection.select(9)
    assert selection.frame == NONE


def test_a_menu_about_the_machine_before_closes(user) -> None:
    user.window.menus.show_frame_menu(user.frame("srv:heap+1"), QPoint())
    assert QApplication.activePopupWidget() is not None
    user.window.controller.open(Opened(Session.fresh(512), "another"))
    assert QApplication.activePopupWidget() is None


def test_a_click_on_the_map_selects_once(user) -> None:
    selection, heard = user.window.controller.selection, list[int]()
    selection.changed.connect(lambda: heard.append(selection.frame))
    pfn = user.frame("srv:heap+1")
    user.click_frame(pfn)
    assert heard == [pfn] == [user.window.map.selection]


def test_after_a_panic_a_click_only_selects(user) -> None:
    window = user.window
    window.controller.set_sysctl("memory_failure_recovery", 0)
    user.click_frame(user.frame("srv:heap+1"))
    window.controller.seek(len(user.session.steps))
    assert window.controller.panicked
    steps = len(user.session.steps)
    window.map.fired.emit(5)
    assert window.controller.selection.frame == 5 and len(user.session.steps) == steps
