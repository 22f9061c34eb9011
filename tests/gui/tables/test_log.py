"""The kernel log: long lines are broken, and still are lines for whoever chooses, copies or follows them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from hwpoison_gui.gui.tables.log import LogView
from hwpoison_gui.kernel.records import LogLine
from tests.gui.waiting import until

LINES = [f"MCE 0x4f64: Killing python3:{number} early due to hardware memory corruption" for number in range(30)]
Role = Qt.ItemDataRole


@pytest.fixture
def view(qtbot: QtBot) -> LogView:
    made = LogView()
    qtbot.addWidget(made)
    made.resize(300, 200)
    made.show()
    qtbot.waitExposed(made)
    made.set_lines([LogLine(line) for line in LINES], frozenset({29}))
    return made


def rows(view: LogView) -> list[str]:
    return [view.log.index(row).data() for row in range(view.log.rowCount())]


def test_no_row_sticks_out_and_none_is_lost(view: LogView) -> None:
    assert len(rows(view)) > len(LINES)
    assert view.sizeHintForColumn(0) <= view.viewport().width()
    assert " ".join(" ".join(rows(view)).split()) == " ".join(LINES)
    view.resize(1200, 200)
    assert rows(view) == LINES
    view.resize(300, 200)
    view.set_lines([LogLine(line) for line in LINES[:2]], frozenset())
    assert " ".join(" ".join(rows(view)).split()) == " ".join(LINES[:2])


def test_a_broken_line_is_chosen_and_copied_as_a_whole(view: LogView, qtbot: QtBot) -> None:
    first, last = view.log.rows_of(3)
    assert last > first
    with qtbot.waitSignal(view.lineActivated) as asked:
        view.scrollTo(view.log.index(last))
        place = view.visualRect(view.log.index(last)).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert len(view.selectedIndexes()) == last - first + 1
        QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        assert QApplication.clipboard().text() == LINES[3]
        QTest.keyClick(view, Qt.Key.Key_Return)
    assert asked.args == [3]
    assert view.log.index(first).data(Role.AccessibleTextRole) == LINES[3]


def test_the_newest_line_stays_in_view_when_the_room_changes(view: LogView) -> None:
    end = view.log.index(view.log.rowCount() - 1)
    assert view.viewport().rect().contains(view.visualRect(end))
    view.resize(1200, 200)
    assert view.viewport().rect().contains(view.visualRect(view.log.index(view.log.rowCount() - 1)))


def many(count: int, words: str = "due to hardware memory corruption") -> list[LogLine]:
    return [LogLine(f"Memory failure: 0x4f64: Sending SIGBUS to p:{n} {words}", pfn=n % 7) for n in range(count)]


def test_thousands_of_lines_are_listed_between_events_and_none_is_lost(view: LogView) -> None:
    lines = many(20_000)
    view.set_lines(lines, frozenset({19_999}))
    view.show_frame(3)
    assert len(view.log.lines) < len(lines), "the window handles events meanwhile"
    until(lambda: view.is_complete)
    assert " ".join(" ".join(rows(view)).split()) == " ".join(line.text for line in lines)
    chosen = {view.log.line_at(index.row()) for index in view.selectedIndexes()}
    assert chosen and {lines[line].pfn for line in chosen} == {3} and max(chosen) == 19_995
    assert view.viewport().rect().contains(view.visualRect(view.log.index(view.log.rows_of(19_995)[1])))
    assert view.log.data(view.log.index(view.log.rowCount() - 1), Role.BackgroundRole) is not None


def test_lines_replaced_or_wrapped_anew_while_they_are_being_listed_are_those_shown(view: LogView) -> None:
    before, after = many(20_000), many(20_000, "now")[:300] + many(12_000)[300:]
    view.set_lines(before, frozenset())
    view.resize(420, 200)
    assert view.log.lines != before
    view.set_lines(before[:100] + after[100:], frozenset())
    view.resize(360, 200)
    until(lambda: view.is_complete)
    assert view.log.lines == before[:100] + after[100:]
    assert " ".join(" ".join(rows(view)).split()) == " ".join(line.text for line in view.log.lines)
    assert view.sizeHintForColumn(0) <= view.viewport().width()
    last = view.log.index(view.log.rowCount() - 1)
    assert view.viewport().rect().contains(view.visualRect(last))


def test_lines_that_came_while_it_was_hidden_end_in_view_when_it_is_shown(qtbot: QtBot) -> None:
    view = LogView()
    qtbot.addWidget(view)
    view.resize(900, 400)
    view.set_lines([LogLine(line) for line in LINES], frozenset())
    view.resize(300, 120)
    view.show()
    until(lambda: view.viewport().rect().contains(view.visualRect(view.log.index(view.log.rowCount() - 1))))
    view.scrollToTop()
    view.hide()
    view.show()
    QApplication.processEvents()
    assert view.verticalScrollBar().value() == 0, "nothing is new: it stays where the user left it"
