"""The comparison's window: both sides walk together, settings are chosen, what differs is listed."""

from __future__ import annotations

import csv
import gc
import weakref

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hwpoison_gui.gui.compare.window import CompareWindow
from hwpoison_gui.gui.control import slices
from hwpoison_gui.kernel.profile.registry import PROFILES, newest, oldest
from hwpoison_gui.session import compare
from hwpoison_gui.session.compare import recipe_of
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.palette import DARK, LIGHT
from hwpoison_gui.view.facts import groundwork
from hwpoison_gui.view.words.kernels import listed
from tests.gui.waiting import comparison_of, until
from tests.workbench import do

Key = Qt.Key


@pytest.fixture
def compared(user, qtbot):
    """The comparison of a click on a page that workers share."""
    user.window.map.center_on(user.frame("srv:heap+1"))
    user.window.controller.selection.select(user.frame("srv:heap+1"))
    user.window.actions_["compare"].trigger()
    window = comparison_of(user.window)
    until(lambda: window.compared is not None and not window.walk.busy)
    return window


def texts(window) -> dict[tuple[str, str], tuple[str, str]]:
    return {(row.aspect, row.subject): (row.values[0].text, row.values[1].text) for row in window.table.facts.rows}


def early_against_late_is_shown_first(compared) -> None:
    rows = texts(compared)
    everybody = "srv:101, w0:102, w1:103 and w2:104"
    assert rows["Signal", everybody] == ("SIGBUS BUS_MCEERR_AO: killed", "–")
    assert rows["Afterwards", everybody] == ("Killed", "Dies on touch")
    assert rows["Counter", "Killed"] == ("4", "–")
    assert "differ" in compared.words.text()
    assert compared.sides[0].rmap.graph.pfn == compared.sides[1].rmap.graph.pfn


def what_is_the_same_is_folded_away(compared, qtbot) -> None:
    differing = len(compared.table.facts.rows)
    assert not any(row.same for row in compared.table.facts.rows)
    qtbot.mouseClick(compared.all, Qt.MouseButton.LeftButton)
    assert len(compared.table.facts.rows) > differing
    assert ("Result", "result") in texts(compared)


def both_sides_are_walked_together_by_keys(compared) -> None:
    left, right = (side.side for side in compared.sides)
    QTest.keyClick(compared, Key.Key_Home)
    assert [side.session.position - side.start for side in (left, right)] == [0, 0]
    assert compared.sides[0].sentence.text.text() == "Before the click."
    seen = []
    for _ in range(compared.last):
        QTest.keyClick(compared, Key.Key_Right)
        seen.append(tuple(side.session.position - side.start for side in (left, right)))
    assert seen[-1] == (left.steps, right.steps) and seen == sorted(seen)
    functions = [[side.session.steps[side.start].mark.site.function for side in (left, right)]]
    assert functions[0][0] == functions[0][1] and seen[0] == (1, 1)
    QTest.keyClick(compared, Key.Key_Left)
    assert compared.at == compared.last - 1


def test_the_keyboard_is_with_the_walk_at_first_and_stays_where_it_is_put(compared, qtbot) -> None:
    assert compared.focusWidget() is compared.bar.slider
    QTest.keyClick(compared.bar.slider, Key.Key_Home)
    assert compared.at == 0
    compared.way.setFocus()
    QTest.keyClick(compared.way, Key.Key_Down)
    until(lambda: compared.compared is not None)
    assert compared.focusWidget() is compared.way and compared.way.currentData() == "recovery"


def it_plays_and_pauses(compared, qtbot) -> None:
    QTest.keyClick(compared, Key.Key_Space)
    assert compared.at == 0
    until(lambda: compared.at > 0)
    QTest.keyClick(compared, Key.Key_Space)
    at = compared.at
    QTest.qWait(400)
    assert compared.at == at


def other_settings_end_what_plays_and_the_button_says_so(compared, qtbot) -> None:
    at_rest = compared.bar.buttons["play"].icon().pixmap(16).toImage()
    QTest.keyClick(compared, Key.Key_Space)
    assert compared.bar.buttons["play"].icon().pixmap(16).toImage() != at_rest
    compared.choose("recovery")
    assert compared.bar.buttons["play"].icon().pixmap(16).toImage() == at_rest
    until(lambda: compared.compared is not None)


def other_ways_to_differ(compared) -> None:
    for way in ("recovery", "profile"):
        compared.choose(way)
        until(lambda: compared.compared is not None)
        assert compared.way.currentData() == way
        if way == "recovery":
            assert texts(compared)["Result", "result"] == ("Recovered", "panic")
        else:
            profiles = [side.side.session.machine.profile.name for side in compared.sides]
            assert profiles == [oldest().name, newest().name]


def the_heads_of_an_earlier_choice_go_with_its_rows(compared) -> None:
    facts = compared.table.facts
    chosen = list(facts.heads)
    compared.choose("profile")
    assert compared.building and not facts.rows
    heads = [facts.headerData(column, Qt.Orientation.Horizontal) for column in range(facts.columnCount())]
    assert not set(heads) & set(chosen)
    until(lambda: not compared.building)
    assert [head.partition(",")[0] for head in facts.heads] == [oldest().name, newest().name]


def test_settings_chosen_by_hand(compared, qtbot) -> None:
    kill = compared.sides[1].choices.kill
    kill.setCurrentIndex(0)
    kill.activated.emit(0)
    assert compared.way.currentText() == "As chosen below"
    until(lambda: compared.compared is not None)
    assert compared.words.text().startswith("Nothing differs") and not compared.table.facts.rows


def test_settings_are_chosen_one_after_another(compared, qtbot) -> None:
    """Each ends what was shown and played before."""
    the_heads_of_an_earlier_choice_go_with_its_rows(compared)
    compared.choose("early")
    until(lambda: compared.compared is not None and not compared.walk.busy)
    other_settings_end_what_plays_and_the_button_says_so(compared, qtbot)
    compared.choose("early")
    until(lambda: compared.compared is not None and not compared.walk.busy)
    other_ways_to_differ(compared)


def rows_are_copied(compared) -> None:
    from PySide6.QtWidgets import QApplication

    compared.table.setFocus()
    compared.table.selectRow(0)
    QTest.keyClick(compared.table, Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().count("\t") == 4


def test_two_sides_are_listed_walked_and_copied(compared, qtbot) -> None:
    """What is shown first, then what keys and buttons do with it."""
    early_against_late_is_shown_first(compared)
    it_plays_and_pauses(compared, qtbot)
    both_sides_are_walked_together_by_keys(compared)
    rows_are_copied(compared)
    what_is_the_same_is_folded_away(compared, qtbot)


def test_it_can_be_closed_while_it_is_being_made(user, qtbot) -> None:
    user.window.controller.selection.select(user.frame("srv:heap+1"))
    user.window.actions_["compare"].trigger()
    window = comparison_of(user.window)
    assert window.building and window.cancel.isVisible()
    window.choose("profile")
    qtbot.mouseClick(window.cancel, Qt.MouseButton.LeftButton)
    assert not window.building


def test_it_opens_in_turns_and_can_be_stopped_after_each_of_them(user) -> None:
    user.window.controller.selection.select(user.frame("srv:heap+1"))
    seen = set()
    for turns in range(20):
        user.window.actions_["compare"].trigger()
        left = iter(range(turns))
        until(lambda left=left: next(left, None) is None)
        shown = user.window.comparison.shown
        seen.add((shown is not None, shown is not None and shown.isVisible()))
        user.window.comparison.stop()
        assert user.window.comparison.shown is None
        until(lambda: not user.window.findChildren(CompareWindow))
    assert seen == {(False, False), (True, False), (True, True)}


def test_what_is_built_as_it_is_stopped_is_not_shown(user) -> None:
    user.window.controller.selection.select(user.frame("srv:heap+1"))
    user.window.actions_["compare"].trigger()
    window = comparison_of(user.window)
    until(lambda: window._builder is not None)
    window._builder.wait()  # its result is sent, and has not arrived
    window.stop()
    left = iter(range(9))
    until(lambda: next(left, None) is None)
    assert window.compared is None and not window.walk.busy


def test_the_list_is_shown_in_a_turn_before_the_sides_walk_to_their_ends(user) -> None:
    user.window.controller.selection.select(user.frame("srv:heap+1"))
    user.window.actions_["compare"].trigger()
    window = comparison_of(user.window)
    until(lambda: window.compared is not None)
    assert window.table.facts.rows and window.walk.busy
    until(lambda: not window.walk.busy)
    assert all(side.side.session.position == len(side.side.session.steps) for side in window.sides)
    assert all(side.rmap.graph is not None for side in window.sides)


@pytest.fixture
def machines(compared, monkeypatch) -> list[weakref.ref]:
    """The machines of both sides, which nothing but references may free."""
    gc.collect()
    monkeypatch.setattr(gc, "unfreeze", lambda: pytest.fail("everything would be scanned at once"))
    gc.freeze()
    return [weakref.ref(side.side.session.machine) for side in compared.sides]


def test_its_machines_go_without_the_collector_when_it_is_closed(compared, machines) -> None:
    compared.close()
    assert [machine() for machine in machines] == [None, None]


def test_machines_that_do_not_serve_again_go_without_the_collector(compared, machines) -> None:
    compared.choose("profile")
    until(lambda: not compared.building)
    shown = {id(side.side.session.machine) for side in compared.sides}
    until(lambda: {id(machine()) for machine in machines} - {id(None)} <= shown)


def test_escape_closes_it_and_the_window_can_compare_again(compared, user) -> None:
    QTest.keyClick(compared.bar.slider, Key.Key_Escape)
    assert not compared.isVisible() and user.window.comparison.shown is None


def test_it_says_when_there_is_nothing_to_compare(open_window) -> None:
    user = open_window(Session.fresh(4096))
    action = user.window.actions_["compare"]
    assert not action.isEnabled() and "Click a frame first" in action.toolTip()


def test_after_a_panic_nothing_is_compared(user) -> None:
    do(user.session, "sysctl", name="memory_failure_recovery", value=0)
    do(user.session, "poison", frame="srv:heap+1")
    assert user.session.machine.panicked
    user.window.controller.selection.select(user.frame("srv:heap+2"))
    user.window.comparison.open()
    window = comparison_of(user.window)
    until(lambda: not window.building)
    assert window.words.text() == "Nothing was compared: the click is not possible on any side."
    assert "equal" not in window.table.empty


def test_it_opens_once_the_machine_in_the_window_can_be_read(user, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its panels need is looked up between events; meanwhile the machine may stand at another position."""
    monkeypatch.setattr(slices, "_AT_ONCE", -1.0)
    monkeypatch.setattr(groundwork, "_MANY", -1)
    c, pfn = user.window.controller, user.frame("srv:heap+1")
    do(user.session, "poison", frame="srv:heap+2")
    reads: list[bool] = []
    monkeypatch.setattr(compare, "recipe_of", lambda *args: reads.append(c.busy) or recipe_of(*args))
    c.selection.select(pfn)
    assert c.busy
    user.window.actions_["compare"].trigger()
    until(lambda: reads)
    assert not any(reads)
    window = comparison_of(user.window)
    until(lambda: window.compared is not None and not window.walk.busy)
    assert window.compared.left.click.outcome.pfn == pfn
    window.close()


def test_a_change_of_the_theme_recolours_the_processes(compared) -> None:
    other = next(theme for theme in (LIGHT, DARK) if theme is not compared._theme)
    before = [dict(side.rmap._colours) for side in compared.sides]
    compared.set_theme(other)
    for side, was in zip(compared.sides, before, strict=True):
        assert side.rmap._colours == other.of_tasks(side.rmap.graph.numbers) and side.rmap._colours.keys() == was.keys()
    assert before[0] != compared.sides[0].rmap._colours


def test_the_machine_in_the_window_is_left_alone(user, qtbot) -> None:
    digest, position = user.session.machine.gate.digest(), user.session.position
    user.window.controller.selection.select(user.frame("srv:heap+1"))
    user.window.actions_["compare"].trigger()
    window = comparison_of(user.window)
    until(lambda: window.compared is not None)
    QTest.keyClick(window, Key.Key_Home)
    assert user.session.machine.gate.digest() == digest and user.session.position == position


def the_matrix_has_a_column_for_every_kernel_early_and_late(compared) -> None:
    compared.way.setCurrentIndex(compared.way.findData("matrix"))
    compared.choose("matrix")
    until(lambda: not compared.building and compared.rows)
    heads = compared.table.facts.heads
    assert heads == [f"{listed(name)}, {kill} kill" for name in reversed(PROFILES) for kill in ("early", "late")]
    assert not compared.sides[0].isVisible() and not compared.bar.slider.isVisible()
    rows = {(row.aspect, row.subject): [value.text for value in row.values] for row in compared.rows}
    assert rows["Afterwards", "srv:101, w0:102, w1:103 and w2:104"] == ["Killed", "Dies on touch"] * len(PROFILES)
    assert len(compared.table.facts.rows) < len(compared.rows)
    assert "Also list what is equal" in compared.all.text()
    compared.all.click()
    assert len(compared.table.facts.rows) == len(compared.rows)
    compared.choose("early")
    until(lambda: compared.compared is not None)
    assert compared.sides[0].isVisible() and len(compared.table.facts.heads) == 2


def what_a_kernel_changed_is_lit_and_opens_beside_the_present_machine(compared) -> None:
    compared.choose("matrix")
    until(lambda: not compared.building and compared.rows)
    facts, names = compared.table.facts, list(PROFILES)
    for row in facts.rows:
        lit = [number for number in range(len(facts.heads)) if facts.is_lit(row, number)]
        texts = [value.text for value in row.values]
        assert lit == [number for number in range(len(texts) - 2) if texts[number] != texts[number + 2]]
    assert any(facts.is_lit(row, len(facts.heads) - 3) for row in facts.rows)
    assert compared.subject.text().endswith("Lit: not as in the older kernel to its right")
    column = 3 + 1
    compared.table.doubleClicked.emit(facts.index(0, column))
    until(lambda: compared.compared is not None and not compared.building)
    left, right = (side.settings for side in (compared.compared.left, compared.compared.right))
    assert (right.profile, right.sysctl["memory_failure_early_kill"]) == (names[-1], 0)
    assert left == compared._base


def what_a_row_is_about_stays_in_view(compared) -> None:
    compared.choose("matrix")
    until(lambda: not compared.building and compared.rows)
    compared.resize(900, 600)
    table = compared.table
    until(lambda: table.horizontalScrollBar().maximum() > 0)
    frozen, bar = table.frozen, table.horizontalScrollBar()
    assert not frozen.isVisible()
    bar.setValue(bar.maximum())
    until(frozen.isVisible)
    table.selectRow(1)
    table.verticalScrollBar().setValue(table.verticalScrollBar().maximum())
    for row in range(len(table.facts.rows)):
        here, there = (view.visualRect(table.facts.index(row, 1)) for view in (frozen, table))
        assert (here.y(), here.height(), here.width()) == (there.y(), there.height(), there.width())
        assert frozen.selectionModel().isRowSelected(row) is (row == 1)
    top, bottom = (view.viewport().mapToGlobal(QPoint(0, 0)) for view in (frozen, table))
    assert top == bottom and [frozen.isColumnHidden(column) for column in range(4)] == [
        False,
        False,
        True,
        True,
    ]
    bar.setValue(0)
    until(lambda: not frozen.isVisible())


def test_the_present_machine_opens_beside_its_other_policy(compared) -> None:
    compared.choose("matrix")
    until(lambda: not compared.building and compared.rows)
    present = next(number for number, one in enumerate(compared._shown) if one.settings == compared._base)
    compared.table.setCurrentIndex(compared.table.facts.index(0, 3 + present))
    QTest.keyClick(compared.table, Qt.Key.Key_Return)
    until(lambda: compared.compared is not None and not compared.building)
    left, right = (side.settings for side in (compared.compared.left, compared.compared.right))
    assert right == compared._base and left.profile == right.profile and left.sysctl != right.sysctl
    assert not any(compared.table.facts.is_lit(row, side) for row in compared.rows for side in (0, 1))


def test_a_comparison_is_exported_as_it_is_listed(compared, tmp_path) -> None:
    compared.choose("matrix")
    until(lambda: not compared.building and compared.rows)
    for suffix in (".md", ".csv", ".txt", ".png"):
        compared.export.save_as(tmp_path / f"c{suffix}")
    rows = list(csv.reader((tmp_path / "c.csv").read_text().splitlines()))
    assert rows[0][3:] == compared.table.facts.heads and len(rows) == len(compared.table.facts.rows) + 1
    assert {row[0] for row in rows[1:]} == {"differs"}
    row = "| differs | Afterwards | srv:101, w0:102, w1:103, w2:104 | Killed | Dies on touch |"
    assert row in (tmp_path / "c.md").read_text()
    assert not any("Lit:" in (tmp_path / f"c{suffix}").read_text() for suffix in (".md", ".csv", ".txt"))
    assert "Afterwards\tsrv:101, w0:102, w1:103, w2:104\tKilled" in (tmp_path / "c.txt").read_text()
    picture = QImage(str(tmp_path / "c.png"))
    assert picture.height() > 20 * len(compared.table.facts.rows)
    compared.export.copy()
    assert QApplication.clipboard().text() == (tmp_path / "c.md").read_text()


def test_the_matrix_of_every_kernel_early_and_late(compared) -> None:
    """It is listed, read, and opens what it lists."""
    what_a_row_is_about_stays_in_view(compared)
    the_matrix_has_a_column_for_every_kernel_early_and_late(compared)
    what_a_kernel_changed_is_lit_and_opens_beside_the_present_machine(compared)


def test_branch_against_branch(user) -> None:
    window, c, session = user.window, user.window.controller, user.session
    user.click_frame(user.frame("srv:heap+1"))
    c.finish()
    c.seek(session.operations[-1].first)
    c.act("sysctl", {"name": "memory_failure_early_kill", "value": 0})
    user.click_frame(user.frame("srv:heap+1"))
    c.finish()
    c.act("write", {"task": "w0", "at": "heap+1", "value": "x", "thread": 0})
    assert len(session.branches.kept) == 1
    window.actions_["compare"].trigger()
    shown = comparison_of(window)
    shown.choose("lines")
    until(lambda: shown.compared is not None)
    assert [head.partition(":")[0] for head in shown.table.facts.heads] == ["this line", "branch 1"]
    rows = texts(shown)
    assert rows["Counter", "Killed"] == ("1", "4")
    left, right = (side.side for side in shown.sides)
    shown.walk.seek(shown.last)
    assert left.session.position == len(left.session.steps) and right.session.position == len(right.session.steps)
    assert "w0" in {task.name for task in left.session.machine.processes.view.values() if task.ended}
    shown.choose("early")
    until(lambda: shown.compared is not None and not shown.building)
    assert [head.partition(",")[2] for head in shown.table.facts.heads] == [
        " early kill, recovery on",
        " late kill, recovery on",
    ]
    shown.close()


def test_the_two_reverse_maps_are_one_view(open_window) -> None:
    session = Session.fresh(4096)
    do(session, "task", name="top")
    do(session, "mmap", task="top", name="m", pages=1)
    do(session, "write", task="top", at="m+0", value="x")
    for number in range(60):
        do(session, "fork", task="top", child=f"worker-{number}")
    user = open_window(session)
    user.window.controller.selection.select(user.frame("top:m+0"))
    user.window.actions_["compare"].trigger()
    window = comparison_of(user.window)
    until(lambda: window.compared is not None)
    window.walk.seek(window.last)
    until(lambda: all(side.rmap.graph is not None for side in window.sides))
    left, right = (side.rmap for side in window.sides)
    assert left._layout.rows[1].is_group
    left._press(1)
    assert len(left._layout.rows) == len(right._layout.rows) > 60
    right.verticalScrollBar().setValue(200)
    assert left.verticalScrollBar().value() == right.verticalScrollBar().value() == 200
    right._press(1)
    assert len(left._layout.rows) == len(right._layout.rows) < 60
    window.close()


def test_a_comparison_is_kept_and_made_again_from_the_menu(user) -> None:
    window = user.window
    window.keeping.work.mark_saved(window.keeping.work.present)
    user.click_frame(user.frame("srv:heap+1"))
    window.keeping.work.mark_saved(window.keeping.work.present)
    window.comparison.open()
    shown = comparison_of(window)
    until(lambda: not shown.building and shown.rows)
    said = shown.words.text()
    shown.close()
    (kept,) = window.controller.session.comparisons
    assert (kept.way, kept.said) == ("early", said) and window.keeping.work.any
    assert window.keeping.saving.document().comparisons == (kept,)
    assert "1 comparison" in window.keeping.work.words
    menu = window.menu_of["&Frame > Compare a&gain"]
    menu.aboutToShow.emit()
    assert menu.actions()[0].text().endswith(f"early against late kill: {said}")
    window.controller.seek(0)
    menu.actions()[0].trigger()
    again = comparison_of(window)
    until(lambda: not again.building and again.rows)
    assert again.words.text() == said and len(window.controller.session.comparisons) == 1
    again.close()
    window.actions_["forget-compared"].trigger()
    menu.aboutToShow.emit()
    assert menu.actions()[0].text() == "No comparisons yet"


@pytest.mark.parametrize("percent", [100, 150])
def test_headline_and_sentences_are_whole_at_ordinary_sizes(user, compared, percent: int) -> None:
    user.window.appearance.choose_text_size(percent)
    for size in ((1024, 700), (1180, 740)):
        compared.resize(*size)
        QApplication.processEvents()
        words = compared.words
        assert words.height() >= words.heightForWidth(words.width())
        for side in compared.sides:
            assert "Lost: " in side.sentence.detail.text()
            assert not side.sentence.text.is_cut and not side.sentence.detail.is_cut


@pytest.mark.parametrize("entry", ["Compare…", "Every kernel…"])
def test_the_menu_of_a_frame_compares_what_becomes_of_that_frame(user, entry: str) -> None:
    pfn = user.frame("srv:heap+1")
    user.window.controller.selection.select(user.frame("/srv/data@1"))
    user.choose(user.window.menus.frame_menu(pfn), entry)
    window = comparison_of(user.window)
    assert window._recipe.click.args["frame"] == f"pfn:{pfn:#x}"
    assert (window.way.currentData() == "matrix") == (entry == "Every kernel…")
    user.window.comparison.stop()
