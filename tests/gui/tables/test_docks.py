"""Tables of pages, VMAs and files: sorted, copied, and selecting on the map and back."""

from __future__ import annotations

from itertools import product

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.rows.pages import PAGE_COLUMNS
from tests.gui.waiting import until

Key = Qt.Key


def show(user, name: str):
    user.window.show_panel(name)
    QApplication.processEvents()
    return user.window.tables.by_name[name]


def a_row_selects_on_the_map_and_a_frame_its_row(user) -> None:
    pages = show(user, "pages")
    pfn = user.frame("srv:heap+1")
    user.window.controller.selection.select(pfn)
    assert pages.pfn == pfn
    QTest.keyClick(pages.view, Key.Key_Down)
    assert user.window.controller.selection.frame == pfn + 1 == user.window.map.selection
    QTest.keyClick(pages.view, Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert user.window.controller.selection.frame == user.session.machine.frames - 1


def every_column_sorts_both_ways(user, field: str, descending: bool) -> None:
    pages = show(user, "pages")
    link = user.window.panels.tables_link
    link.order_by(field, descending)
    until(lambda: not link.sorter.busy)
    model = pages.pages
    assert sorted(model.pfn_of(place) for place in range(model.size)) == list(range(user.session.machine.frames))
    if field in ("refcount", "mapcount", "pfn"):
        values = [getattr(model._row(place), field) for place in range(model.size)]
        assert values == sorted(values, reverse=descending)


def rows_are_copied_with_and_without_heads(user) -> None:
    pages = show(user, "pages")
    user.window.controller.selection.select(0)
    QTest.keyClick(pages.view, Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(pages.view, Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().split("\n")
    assert [line.split("\t")[0] for line in lines] == ["0x0", "0x1"]
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(pages.view, Key.Key_C, both)
    assert QApplication.clipboard().text().split("\n")[0].split("\t") == [column.head for column in PAGE_COLUMNS]


def poison_is_seen_in_the_row(user) -> None:
    pages = show(user, "pages")
    pfn = user.frame("srv:heap+1")
    user.window.controller.selection.select(pfn)
    user.window.controller.fire(pfn)
    user.key(Key.Key_End, user.window.map.view)
    assert "X" in pages.pages.cells_at(pages.place)[2]


def vmas_and_files_lead_to_their_frames_and_back(user) -> None:
    files = show(user, "files")
    row = [row.path for row in files.rows.rows].index("/srv/data")
    files.setCurrentIndex(files.order.index(row, 0))
    assert user.window.controller.selection.frame == user.frame("/srv/data@1")
    assert files.rows.rows[row].mapped_by == "srv:101, w0:102, w1:103 and 1 more"
    areas = show(user, "vmas")
    assert areas.current_key() in user.session.machine.vmas.view
    heap = next(n for n, row in enumerate(areas.rows.rows) if (row.task, row.name) == ("w1:103", "heap"))
    areas.setCurrentIndex(areas.order.index(heap, 0))
    assert user.window.controller.selection.frame == user.frame("w1:heap+0")
    assert user.window.controller.selection.task == user.session.world.task_names.view["w1"]


def listed(user) -> list[int]:
    link, model = user.window.panels.tables_link, user.window.tables.pages.pages
    until(lambda: not link.sorter.busy)
    return [model.pfn_of(place) for place in range(model.size)]


def only_what_is_found_is_listed_while_something_is_looked_for(user) -> None:
    show(user, "pages")
    window, only = user.window, user.window.tables.controls.found
    pfns = [user.frame(f"srv:heap+{page}") for page in range(4)]
    assert not only.isEnabled()
    window.finder.set_text("srv:heap anon")
    assert only.isEnabled()
    QTest.mouseClick(only, Qt.MouseButton.LeftButton)
    assert only.isChecked() and listed(user) == sorted(pfns)
    window.panels.tables_link.order_by("pfn", True)
    assert listed(user) == sorted(pfns, reverse=True)
    window.finder.set_text("srv:heap+2")
    assert listed(user) == [pfns[2]]
    window.finder.close_search()
    assert not only.isEnabled() and not only.isChecked()
    assert len(listed(user)) == user.session.machine.frames


def test_tables_lead_to_frames_and_list_what_is_found(user) -> None:
    """VMAs, files, the filter, and poison in a row."""
    vmas_and_files_lead_to_their_frames_and_back(user)
    only_what_is_found_is_listed_while_something_is_looked_for(user)
    poison_is_seen_in_the_row(user)


def test_pages_that_were_hidden_since_a_machine_was_opened_are_sorted_as_its_own(user) -> None:
    link, model = user.window.panels.tables_link, user.window.tables.pages.pages
    assert not model.size, "nobody has seen them yet"
    link.order_by("pfn", True)
    assert listed(user) == list(reversed(range(user.session.machine.frames)))
    show(user, "pages")
    user.window.show_panel("tasks")
    QApplication.processEvents()
    user.window.controller.open(Opened(Session.fresh(512), "another"))
    link.order_by("pfn", True)
    assert listed(user) == list(reversed(range(512)))


def test_the_list_of_what_is_found_stays_until_it_is_asked_again(user) -> None:
    show(user, "pages")
    user.window.finder.set_text("hwpoison")
    user.window.tables.controls.found.click()
    assert listed(user) == []
    pfn = user.frame("srv:heap+1")
    user.click_frame(pfn)
    user.key(Key.Key_End)
    assert listed(user) == []
    user.window.finder.again.click()
    until(lambda: listed(user) == [pfn])
    user.key(Key.Key_Home)
    assert listed(user) == [pfn]


def very_many_rows_are_copied_between_events(user) -> None:
    pages = show(user, "pages")
    work = user.window.controller.work
    user.window.controller.selection.select(0)
    QTest.keyClick(pages.view, Key.Key_End, Qt.KeyboardModifier.ShiftModifier)
    QApplication.clipboard().setText("before")
    pages.view.copy(heads=True)
    until(lambda: not work.busy)
    lines = QApplication.clipboard().text().split("\n")
    assert len(lines) == 1 + user.session.machine.frames
    assert lines[-1].startswith(f"{user.session.machine.frames - 1:#x}\t")
    QApplication.clipboard().setText("before")
    copying = pages._copying(range(4096), False)
    next(copying)
    copying.close()  # given up
    assert QApplication.clipboard().text() == "before"


def test_pages_say_what_the_map_shows_them_as(user) -> None:
    pages = show(user, "pages")
    pfn = user.frame("srv:heap+1")
    user.window.controller.selection.select(pfn)
    shown = [column.field for column in PAGE_COLUMNS].index("shown")

    def says() -> str:
        return pages.pages.cells_at(pages.place)[shown]

    assert says() == "anon"
    for lens, words in (("mapcount", "3 to 9"), ("zone", "DMA"), ("outcome", "SIGBUS")):
        user.window.actions_[f"lens-{lens}"].trigger()
        until(lambda words=words: words.casefold() in says().casefold())
    user.window.panels.tables_link.order_by("shown", True)
    until(lambda: not user.window.panels.tables_link.sorter.busy)
    classes = {one.shortest: one.id for one in user.window.map.plane.lens.classes}
    ids = [classes[pages.pages.cells_at(place)[shown]] for place in range(0, pages.pages.size, 7)]
    assert ids == sorted(ids, reverse=True) and len(set(ids)) > 2


def all_pages_are_copied_from_their_menu_and_without_a_selection(user) -> None:
    window = user.window
    window.show_panel("pages")
    pages, frames = window.tables.pages, user.session.machine.frames
    menus = window.menus
    assert menus.copy_pages[0]() == "Copy all pages as a table"
    menus.copy_pages[1]()
    until(lambda: not window.controller.busy)
    lines = QApplication.clipboard().text().splitlines()
    assert len(lines) == frames + 1 and lines[0].startswith("Frame\tKind") and lines[1].startswith("0x0\t")
    QApplication.clipboard().clear()
    pages.place = pages._anchor = -1
    pages.view.copy()
    until(lambda: QApplication.clipboard().text().count("\n") == frames)


def test_pages_are_sorted_and_copied(user) -> None:
    """Rows follow the selection, every column sorts both ways, and what is copied has heads or not."""
    a_row_selects_on_the_map_and_a_frame_its_row(user)
    rows_are_copied_with_and_without_heads(user)
    very_many_rows_are_copied_between_events(user)
    all_pages_are_copied_from_their_menu_and_without_a_selection(user)
    for column, descending in product(PAGE_COLUMNS, (False, True)):
        every_column_sorts_both_ways(user, column.field, descending)
