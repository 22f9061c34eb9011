"""The lists of the most dangerous frames, processes and files: what the command line says, linked with the map."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from hwpoison_gui.gui.tables import dangers_link
from hwpoison_gui.gui.tables.dangers import AssessPanel
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.worst import Ranking, tolls_of_processes, worst_processes
from hwpoison_gui.view.rows.dangers import FILES, FRAMES, PROCESSES, frame_dangers
from tests.gui.waiting import until


@pytest.fixture(name="panel")
def _panel(user) -> AssessPanel:
    user.window.show_panel("assess")
    return user.window.docks["assess"].content()


def choose(panel: AssessPanel, name: str) -> None:
    by = panel.table.tools.by
    by.setCurrentIndex(by.findData(name))
    until(lambda: panel.worst.shown == name and bool(panel.worst.rows.rows))


def test_the_worst_frames_are_those_of_the_ranking(user, panel: AssessPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dangers_link, "AT_FIRST", 2)
    choose(panel, FRAMES)
    ranking = Ranking(Damage.of(user.session.machine))
    assert panel.worst.rows.rows == frame_dangers(ranking.worst(2))
    assert "ranked by panic" in user.window.docks["assess"].head.subject.text()
    more = panel.table.tools.more
    assert more.isEnabled()
    while more.isEnabled():
        before = len(panel.worst.rows.rows)
        more.click()
        until(lambda before=before: len(panel.worst.rows.rows) > before)
    assert panel.worst.rows.rows == frame_dangers(ranking.worst(1000))


def test_a_row_selects_its_frames_and_a_frame_its_row(user, panel: AssessPanel) -> None:
    choose(panel, FRAMES)
    selection, ranking = user.window.controller.selection, Ranking(Damage.of(user.session.machine))
    panel.worst.setFocus()
    assert selection.marked == () and panel.worst.current_key() < 0  # only looking
    QTest.keyClick(panel.worst, Qt.Key.Key_Down)
    QTest.keyClick(panel.worst, Qt.Key.Key_Down)
    one = ranking.worst(2)[1]
    assert selection.frame == one.pfn == panel.worst.current_key()
    assert selection.marked == tuple(ranking.alike(one.pfn).tolist())
    other = next(row for row in ranking.worst(10) if row.alike > 1)
    selection.select(int(ranking.alike(other.pfn)[-1]))
    until(lambda: panel.worst.current_key() == other.pfn)


def test_the_menu_of_a_row_breaks_its_frame_or_all_like_it(user, panel: AssessPanel) -> None:
    choose(panel, FRAMES)
    ranking = Ranking(Damage.of(user.session.machine))
    one = next(row for row in ranking.worst(10) if row.alike > 1)
    panel.worst.setFocus()
    while panel.worst.current_key() != one.pfn:
        QTest.keyClick(panel.worst, Qt.Key.Key_Down)
    QTest.keyClick(panel.worst, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    entries = {action.text(): action for action in menu.actions()}
    assert {"Find its part of DRAM", "Copy", "Break it", f"All {one.alike:,} frames like it"} <= set(entries)
    entries["Break it"].trigger()
    menu.close()
    until(lambda: not user.window.controller.work.busy)
    assert user.session.operations[-1].outcome.pfn == one.pfn


def test_processes_and_files(user, panel: AssessPanel) -> None:
    user.window.controller.act("file", {"path": "/dev/shm/f", "pages": 3, "filesystem": "tmpfs"})
    user.window.controller.act("file", {"path": "/f", "pages": 3})
    until(lambda: not user.window.controller.occupied)
    choose(panel, PROCESSES)
    damage = Damage.of(user.session.machine)
    worst = worst_processes(damage, 10)
    assert [row.key for row in panel.worst.rows.rows] == [one.tgid for one in worst]
    assert worst[0] == max(tolls_of_processes(damage), key=lambda one: one.danger)
    panel.worst.setCurrentIndex(panel.worst.order.index(0, 0))
    assert user.window.controller.selection.task == worst[0].tgid
    choose(panel, FILES)
    panel.worst.setCurrentIndex(panel.worst.order.index(0, 0))
    until(lambda: user.window.filter.text.startswith("path:"))
    assert user.window.filter.count == panel.worst.rows.rows[0].frames
    panel.table.tools.by.setCurrentIndex(0)
    assert panel.currentWidget() is panel.table and panel.table.tools.more.isHidden()


def test_it_follows_what_breaks(user, panel: AssessPanel) -> None:
    choose(panel, FRAMES)
    first = panel.worst.rows.rows[0]
    user.window.controller.act("poison", {"frame": f"pfn:{first.key:#x}"})
    until(lambda: panel.worst.rows.rows[:1] != [first] and bool(panel.worst.rows.rows))
    until(lambda: panel.worst.rows.rows == frame_dangers(Ranking(Damage.of(user.session.machine)).worst(10)))
