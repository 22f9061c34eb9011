"""The panel and the lens Kernels: what they show, how they lead to each other, and when they are found again."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt

from hwpoison_gui import resources
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.tables.kernels import KernelTable
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.opening.opening import from_image
from hwpoison_gui.session.fidelity.differences import differences
from hwpoison_gui.sources.machine_file import image_of
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome.between_kernels import find_between
from hwpoison_gui.view.rows.between import BETWEEN_COLUMNS
from tests.gui.conftest import User
from tests.gui.waiting import until

IMAGE = image_of(resources.path("machines/victim_before.npz"))


@pytest.fixture
def server(open_window) -> User:
    """A machine recorded under 6.1."""
    user: User = open_window(from_image(IMAGE))
    user.window.actions_["against-v7"].trigger()
    until(lambda: not user.window.lenses.busy and rows(user))
    return user


def rows(user: User) -> list:
    return user.window.docks["kernels"].content().rows.rows


def chosen(user: User, key: int) -> None:
    table = user.window.docks["kernels"].content()
    table.setCurrentIndex(table.order.mapFromSource(table.rows.index(table.rows.row_of(key), 0)))


def lens_and_panel_show_what_is_found_between_the_two_kernels(server: User) -> None:
    window = server.window
    between = to_the_end(find_between(server.session.machine, PROFILES["v7"]))
    assert [(row.key, row.frames) for row in rows(server)] == [(one.number, one.frames) for one in between.groups]
    assert window.docks["kernels"].in_front and window.lenses.lens.key == "kernels"
    shown = window.map.plane.classes_of(np.arange(server.session.machine.frames))
    names = [window.lenses.lens.classes[code].name for code in shown.tolist()]
    for group in between.groups:
        name = {"outside": "no page"}.get(group.after.words, group.after.words.partition(" (")[0])
        assert {names[pfn] for pfn in np.flatnonzero(between.numbers == group.number).tolist()} == {name}
    counts = {chip.one.name: chip.frames for chip in window.legend.chips.values()}
    alike = "same under 6.1 and v7"  # the key names both kernels, also while the panel is closed
    assert counts[alike] == sum(name == alike for name in names) > 0
    assert "under v7 than under 6.1" in window.docks["kernels"].head.subject.text()
    assert "under v7 than under 6.1" in window.lens_bar.buttons["kernels"].toolTip()


def a_row_finds_its_frames_and_a_frame_its_row(server: User) -> None:
    window, table = server.window, server.window.docks["kernels"].content()
    key = rows(server)[1].key
    chosen(server, key)
    until(lambda: window.filter.count == rows(server)[1].frames)
    assert window.finder.field.text() == f"differs:{key}"
    table.activated.emit(table.currentIndex())
    first = window.controller.selection.frame
    assert first == rows(server)[1].first and window.map.plane.found(np.array([first]))[0]
    other = rows(server)[0]
    window.controller.selection.select(other.first)
    until(lambda: table.current_key() == other.key)
    assert window.finder.field.text() == f"differs:{key}", "looking at a frame leaves the filter"


def the_tip_of_what_decides_cites_the_source(server: User) -> None:
    table = server.window.docks["kernels"].content()
    column = next(number for number, one in enumerate(BETWEEN_COLUMNS) if one.field == "decided_by")
    tip = table.model().index(0, column).data(Qt.ItemDataRole.ToolTipRole)
    lines, found = tip.split("\n"), {one.source for one in differences(PROFILES["v7"], PROFILES["6.1"])}
    assert "; ".join(lines[:-1:2]) == table.model().index(0, column).data().removeprefix("any one of: ")
    for line in lines[1:-1:2]:
        source, place = line.strip().split(", see ")
        assert source in found and place == "docs/kernels.md#from-v7-to-61"


def it_is_found_again_after_an_error(server: User) -> None:
    window, pfn = server.window, rows(server)[0].first
    before = rows(server)[0].frames
    window.controller.fire(pfn)
    window.controller.seek(len(server.session.steps))
    until(lambda: not window.lenses.busy and rows(server)[0].frames < before)
    window.controller.seek(0)
    until(lambda: not window.lenses.busy and rows(server)[0].frames == before)


def the_panel_alone_is_kept_up_to_date_and_a_hidden_one_is_not(server: User) -> None:
    window = server.window
    window.lenses.choose("kind")
    before, pfn = rows(server), rows(server)[0].first
    window.show_panel("pages")
    until(lambda: not window.docks["kernels"].in_front)
    window.controller.fire(pfn)
    window.controller.seek(len(server.session.steps))
    until(lambda: not window.lenses.busy)
    assert rows(server) == before
    window.show_panel("kernels")
    until(lambda: rows(server) != before)
    assert window.lenses.lens.key == "kind"


def another_kernel_by_the_choice_and_by_the_menu(server: User) -> None:
    window, choice = server.window, server.window.docks["kernels"].content().choice
    assert [choice.itemText(number) for number in range(choice.count())] == ["7.2", "6.12", "v7 (2009)"]
    chosen(server, rows(server)[0].key)
    choice.setCurrentIndex(0)
    choice.activated.emit(0)
    until(lambda: "7.2" in window.docks["kernels"].head.subject.text())
    assert not window.filter.text, "the rows of the kernel before"
    window.actions_["against-6.12"].trigger()
    until(lambda: choice.currentText() == "6.12" and "6.12" in window.docks["kernels"].head.subject.text())
    assert not window.actions_["against-6.1"].isEnabled()
    assert window.docks["kernels"].content().note.startswith("Every frame has the same outcome") or rows(server)


def another_machine_starts_anew(server: User) -> None:
    window = server.window
    window.controller.open(from_image(IMAGE, profile="v7"))
    assert not rows(server)
    until(lambda: not window.lenses.busy and rows(server))
    assert "than under v7" in window.docks["kernels"].head.subject.text()


def test_it_is_found_again_when_the_machine_changes(server: User) -> None:
    """After an error, while the panel is alone or hidden, and for another machine."""
    it_is_found_again_after_an_error(server)
    the_panel_alone_is_kept_up_to_date_and_a_hidden_one_is_not(server)
    another_machine_starts_anew(server)


def a_class_of_the_legend_filters(server: User) -> None:
    window = server.window
    chip = next(chip for chip in window.legend.chips.values() if chip.frames and chip.one.key == "ignored")
    server.qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    until(lambda: window.filter.count == chip.frames)
    assert window.finder.field.text() == "kernels:ignored"


def test_what_is_found_is_shown_explained_and_leads_to_the_map(server: User) -> None:
    """One machine against one kernel: panel, lens, legend and tips."""
    lens_and_panel_show_what_is_found_between_the_two_kernels(server)
    the_tip_of_what_decides_cites_the_source(server)
    a_row_finds_its_frames_and_a_frame_its_row(server)
    a_class_of_the_legend_filters(server)
    another_kernel_by_the_choice_and_by_the_menu(server)


def what_decides_is_read_in_full_beside_the_outcomes(server: User, wide: int, percent: int) -> None:
    server.window.appearance.choose_text_size(percent)
    table = KernelTable()
    server.qtbot.addWidget(table)
    table.resize(wide, 400)
    table.show()
    table.set_rows(rows(server))
    fields = [column.field for column in BETWEEN_COLUMNS]
    column, metrics = fields.index("decided_by"), table.fontMetrics()
    assert percent > 100 or not table.horizontalScrollBar().maximum()
    assert table.isColumnHidden(fields.index("memory")) is (percent > 100) and not table.isColumnHidden(0)
    for number in range(len(table.rows.rows)):
        index = table.order.index(number, column)
        room = QRect(0, 0, table.columnWidth(column) - 2 * look.MEDIUM, 1 << 16)
        needed = metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, index.data())
        assert needed.width() <= room.width() and needed.height() <= table.rowHeight(number)
    table.sortByColumn(fields.index("kind"), Qt.SortOrder.DescendingOrder)
    assert table.rowHeight(0) == table.sizeHintForRow(0)


def test_what_decides_is_read_in_full_at_any_width(server: User) -> None:
    """In a narrow and in a wide panel, and with larger text."""
    for wide, percent in ((735, 100), (735, 150), (1100, 100)):
        what_decides_is_read_in_full_beside_the_outcomes(server, wide, percent)
