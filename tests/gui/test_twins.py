"""Every table is a twin of the map: a click on a row selects on the map, one on the map finds the row.

With mouse and keyboard, at a place of the screen.
"""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QAbstractItemView

from tests.gui import eyes
from tests.gui.conftest import workers
from tests.gui.hands import CTRL, Key, Person


@pytest.fixture
def me(open_window, qtbot) -> Person:
    return Person(qtbot, open_window(workers(), (1280, 1000)).window)


def frame(me: Person, name: str) -> int:
    return me.window.controller.session.resolve_frame(name)


def click_frame(me: Person, pfn: int) -> None:
    """A click that only selects."""
    view = me.window.map.view
    while view.item.rect_of(pfn).width() < 4:
        me.wheel(view.viewport(), 1, view.item.rect_of(pfn).center().toPoint())
    me.click(view.viewport(), view.item.rect_of(pfn).center().toPoint(), keys=CTRL)


def chosen(view: QAbstractItemView) -> str:
    """The first words of the row that is current."""
    index = view.currentIndex()
    assert index.isValid() and view.visualRect(index).intersects(view.viewport().rect())
    return str(index.siblingAtColumn(0).data())


def test_pages(me: Person) -> None:
    w, pfn = me.window, frame(me, "srv:heap+1")
    me.tab("Pages")
    click_frame(me, pfn)
    assert chosen(w.tables.pages.view) == f"{pfn:#x}"
    me.click(w.tables.pages.view.viewport(), me.row(w.tables.pages.view, f"{pfn + 1:#x}"))
    assert w.map.selection == pfn + 1 and f"who uses {pfn + 1:#x}" in me.reads(w.docks["rmap"])
    head = w.tables.pages.view.horizontalHeader()
    for _ in range(2):  # by mappings, the most first
        me.click(head.viewport(), QPoint(head.sectionViewportPosition(4) + 20, head.height() // 2))
        me.until(lambda: not w.panels.tables_link.sorter.busy)
    me.wheel(w.tables.pages.view.viewport(), 1000)
    rows = [row.split("\t") for row in eyes.rows_in_view(w.tables.pages.view)]
    assert rows[0][4] == "4" and [row[4] for row in rows] == sorted((row[4] for row in rows), reverse=True)
    click_frame(me, pfn)
    assert chosen(w.tables.pages.view) == f"{pfn:#x}"


def test_tasks(me: Person) -> None:
    w = me.window
    me.click(w.docks["tasks"].content().viewport(), me.row(w.docks["tasks"].content(), "w1", 1))
    outlined = {int(pfn) for mark in w.map.view.item.highlights for pfn in mark.pfns}
    assert {frame(me, "w1:heap+1"), frame(me, "w1:data+1")} <= outlined
    me.press(Key.Key_Escape)
    assert not w.map.view.item.highlights


def test_areas_and_files(me: Person) -> None:
    w = me.window
    me.tab("Files")
    me.click(w.tables.files.viewport(), me.row(w.tables.files, "/srv/data"))
    assert w.map.selection == frame(me, "/srv/data@1")
    me.tab("VMAs")
    click_frame(me, frame(me, "srv:heap+2"))
    assert "heap" in me.reads(w.tables.vmas) and w.tables.vmas.currentIndex().isValid()
    me.tab("Files")
    click_frame(me, frame(me, "/srv/data@1"))
    assert chosen(w.tables.files) == "/srv/data"


def test_the_log(me: Person) -> None:
    w, pfn = me.window, frame(me, "srv:heap+1")
    click_frame(me, pfn)
    me.press(Key.Key_Return)
    me.press(Key.Key_End)
    whole = me.reads(w.docks["log"].content())
    assert f"{pfn:#x}: Killing" in whole
    click_frame(me, pfn + 1)
    click_frame(me, pfn)
    assert not w.docks["log"].content().selectedIndexes(), "all lines are about it: nothing is told apart"
    click_frame(me, pfn + 1)
    assert not w.docks["log"].content().selectedIndexes()
    me.press(Key.Key_Return)
    me.press(Key.Key_End)
    click_frame(me, pfn)
    assert len({index.row() for index in w.docks["log"].content().selectedIndexes()}) == len(whole.splitlines())
    click_frame(me, pfn + 1)
    me.double_click(
        w.docks["log"].content().viewport(),
        w.docks["log"].content().visualRect(w.docks["log"].content().log.index(0)).center(),
    )
    assert w.map.selection == pfn and len(me.reads(w.docks["log"].content())) < len(whole)
