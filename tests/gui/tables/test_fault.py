"""The panel of a fault of DRAM: its numbers are those of the damage, it follows the map, and its part can be broken."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from hwpoison_gui.dram.fault import frames_of_fault, parse_fault
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.tables.fault import FaultPanel
from hwpoison_gui.gui.window.dialogs import break_many
from hwpoison_gui.gui.window.dialogs.break_many import BreakMany
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.fault import fault_damage
from hwpoison_gui.view.outcome.many import said_of
from hwpoison_gui.view.outcome.summing import summary_of
from hwpoison_gui.view.rows.fault import fault_notes, fault_rows
from tests.gui.waiting import until


@pytest.fixture(name="panel")
def _panel(user) -> FaultPanel:
    user.window.controller.selection.select(user.frame("srv:heap+1"))
    user.window.actions_["fault"].trigger()
    panel = user.window.docks["fault"].content()
    settle(panel)
    return panel


def settle(panel: FaultPanel) -> None:
    until(lambda: bool(panel.notes.text()))


def assert_as_assessed(user, panel: FaultPanel, text: str) -> None:
    """The panel shows what `assess --fault` says of a part."""
    m, geometry = user.session.machine, user.window.map.dram_geometry()
    fault = parse_fault(text, geometry, m.frames)
    pfns = frames_of_fault(geometry, fault, m.frames)
    wanted = [fault_damage(Damage.of(m, early), pfns) for early in (0, 1)]
    until(lambda: panel.table.rows.rows == fault_rows(wanted))
    assert panel.notes.text() == "\n".join(fault_notes(m, wanted, fault.mode))
    assert panel.line.text() == fault.name(geometry)
    assert panel.answer.text().startswith(f"{len(pfns):,} frame")


def it_shows_the_row_of_the_selected_frame_and_follows_it(user, panel: FaultPanel) -> None:
    pfn = user.frame("srv:heap+1")
    assert_as_assessed(user, panel, f"row:of:{pfn:#x}")
    user.window.controller.selection.select(0x100)
    assert_as_assessed(user, panel, "row:of:0x100")
    mode = panel.tools.mode
    mode.setCurrentIndex(mode.findData("bank"))
    mode.activated.emit(mode.currentIndex())
    assert_as_assessed(user, panel, "bank:of:0x100")


def a_number_is_shown_once_where_the_policies_agree(user, panel: FaultPanel) -> None:
    shown = {row.name.strip(): row.shown for row in panel.table.rows.rows}
    assert shown["signal at once"][0].startswith("0 / ") and shown["signal on touch"][0].endswith(" / 0")
    assert shown["processes hit"][0].isdigit() and "0 B" not in shown["content lost"]


def a_part_is_named_and_what_is_wrong_is_said(user, panel: FaultPanel) -> None:
    panel.named.emit("rwo:of:0x100")
    assert "no such fault mode" in panel.answer.text() and not panel.tools.breaks.isEnabled()
    assert panel.table.rows.rows == [] and not panel.notes.text()
    panel.named.emit("dimm:of:0x100")
    assert_as_assessed(user, panel, "dimm:of:0x100")
    assert panel.tools.mode.currentData() == "dimm"


def test_another_geometry_has_other_rows(user, panel: FaultPanel) -> None:
    user.window.map.set_dram_geometry("haswell")
    assert_as_assessed(user, panel, f"row:of:{user.frame('srv:heap+1'):#x}")


def test_it_is_found_on_the_map_and_broken(user, panel: FaultPanel) -> None:
    window, text = user.window, panel.line.text()
    panel.tools.finds.click()
    until(lambda: window.filter.count is not None)
    pfns = window.filter.frames_of(text)
    foretold, hit = panel.table.rows.rows, panel.notes.text().splitlines()[0]
    assert window.filter.text == text and window.filter.count == len(pfns)
    panel.tools.breaks.click()
    dialog = window.findChild(BreakMany)
    assert dialog.line.text() == text
    dialog.breaks.click()
    until(lambda: not window.controller.work.busy)
    assert all(user.session.machine.page(int(pfn)) & pf.HWPOISON for pfn in pfns)
    until(lambda: "What happened:" in panel.notes.text())
    assert panel.table.rows.rows == foretold  # beside what happened
    assert f"all {len(pfns)} frames" in panel.notes.text() and hit in panel.notes.text()
    assert said_of(summary_of(user.session, user.session.operations[-1])) in panel.notes.text()
    window.actions_["first"].trigger()
    until(lambda: "What happened:" not in panel.notes.text())
    assert_as_assessed(user, panel, text)


def test_a_part_with_too_many_frames_breaks_by_every_nth(user, panel: FaultPanel, monkeypatch) -> None:
    monkeypatch.setattr(break_many, "MOST_FRAMES", 100)
    panel.named.emit("bank:of:0x100")
    pfns = user.window.filter.frames_of("bank:of:0x100")
    step = -(-len(pfns) // 100)
    panel.tools.breaks.click()
    dialog = user.window.findChild(BreakMany)
    assert step > 1 and dialog.line.text() == f"{panel.line.text()} /{step}"
    assert dialog._pfns.tolist() == pfns[::step].tolist() and dialog.breaks.isEnabled()
    dialog.breaks.click()
    until(lambda: "What happened:" in panel.notes.text())
    assert f"Broken already: {len(pfns[::step])} frames of it." in panel.notes.text()


def a_frame_past_memory_is_none(user, panel: FaultPanel) -> None:
    frames = user.session.machine.frames
    panel.named.emit(f"row:of:{frames:#x}")
    assert f"the last frame is {frames - 1:#x}" in panel.answer.text() and not panel.tools.breaks.isEnabled()


def test_a_part_is_followed_and_named(user, panel: FaultPanel) -> None:
    """By the selection, by its mode and by words; numbers that agree are shown once."""
    a_number_is_shown_once_where_the_policies_agree(user, panel)
    it_shows_the_row_of_the_selected_frame_and_follows_it(user, panel)
    a_part_is_named_and_what_is_wrong_is_said(user, panel)
    a_frame_past_memory_is_none(user, panel)


def test_without_a_frame_there_is_no_row_to_ask_about(user) -> None:
    action = user.window.actions_["fault"]
    user.window.controller.selection.select(NONE)
    until(lambda: not action.isEnabled())
    assert "Select a frame first" in action.toolTip()


def test_what_is_computed_is_given_up_behind_another_panel(user, panel: FaultPanel) -> None:
    window, link = user.window, user.window.panels.fault
    link._slices.run(link._computing, link._computed, after_ms=60_000)  # as while the machine is busy
    window.show_panel("tasks")
    until(lambda: not window.docks["fault"].in_front)
    user.click_frame(user.frame("srv:heap+1"))
    window.controller.finish()
    until(lambda: not link._slices.busy)


def test_no_row_is_shown_in_part_at_any_height(user, panel: FaultPanel) -> None:
    table = panel.table
    for percent in (100, 150):
        user.window.appearance.choose_text_size(percent)
        for height in range(180, 420, 35):
            panel.resize(panel.width(), height)
            QApplication.processEvents()
            row, room = table.rowHeight(0), table.viewport().height()
            count = table.order.rowCount()
            assert room >= count * row or (room >= row and room % row == 0), (percent, height, room, row)
            assert (
                room + row > table.parentWidget().height() - table.horizontalHeader().height() - 40
                or room >= count * row
            )
