"""The tasks panel: policies and dispositions set in place and by menu, selection, sorting."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QTableView

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.rmap.view import RmapView
from hwpoison_gui.gui.tables.task_model import COLUMNS, TGID_ROLE
from hwpoison_gui.gui.tables.tasks import TaskTable
from hwpoison_gui.gui.window.commands.key_list import key_list
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.scenario.scenario import Scenario
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.impacts import IMPACTS, Fate
from hwpoison_gui.view.base.moment import title
from hwpoison_gui.view.base.natural import natural
from hwpoison_gui.view.rows.tasks import task_rows
from tests.gui.conftest import workers
from tests.gui.hands import Person
from tests.gui.waiting import until
from tests.workbench import crowd, do

Key = Qt.Key


def cell(user, name: str, field: str):
    table = user.window.docks["tasks"].content()
    column = [column.field for column in COLUMNS].index(field)
    for row in range(table.order.rowCount()):
        if user.session.machine.processes.view[table.order.index(row, 1).data(TGID_ROLE)].name == name:
            return table.order.index(row, column)
    raise AssertionError(name)


def choose(user, name: str, field: str, word: str) -> None:
    """As a user does: open the cell's list, choose, and be done."""
    table = user.window.docks["tasks"].content()
    index = cell(user, name, field)
    table.setCurrentIndex(index)
    table.edit(index)
    box = table.findChild(QComboBox)
    assert box is not None
    box.hidePopup()
    box.setCurrentText(word)
    box.activated.emit(box.currentIndex())
    QApplication.processEvents()
    # Without a window manager the window does not become active again when the list closes.
    user.window.activateWindow()
    until(user.window.isActiveWindow)


def test_a_policy_chosen_in_the_table_is_an_act(user) -> None:
    choose(user, "w1", "policy", "late")
    operation = user.session.operations[-1]
    assert (operation.name, operation.args["task"], operation.args["mce_kill"]) == ("prctl", "w1", "late")
    assert cell(user, "w1", "policy").data() == "late"
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End)
    assert user.alive("srv", "w0", "w1", "w2") == [False, False, True, False]


def a_handler_survives(user) -> None:
    user.choose(user.window.menus.task_menu(user.session.world.task_names.view["w0"]), "SIGBUS", "handler")
    assert cell(user, "w0", "sigbus").data() == "handler"
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End)
    assert user.alive("srv", "w0") == [False, True]
    assert "caught" in user.window.sentence.text.text()


def what_stays_the_same_is_no_act(user) -> None:
    steps = len(user.session.steps)
    choose(user, "w1", "policy", "default")
    assert len(user.session.steps) == steps


def test_the_dead_cannot_be_edited(user) -> None:
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End)
    index = cell(user, "w1", "policy")
    assert not index.flags() & Qt.ItemFlag.ItemIsEditable
    menu = user.window.menus.task_menu(user.session.world.task_names.view["w1"])
    assert all(not action.isEnabled() for action in menu.actions() if action.text() in ("Read a page", "Let it exit"))


def a_selected_task_is_outlined_on_the_map_in_its_colour(user) -> None:
    window = user.window
    tgid = user.session.world.task_names.view["w1"]
    table = window.docks["tasks"].content()
    table.setFocus()
    table.selectRow(cell(user, "w1", "name").row())
    assert window.controller.selection.task == tgid
    roles = {highlight.role: highlight for highlight in window.map.view.item.highlights}
    owned = next(highlight for role, highlight in roles.items() if role.colour >= 0)
    assert user.frame("w1:heap+0") in owned.pfns and owned.role.name == "selected"
    user.key(Key.Key_Escape, table)
    assert window.controller.selection.task is None
    assert not any(highlight.role.colour >= 0 for highlight in window.map.view.item.highlights)


def test_home_and_end_are_the_steps_that_the_menu_names_and_other_keys_move_in_the_table(user) -> None:
    table, session = user.window.docks["tasks"].content(), user.session
    user.click_frame(user.frame("srv:heap+1"))
    me = Person(user.qtbot, user.window)
    me.click(table.viewport(), me.row(table, "srv", 1))
    assert table.hasFocus()
    me.press(Key.Key_End)
    assert session.position == len(session.steps)
    before, here = session.position, table.currentIndex()
    me.press(Key.Key_Down)
    me.press(Key.Key_PageDown)
    assert table.currentIndex().row() > here.row() + 1 and session.position == before
    me.press(Key.Key_Home)
    assert session.position == 0


def test_home_and_end_are_steps_in_every_panel_and_with_ctrl_the_first_and_the_last_row(user) -> None:
    window, session = user.window, user.session
    window.controller.fire(user.frame("srv:heap+1"))
    user.key(Key.Key_End)
    seen = set()
    for name, dock in window.docks.items():
        window.show_panel(name)
        until(lambda dock=dock: dock.in_front and not window.controller.busy)
        views = [*dock.findChildren(QAbstractItemView), *dock.findChildren(RmapView)]
        for view in views:
            if not view.isVisible() or view.focusPolicy() == Qt.FocusPolicy.NoFocus or view.window() is not window:
                continue
            view.setFocus()
            QTest.keyClick(view, Key.Key_Home)
            assert session.position == 0, name
            QTest.keyClick(view, Key.Key_End)
            assert session.position == len(session.steps), name
            window.present.finish()
            model = view.model() if isinstance(view, QAbstractItemView) else None
            if isinstance(view, QTableView) and model.rowCount() > 1:
                for key, row in ((Key.Key_End, model.rowCount() - 1), (Key.Key_Home, 0)):
                    QTest.keyClick(view, key, Qt.KeyboardModifier.ControlModifier)
                    assert view.currentIndex().row() == row and session.position == len(session.steps), name
            seen.add(name)
    assert {"tasks", "pages", "vmas", "files", "log", "why", "rmap", "assess", "kernels"} <= seen
    assert "Ctrl+Home" in key_list(window.actions_)


def test_a_task_stays_selected_while_steps_go_by_until_the_next_click(user) -> None:
    window = user.window
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End)
    window.docks["tasks"].content().selectRow(cell(user, "other", "name").row())
    chosen = window.controller.selection.task
    user.key(Key.Key_Home, window.map.view)
    assert window.docks["tasks"].content().tasks.rows == []
    user.key(Key.Key_End, window.map.view)
    assert window.controller.selection.task == chosen == user.session.world.task_names.view["other"]
    assert window.docks["tasks"].content().selected() == chosen
    user.click_frame(user.frame("any:free"))
    assert window.controller.selection.task is None and window.docks["tasks"].content().selected() is None


def every_column_sorts(user, field: str) -> None:
    column = [column.field for column in COLUMNS].index(field)
    table = user.window.docks["tasks"].content()
    table.sortByColumn(column, Qt.SortOrder.AscendingOrder)
    shown = [table.order.mapToSource(table.order.index(row, 0)).row() for row in range(table.order.rowCount())]
    values = [getattr(table.tasks.rows[row], field) for row in shown]
    assert values == sorted(values, key=natural if isinstance(values[0], str) else None)


def a_task_reads_a_page_from_its_menu(user) -> None:
    tgid = user.session.world.task_names.view["w2"]
    menu = user.window.menus.task_menu(tgid)
    pages = next(action for action in menu.actions() if action.text() == "Read a page").menu()
    entry = next(action for action in pages.actions() if action.text().startswith("heap+0"))
    entry.trigger()
    user.key(Key.Key_End)
    assert user.session.operations[-1].name == "read"
    assert "“v0”" in user.window.sentence.text.text()


def test_a_page_is_read_and_a_handler_survives(user) -> None:
    """What the menu of a task does."""
    a_task_reads_a_page_from_its_menu(user)
    a_handler_survives(user)


def a_row_can_be_copied(user) -> None:
    user.window.docks["tasks"].content().show_selected(user.session.world.task_names.view["w1"])
    assert user.window.docks["tasks"].content().chosen().split("\t")[1] == "w1"


def test_the_living_have_a_fate_once_the_error_is_through(user) -> None:
    choose(user, "w0", "policy", "late")
    choose(user, "w1", "sigbus", "handler")
    user.click_frame(user.frame("srv:heap+1"))
    assert cell(user, "w0", "killed_by").data() == ""
    user.key(Key.Key_End)
    fates = {name: cell(user, name, "killed_by").data() for name in ("srv", "w0", "w1", "other")}
    assert fates == {"srv": "SIGBUS AO", "w0": "dies on touch", "w1": "signalled", "other": ""}
    assert "Dies on touch" in cell(user, "w0", "killed_by").data(Qt.ItemDataRole.ToolTipRole)
    do(user.session, "read", task="w0", at="heap+1")
    assert cell(user, "w0", "killed_by").data() == "SIGBUS AR"


def no_digit_of_a_number_is_elided(user) -> None:
    table = user.window.docks["tasks"].content()
    huge = [row._replace(rss_kb=123_456_789_012, tgid=4_194_303) for row in table.tasks.rows[:1]]
    table.set_rows(huge, frozen=False)
    for number, column in enumerate(COLUMNS):
        if column.number:
            words = str(table.order.index(0, number).data())
            assert table.columnWidth(number) >= table.fontMetrics().horizontalAdvance(words) + 2 * look.SMALL


def test_a_table_that_nobody_changes(user) -> None:
    """Sorting, copying, and what stays the same."""
    what_stays_the_same_is_no_act(user)
    a_row_can_be_copied(user)
    a_selected_task_is_outlined_on_the_map_in_its_colour(user)
    for column in COLUMNS:
        every_column_sorts(user, column.field)
    no_digit_of_a_number_is_elided(user)


def test_no_head_is_elided_without_processes(open_window) -> None:
    table = open_window(Session.fresh(4096)).window.docks["tasks"].content()
    head = table.horizontalHeader()
    assert not table.tasks.rows
    for number, column in enumerate(COLUMNS):
        words = head.fontMetrics().horizontalAdvance(column.head) + 2 * look.SMALL
        assert table.isColumnHidden(number) or head.sectionSize(number) >= words, column.head


def test_a_disposition_set_for_many_is_one_operation(user) -> None:
    window, table, session = user.window, user.window.docks["tasks"].content(), user.session
    before, done = session.position, len(session.operations)
    table.setFocus()
    table.setCurrentIndex(cell(user, "srv", "name"))
    QTest.keyClick(table, Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(table, Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    names = [session.machine.processes.view[tgid].name for tgid in table.selected_tasks()]
    assert names == ["srv", "w0", "w1"] and window.controller.selection.task == table.selected()
    user.choose(window.menus.tasks_menu(table.selected_tasks()), "SIGBUS", "handler")
    assert [cell(user, name, "sigbus").data() for name in (*names, "w2")] == ["handler"] * 3 + ["default"]
    assert [op.name for op in session.operations[done:]] == ["sigaction"] * 3
    shown = [chip for chip in window.operations.chips[done:] if not chip.joined]
    assert [chip.title for chip in shown] == [f"{title('sigaction', session.operations[done].args)}, and 2 more"]
    assert table.selected_tasks() == [session.world.task_names.view[name] for name in names], "the choice stays"
    window.actions_["previous"].trigger()
    assert session.position == before
    assert [cell(user, name, "sigbus").data() for name in names] == ["default"] * 3
    window.actions_["next"].trigger()
    assert session.position == len(session.steps)
    QTest.keyClick(window.operations, Key.Key_Left)
    assert session.position == before
    QTest.keyClick(window.operations, Key.Key_Right)
    assert session.position == len(session.steps)
    user.choose(window.menus.tasks_menu(table.selected_tasks()), "SIGBUS", "handler")
    assert len(session.operations) == done + 3, "all of them have it already"


def test_an_edit_in_one_of_many_selected_rows_is_for_all(user) -> None:
    window, table, session = user.window, user.window.docks["tasks"].content(), user.session
    table.setFocus()
    table.selectAll()
    tgid = session.world.task_names.view["w1"]
    table.tasks.edited.emit("policy", "w1", "late")
    assert {m.mce_kill for m in session.machine.tasks.view.values()} == {"late"}
    assert len({op.telling.joined for op in session.operations[-3:]}) == 1
    menu = window.menus.tasks_menu([tgid, *table.selected_tasks()[:2]])
    under = next(action for action in menu.actions() if action.text().startswith("Policy")).menu()
    assert [action.text() for action in under.actions() if action.isChecked()] == ["late"]
    assert len(table.chosen().split("\n")) == len(table.tasks.rows)


def test_a_group_is_one_step_back_in_a_branch_too(user) -> None:
    window, session = user.window, user.session
    before = session.position
    window.controller.set_tasks("sigbus", ["w0", "w1"], "ignored")
    window.controller.seek(before)
    window.controller.act("exit", {"task": "w2"})
    window.controller.go_along(session.branches.kept[0].operations)
    until(lambda: not window.controller.work.busy)
    window.actions_["previous"].trigger()
    assert session.position == before


def test_it_scrolls_to_those_who_use_the_frame_and_to_those_who_are_hit(open_window) -> None:
    session = workers()
    for number in range(40):
        do(session, "task", name=f"early-{number}")
        do(session, "mmap", task=f"early-{number}", name="m", pages=1)
    do(session, "fork", task="srv", child="late")
    do(session, "mmap", task="late", name="own", pages=1)
    do(session, "write", task="late", at="own+0", value="x")
    user = open_window(session)
    table, controller = user.window.docks["tasks"].content(), user.window.controller

    def seen() -> set[str]:
        rows = range(table.order.rowCount())
        return {
            table.order.index(row, 1).data().partition(":")[0]
            for row in rows
            if table.viewport().rect().contains(table.visualRect(table.order.index(row, 1)))
        }

    controller.selection.select(user.frame("any:free"))
    table.scrollToTop()
    assert "late" not in seen()
    controller.selection.select(user.frame("late:own+0"))
    assert "late" in seen()
    controller.selection.select(user.frame("srv:heap+1"))
    assert {"srv", "w0", "w1", "w2"} <= seen(), "the first of many"
    table.scrollToBottom()
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Qt.Key.Key_End)
    assert {"srv", "w0", "w1", "w2"} <= seen(), "at the end of the operation, too"
    table.scrollToBottom()
    user.window.present.looked.emit()
    assert "late" in seen(), "who has scrolled away is not taken back"


def no_word_of_a_state_policy_or_disposition_is_elided(user, percent: int) -> None:
    window, table = user.window, user.window.docks["tasks"].content()
    try:
        window.appearance.choose_text_size(percent)
        QApplication.processEvents()
        for sigbus in ("handler", "ignored", "blocked", "default"):
            for policy in ("default", "early", "late"):
                row = table.tasks.rows[0]._replace(
                    sigbus=sigbus, policy=policy, pending="SIGBUS", state="killed", killed_briefly="SIGBUS AO"
                )
                table.set_rows([row, *table.tasks.rows[1:]], frozen=False)
                for number, column in enumerate(COLUMNS):
                    if table.isColumnHidden(number):
                        assert column.head in table.left_out
                        assert column.head in window.docks["tasks"].head.subject.text()
                    elif column.field in ("state", "policy", "sigbus", "pending", "killed_by"):
                        wanted = table.sizeHintForIndex(table.order.index(0, number)).width()
                        assert wanted <= table.columnWidth(number), (column.head, sigbus, policy)
    finally:
        look.set_text_size(look.USUAL_TEXT)


def test_no_word_is_elided_at_any_size_of_text(user) -> None:
    """Of a state, a policy or a disposition."""
    for percent in (100, 115, 150, 200):
        no_word_of_a_state_policy_or_disposition_is_elided(user, percent)


def test_the_task_of_the_step_stays_in_sight_when_the_table_becomes_lower(open_window) -> None:
    session = workers()
    for number in range(30):
        do(session, "task", name=f"after-{number}")
    user = open_window(session)
    table = user.window.docks["tasks"].content()
    last = table.tasks.rows[8].tgid
    table.scrollToTop()
    table.resize(table.width(), 400)
    table.reveal(last)
    table.resize(table.width(), 160)
    assert table.viewport().rect().contains(table.visualRect(table._index_of(last)))
    table.scrollToTop()
    table.resize(table.width(), 150)
    assert table.verticalScrollBar().value() == 0, "not after the user has scrolled"


def test_in_a_small_window_nothing_scrolls_sideways_and_what_is_left_out_is_said(open_window) -> None:
    user = open_window(workers(), (900, 600))
    window, dock = user.window, user.window.docks["tasks"]
    table = dock.content()
    until(lambda: table.left_out != [])
    fields = [column.field for column in COLUMNS]
    assert table.horizontalScrollBar().maximum() == 0 and not table.isColumnHidden(fields.index("killed_by"))
    assert all(head in dock.head.subject.text() for head in table.left_out)
    window.resize(1900, 1000)
    until(lambda: table.left_out == [])
    assert "no room" not in dock.head.subject.text() and not any(map(table.isColumnHidden, range(len(COLUMNS))))


def test_no_number_and_no_fate_is_elided(open_window) -> None:
    window = open_window(workers(), (1600, 900)).window
    table = window.docks["tasks"].content()
    rows = [row._replace(rss_kb=545_448, threads=1234) for row in table.tasks.rows]
    table.set_rows(rows, frozen=False)
    for kind in IMPACTS:
        table.set_colours({}, {rows[0].tgid: Fate(kind, 7)})
        for number, column in enumerate(COLUMNS):
            assert (
                table.isColumnHidden(number)
                or table.columnWidth(number) >= table.sizeHintForIndex(table.order.index(0, number)).width()
            ), (column.head, kind)


@pytest.mark.parametrize(("scenario", "said"), [(Scenario("made"), "no process"), (None, "no process was captured")])
def test_only_of_memory_that_was_captured_are_processes_missing(
    open_window, scenario: Scenario | None, said: str
) -> None:
    user = open_window(Opened(Session.fresh(4096), "a test", scenario))
    assert user.window.docks["tasks"].head.subject.text() == said


@pytest.fixture
def crowded(qtbot) -> TaskTable:
    """A table of the processes top and worker-0 to worker-119, scrolled to the last of them."""
    table = TaskTable()
    qtbot.addWidget(table)
    table.resize(600, 300)
    table.set_rows(task_rows(crowd(120)), frozen=False)
    table.show()
    table.scrollToBottom()
    return table


def click_head(table: TaskTable, field: str) -> None:
    head = table.horizontalHeader()
    column = [column.field for column in COLUMNS].index(field)
    middle = QPoint(head.sectionViewportPosition(column) + head.sectionSize(column) // 2, head.height() // 2)
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=middle)


def test_names_are_sorted_by_their_numbers(crowded: TaskTable) -> None:
    click_head(crowded, "name")
    names = [crowded.order.index(row, 1).data() for row in range(crowded.order.rowCount())]
    assert names == ["top", *(f"worker-{number}" for number in range(120))]


def test_after_a_click_on_a_head_the_first_row_is_seen(crowded: TaskTable) -> None:
    crowded.selectRow(0)
    crowded.scrollToBottom()
    click_head(crowded, "name")
    assert crowded.rowAt(0) == 0, "the selected row was not in view before"


def test_a_selected_row_in_view_stays_in_view_when_the_table_is_sorted(crowded: TaskTable) -> None:
    crowded.selectRow(crowded.order.rowCount() - 1)
    click_head(crowded, "tgid")
    click_head(crowded, "tgid")
    assert crowded.currentIndex().row() == 0 == crowded.rowAt(0), "in descending order it is the first"
    click_head(crowded, "name")
    here = crowded.visualRect(crowded.currentIndex())
    assert crowded.currentIndex().row() == 120 and crowded.viewport().rect().contains(here)
