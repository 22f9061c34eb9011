"""Every part of the window can be copied as text: by Ctrl+C where the focus is, and from its context menu."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QMenu, QWidget

from tests.gui.conftest import User
from tests.gui.waiting import until

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def hit(user: User) -> Iterator[User]:
    """In front of a page that four processes lost."""
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Qt.Key.Key_End)
    yield user
    QTest.keyClick(user.window, Qt.Key.Key_Shift)  # Control is up: Qt keeps the modifiers of the last key


PARTS: dict[str, tuple[Callable[[User], QWidget], str]] = {
    "sentence": (lambda user: user.window.sentence, "SIGBUS killed srv"),
    "rmap": (lambda user: user.window.docks["rmap"].content(), "anon_vma"),
    "why": (lambda user: user.window.docks["why"].content(), "May the kernel try to recover?"),
    "states": (lambda user: user.window.docks["states"].content().view, "unknown page state"),
    "frame": (lambda user: user.window.docks["frame"].content(), "HWPOISON"),
    "tasks": (lambda user: user.window.docks["tasks"].content(), "srv\tkilled"),
    "vmas": (lambda user: user.window.tables.by_name["vmas"], "Perms"),
    "files": (lambda user: user.window.tables.by_name["files"], "/srv/data"),
    "log": (lambda user: user.window.docks["log"].content(), "Killing srv"),
    "map": (lambda user: user.window.map.view, "hardware poison"),
    "legend": (lambda user: user.window.legend, "Kind\tFrames\tMemory"),
    "figures": (lambda user: user.window.counters, "HardwareCorrupted 4 kB"),
}


def test_every_part_of_the_window_is_copied_by_control_c_and_by_its_menu(hit: User) -> None:
    for part in PARTS:
        control_c_copies(hit, part)
    for part in PARTS:
        if part not in ("tasks", "map"):
            the_context_menu_copies(hit, part)


def control_c_copies(hit: User, part: str) -> None:
    find, text = PARTS[part]
    hit.window.controller.selection.select(hit.frame(f"pfn:{hit.session.operations[-1].outcome.pfn:#x}"))
    if part in hit.window.docks:
        hit.window.show_panel(part)
        QApplication.processEvents()
    QApplication.clipboard().setText("")
    QTest.keyClick(find(hit), Qt.Key.Key_C, CTRL)
    assert text in QApplication.clipboard().text(), part


def the_context_menu_copies(hit: User, part: str) -> None:
    find, text = PARTS[part]
    hit.window.controller.selection.select(hit.frame(f"pfn:{hit.session.operations[-1].outcome.pfn:#x}"))
    if part in hit.window.docks:
        hit.window.show_panel(part)
        QApplication.processEvents()
    widget = find(hit)
    pointed = widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
    QApplication.clipboard().setText("")
    QApplication.sendEvent(pointed, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(5, 5), QPoint(50, 50)))
    until(lambda: QApplication.activePopupWidget() is not None)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    action = menu.actions()[-1]
    assert action.text().startswith("Copy") and action.isEnabled()
    action.trigger()
    menu.close()
    assert text in QApplication.clipboard().text(), part


def test_what_is_selected_is_copied_alone(hit: User) -> None:
    log = hit.window.docks["log"].content()
    log.setCurrentIndex(log.log.index(0))
    QTest.keyClick(log, Qt.Key.Key_C, CTRL)
    assert len(QApplication.clipboard().text().splitlines()) == 1


def test_marked_frames_are_copied_as_a_table_and_all_tasks_by_their_menu(hit: User) -> None:
    first = hit.frame("/srv/data@1")
    hit.window.controller.selection.mark([first, first + 1])
    QTest.keyClick(hit.window.map.view, Qt.Key.Key_C, CTRL)
    heads, *rows = QApplication.clipboard().text().splitlines()
    assert heads.split("\t")[:2] == ["Frame", "Kind"] and len(rows) == 2 and f"{first:#x}\tfile" in rows[0]
    assert hit.window.docks["tasks"].content().whole()
    hit.choose(
        hit.window.menus.task_menu(hit.window.docks["tasks"].content().tasks.rows[-1].tgid), "Copy all tasks as a table"
    )
    assert len(QApplication.clipboard().text().splitlines()) == 6
