"""The Assess panel: what it counts is what lens, legend and label say; its cells are filters, and follow the map."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from hwpoison_gui.gui.tables.assess import AssessTable
from hwpoison_gui.gui.tables.task_model import TGID_ROLE
from hwpoison_gui.opening import opening
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.prediction import predict
from hwpoison_gui.view.rows.assess import ALL, HARM
from tests.gui.waiting import until


@pytest.fixture(name="table")
def _table(user) -> AssessTable:
    user.window.show_panel("assess")
    table = user.window.docks["assess"].content().table
    settle(user)
    return table


def settle(user) -> None:
    """Everything is computed."""
    table = user.window.docks["assess"].content().table
    until(lambda: table.sheet.sheet is not None and not table.sheet.stale)


def numbers(table: AssessTable) -> dict[tuple[str, str], int]:
    """Frames by the name of the row and the head of the column."""
    heads = [one.head.replace("\n", " ") for one in table.sheet.sheet.columns]
    return {(row.name, head): n for row in table.sheet.rows for head, n in zip(heads, row.frames, strict=True)}


def click(table: AssessTable, row: str, head: str) -> None:
    heads = [column.head.replace("\n", " ") for column in table.sheet.columns]
    index = table.sheet.index([one.name for one in table.sheet.rows].index(row), heads.index(head))
    table.scrollTo(index)
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(index).center())


def it_counts_what_the_lens_the_legend_and_the_label_say(user, table: AssessTable) -> None:
    """One truth: panel, lens, its legend and the prediction for each frame."""
    m, window = user.session.machine, user.window
    window.lenses.choose("outcome")
    until(lambda: window.lenses.lens.key == "outcome" and not window.lenses.busy)
    plane = window.map.plane
    of_lens = plane.classes_of(np.arange(m.frames))
    legend = plane.class_counts().tolist()
    codes = [predict(m, pfn).code for pfn in range(0, m.frames, 16)]
    assert of_lens[::16].tolist() == codes
    sheet = table.sheet.sheet
    whole = next(row for row in table.sheet.rows if row.is_whole)
    for number, column in enumerate(sheet.columns):
        if column.early not in (None, 1):
            continue
        if column.code >= 0:
            assert whole.frames[number] == legend[column.code] == int((of_lens == column.code).sum())
        for row in table.sheet.rows:
            mine = np.array([KINDS[kind_of(m.page(pfn))].name == row.name for pfn in range(m.frames)]) | row.is_whole
            codes_of = {ALL: range(outcomes.FREE, len(outcomes.CLASSES)), HARM: outcomes.HARMFUL}
            is_class = np.isin(of_lens, list(codes_of.get(column.code, (column.code,))))
            assert row.frames[number] == int((mine & is_class).sum()), (row.name, column.head)


def early_and_late_stand_side_by_side(user, table: AssessTable) -> None:
    found = numbers(table)
    late = Damage.of(user.session.machine, 0).toll(np.arange(user.session.machine.frames)).frames
    assert found["all of memory", "SIGBUS late late kill"] == late[outcomes.LATE] > 0
    assert found["all of memory", "SIGBUS now early kill"] > 0
    assert ("all of memory", "SIGBUS now late kill") not in found
    assert "runs on " in user.window.docks["assess"].head.subject.text()


def a_cell_writes_the_filter_and_goes_to_its_first_frame(user, table: AssessTable) -> None:
    window = user.window
    click(table, "anonymous", "SIGBUS now early kill")
    until(lambda: window.filter.count is not None)
    assert window.filter.text == "kind:anon outcome:sigbus-now" == window.finder.field.text()
    assert window.filter.count == numbers(table)["anonymous", "SIGBUS now early kill"]
    first = window.controller.selection.frame
    assert predict(user.session.machine, first).code == outcomes.EARLY
    click(table, "anonymous", "SIGBUS now early kill")
    assert not window.filter.text and window.finder.isHidden()


def what_is_harmful_is_one_filter(user, table: AssessTable) -> None:
    click(table, "all of memory", "harmful")
    until(lambda: user.window.filter.count is not None)
    assert user.window.filter.text == "outcome:harmful"
    assert user.window.filter.count == numbers(table)["all of memory", "harmful"] > 0
    click(table, "anonymous", "harmful")
    until(lambda: user.window.filter.text == "kind:anon outcome:harmful" and user.window.filter.count is not None)
    assert user.window.filter.count == numbers(table)["anonymous", "harmful"]


def enter_on_a_row_finds_all_of_its_frames(user, table: AssessTable) -> None:
    table.setFocus()
    table.show_cell(lambda row: row.name == "slab", lambda column: column is None)
    QTest.keyClick(table, Qt.Key.Key_Return)
    until(lambda: user.window.filter.count is not None)
    assert user.window.filter.text == "kind:slab"
    assert user.window.filter.count == numbers(table)["slab", "all"]


def test_a_cell_of_the_other_policy_says_why_it_finds_nothing(user, table: AssessTable) -> None:
    click(table, "anonymous", "SIGBUS late late kill")
    assert not user.window.filter.text
    index = table.currentIndex()
    tip = table.sheet.data(index, Qt.ItemDataRole.ToolTipRole)
    assert "set vm.memory_failure_early_kill to 0 to find them" in tip
    user.window.controller.set_sysctl("memory_failure_early_kill", 0)
    settle(user)
    click(table, "anonymous", "SIGBUS late late kill")
    until(lambda: user.window.filter.count is not None)
    assert user.window.filter.text == "kind:anon outcome:sigbus-late"


def test_a_frame_that_is_selected_on_the_map_is_found_in_the_table(user, table: AssessTable) -> None:
    user.window.map.setFocus()
    for by, name in (("kind", "anonymous"), ("process", None), ("zone", "DMA")):
        table.tools.by.setCurrentIndex(table.tools.by.findData(by))
        table.tools.by.activated.emit(table.tools.by.currentIndex())
        until(lambda by=by: table.sheet.sheet.by == by)
        user.window.controller.selection.select(user.frame("srv:heap+0"))
        row, column = table.chosen_cell()
        assert row.name == (name or user.session.machine.processes.view[_tgid(user, "srv")].label)
        assert column.code == outcomes.EARLY
        user.window.controller.selection.select(-1)


def test_it_opens_with_its_heads_in_sight_and_goes_to_what_is_selected_then(open_window) -> None:
    user = open_window(opening.default_machine())
    user.window.controller.selection.select(user.frame("python3:heap+1"))
    user.key(Qt.Key.Key_Return)
    user.key(Qt.Key.Key_End)
    user.window.show_panel("assess", focus=False)
    settle(user)
    table = user.window.docks["assess"].content().table
    until(lambda: table.chosen_cell() is not None)
    bars = table.horizontalScrollBar(), table.verticalScrollBar()
    until(lambda: all(bar.maximum() > 0 for bar in bars))
    assert table.chosen_cell()[0].name == "hardware poison" and [bar.value() for bar in bars] == [0, 0]
    broken = table.visualRect(table.currentIndex())
    assert not table.viewport().rect().contains(broken)
    user.window.controller.selection.select(user.frame("nginx:heap+1"))
    user.window.controller.selection.select(user.session.operations[-1].outcome.pfn)
    assert table.viewport().rect().contains(table.visualRect(table.currentIndex()))


def _tgid(user, name: str) -> int:
    return next(one.tgid for one in user.session.machine.living() if one.name == name)


def it_follows_what_breaks(user, table: AssessTable) -> None:
    before, start = numbers(table)["anonymous", "all"], user.session.position
    user.click_frame(user.frame("srv:heap+1"))
    user.window.controller.seek(len(user.session.steps))
    until(lambda: table.sheet.stale)
    settle(user)
    assert numbers(table)["hardware poison", "all"] == 1
    assert numbers(table).get(("anonymous", "all"), 0) < before
    user.window.controller.seek(start)
    settle(user)
    until(lambda: numbers(table).get(("anonymous", "all")) == before)


def a_machine_that_has_panicked_has_nothing_to_assess(user, table: AssessTable) -> None:
    user.window.controller.set_sysctl("memory_failure_recovery", 0)
    user.click_frame(user.frame("srv:heap+1"))
    user.window.controller.seek(len(user.session.steps))
    until(lambda: user.window.docks["assess"].head.subject.text() == "the machine has stopped")
    user.window.controller.seek(0)
    settle(user)


def test_it_follows_the_machine_until_that_has_stopped(user, table: AssessTable) -> None:
    """What breaks, what is taken back, and a panic."""
    it_follows_what_breaks(user, table)
    a_machine_that_has_panicked_has_nothing_to_assess(user, table)


def it_is_sorted_counted_and_copied(user, table: AssessTable) -> None:
    table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    every = [row.frames[0] for row in table.sheet.rows]
    assert every[1:] == sorted(every[1:]) and table.sheet.rows[0].is_whole
    table.tools.frames.setChecked(True)
    assert table.sheet.data(table.sheet.index(len(every) - 1, 1)) == f"{every[-1]:,}"
    assert table._whole().splitlines()[0].startswith("Kind in frames\tall")


def test_its_cells_are_what_the_map_shows_and_filters_of_it(user, table: AssessTable) -> None:
    """Counted as everywhere, found by a click and by a key, sorted and copied."""
    it_counts_what_the_lens_the_legend_and_the_label_say(user, table)
    user.window.finder.close_search()
    early_and_late_stand_side_by_side(user, table)
    user.window.finder.close_search()
    a_cell_writes_the_filter_and_goes_to_its_first_frame(user, table)
    user.window.finder.close_search()
    what_is_harmful_is_one_filter(user, table)
    user.window.finder.close_search()
    enter_on_a_row_finds_all_of_its_frames(user, table)
    user.window.finder.close_search()
    it_is_sorted_counted_and_copied(user, table)


def test_nothing_is_computed_before_it_is_seen_or_while_it_is_hidden(user) -> None:
    import sys

    assert user.window.panels._damage is None
    user.window.show_panel("assess")
    settle(user)
    assert "hwpoison_gui.view.damage.damage" in sys.modules
    user.window.show_panel("tasks")
    until(lambda: not user.window.docks["assess"].in_front)
    user.window.controller.set_sysctl("memory_failure_early_kill", 0)
    assert not user.window.panels.damage.slices.busy


def test_the_tables_say_what_errors_would_do(user, table: AssessTable) -> None:
    """Tasks, Files and Pages, by the damage of each frame alone; the worst come first."""
    window, m = user.window, user.session.machine
    tasks, files, pages = window.docks["tasks"].content(), window.tables.files, window.tables.pages
    before = [model.columnCount() for model in (tasks.tasks, files.rows, pages.pages)]
    table.tools.tables.setChecked(True)
    damage = Damage.of(m)
    until(lambda: bool(tasks.tasks.tolls) and window.panels.tables_link.ahead is not None)
    tolls = [damage.toll(np.array([pfn])) for pfn in range(m.frames)]
    for row in tasks.tasks.rows:
        hits = [toll.hit[row.tgid] for toll in tolls if row.tgid in toll.hit]
        toll = tasks.tasks.tolls.get(row.tgid)
        assert (toll.now if toll is not None else 0) == sum(kind in ("dead", "signalled", "pending") for kind in hits)
    first = int(tasks.order.index(0, 0).data(TGID_ROLE))
    assert tasks.tasks.tolls[first].now == max(toll.now for toll in tasks.tasks.tolls.values()) > 0
    window.show_panel("pages")
    pfn = user.frame("srv:heap+1")
    window.panels.tables_link.order_by("signalled", descending=True)
    until(lambda: not window.panels.tables_link.sorter.busy)
    cells = pages.pages.cells_at(pages.pages.place_of(pfn))
    assert cells[2:4] == (f"{len(tolls[pfn].hit)}", "4 KiB")
    assert [len(tolls[pages.pages.pfn_of(at)].hit) for at in (0, 1)] == [max(len(toll.hit) for toll in tolls)] * 2
    window.show_panel("files")
    until(lambda: files.rows.columnCount() == before[1] + 3)
    row = next(row for row in files.rows.rows if row.path == "/srv/data")
    cached = m.page_cache.of(row.key).values()
    assert row.now == sum(bool(tolls[pfn].hit) for pfn in cached)
    table.tools.tables.setChecked(False)
    assert [model.columnCount() for model in (tasks.tasks, files.rows, pages.pages)] == before


def test_names_of_rows_stay_in_view_and_no_number_is_below_them(open_window) -> None:
    user = open_window(opening.default_machine(), size=(900, 700))
    user.window.show_panel("assess")
    settle(user)
    table = user.window.docks["assess"].content().table
    until(lambda: table.horizontalScrollBar().maximum() > 0)
    assert table.frozen.isHidden()
    table.setFocus()
    table.setCurrentIndex(table.sheet.index(1, 1))
    last = table.sheet.columnCount() - 1
    keys = [Qt.Key.Key_Right] * (last - 1) + [Qt.Key.Key_Left] * (last - 1)
    seen = 0
    for key in keys:
        QTest.keyClick(table, key)
        cell, name = table.visualRect(table.currentIndex()), table.frozen
        if table.horizontalScrollBar().value():
            seen += 1
            assert name.isVisible() and cell.left() >= name.width() - 1
            assert name.rowViewportPosition(1) == table.rowViewportPosition(1)
            assert name.model().index(1, 0).data() == table.sheet.rows[1].name
        assert cell.right() <= table.viewport().width() or cell.width() > table.viewport().width() - name.width()
    assert seen and table.currentIndex().column() == 1
    table.horizontalScrollBar().setValue(table.horizontalScrollBar().maximum())
    found = []
    table.cellChosen.connect(lambda row, column: found.append((row.name, column)))
    for row in range(len(table.sheet.rows)):
        table.setCurrentIndex(table.sheet.index(row, last))
        for other in range(len(table.sheet.rows)):
            assert table.frozen.rowViewportPosition(other) == table.rowViewportPosition(other)
    assert table.verticalScrollBar().value() > 0
    table.verticalScrollBar().setValue(0)
    place = table.frozen.visualRect(table.sheet.index(1, 0)).center()
    scrolled = table.horizontalScrollBar().value()
    assert table.frozen.viewport().rect().contains(place)
    QTest.mouseClick(table.frozen.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert found == [(table.sheet.rows[1].name, None)] and table.horizontalScrollBar().value() == scrolled > 0
