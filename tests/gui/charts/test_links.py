"""Charts lead to the map and the timeline, and these lead back: by mouse, keys and menu."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from hwpoison_gui.gui.charts.panel import ChartsPanel
from hwpoison_gui.gui.charts.plot import NOWHERE
from hwpoison_gui.gui.charts.view import ChartView
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.opening.real_errors import RealErrors
from hwpoison_gui.session.document.document import FileSet
from hwpoison_gui.sources.records.history import history_of
from hwpoison_gui.sources.records_file import read
from hwpoison_gui.view.base.palette import DARK
from hwpoison_gui.view.charts.catalogue import CHARTS
from hwpoison_gui.view.charts.chart import Bars, Curves, Places
from hwpoison_gui.view.map.snapshots import Side
from tests.gui.waiting import until

LOG = Path("tests/data/records/6.1/dmesg.txt")


@pytest.fixture
def panel(user) -> ChartsPanel:
    user.window.show_panel("charts")
    shown = user.window.docks["charts"].content()
    assert isinstance(shown, ChartsPanel)
    until(lambda: shown.chart is not None)
    return shown


def ask(panel: ChartsPanel, key: str, sort: type) -> None:
    panel.ask(key)
    until(lambda: isinstance(panel.chart, sort) and panel.plot.places > 0)


def look_for(user, text: str) -> int:
    """Sets the filter; returns how many frames it finds."""
    user.window.filter.set_text(text)
    until(lambda: user.window.filter.count is not None)
    return user.window.filter.count


def test_each_chart_has_a_command(user) -> None:
    for key in CHARTS:
        user.window.map.setFocus()
        user.window.actions_[f"chart-{key}"].trigger()
        panel = user.window.docks["charts"].content()
        assert user.window.docks["charts"].in_front and panel.wanted == key
        assert panel.hasFocus() or panel.focusProxy().hasFocus(), key


def test_keys_go_to_the_chart_when_it_comes(user) -> None:
    user.window.actions_["chart-kind"].trigger()
    panel = user.window.docks["charts"].content()
    until(lambda: panel.chart is not None)
    assert panel.bars.hasFocus() and panel.wanted == "kind"


def a_point_of_the_walk_finds_its_frames_and_back(user, panel: ChartsPanel) -> None:
    ask(panel, "walk", Curves)
    curves, m = panel.curves, user.session.machine
    heap = user.frame("srv:heap+0")
    user.window.map.setFocus()
    user.window.controller.selection.select(heap)
    until(lambda: curves.cursor != NOWHERE)
    _, found, pairs = curves.value_of(curves.cursor)
    assert (found, pairs) == (4.0, 4.0 * len(list(m.living())))
    curves.setFocus()
    QTest.keyClick(curves, Qt.Key.Key_Return)
    until(lambda: bool(user.window.filter.count))
    assert user.window.filter.matches(heap) and user.window.filter.text.startswith("vmas=4 mapcount")
    QTest.keyClick(curves, Qt.Key.Key_Return)
    assert user.window.filter.text == ""


def found_frames_over_memory_follow_the_filter(user, panel: ChartsPanel) -> None:
    panel.ask("found")
    assert panel.chart is None and "Ctrl+F" in panel.empty.text()
    count = look_for(user, "mapcount>0")
    until(lambda: isinstance(panel.chart, Places))
    assert sum(len(part.pfns) for part in panel.chart.parts) == count
    count = look_for(user, "row:of:0x100")
    until(lambda: "row:of" in panel.chart.title)
    assert sum(len(part.pfns) for part in panel.chart.parts) == count
    look_for(user, "mapcount>4000")
    until(lambda: panel.chart is None)
    assert "“mapcount>4000”" in panel.empty.text() and "Nothing is found." in panel.empty.text()
    user.window.filter.set_text("")
    until(lambda: "Ctrl+F" in panel.empty.text())


def a_bin_selects_its_first_frame_and_back(user, panel: ChartsPanel) -> None:
    look_for(user, "mapcount>0")
    ask(panel, "found", Places)
    places, select = panel.places, user.window.controller.selection
    places.setFocus()
    QTest.keyClick(places, Qt.Key.Key_End)
    QTest.keyClick(places, Qt.Key.Key_Return)
    first, last = places.frames_of(places.cursor)
    assert first <= select.frame < last and user.window.filter.matches(select.frame)
    user.window.map.setFocus()
    select.select(user.frame("srv:heap+0"))
    until(lambda: places.cursor != NOWHERE and places.frames_of(places.cursor)[0] <= select.frame)
    first, last = places.frames_of(places.cursor)
    assert first <= select.frame < last


def zoom_by_keys_counts_in_finer_bins(user, panel: ChartsPanel) -> None:
    look_for(user, "mapcount>0")
    ask(panel, "found", Places)
    places = panel.places
    places.setFocus()
    QTest.keyClick(places, Qt.Key.Key_Home)
    before = places.frames_of(0)
    pfn = places.first_of(0)[0]
    for _ in range(6):
        QTest.keyClick(places, Qt.Key.Key_Plus)
    first, last = places.frames_of(places.cursor)
    assert last - first < before[1] - before[0] and first <= pfn < last
    QTest.keyClick(places, Qt.Key.Key_0)
    assert places.frames_of(0) == before


def test_found_frames_by_keys(user, panel: ChartsPanel) -> None:
    """The filter, the selection and finer bins."""
    found_frames_over_memory_follow_the_filter(user, panel)
    a_bin_selects_its_first_frame_and_back(user, panel)
    zoom_by_keys_counts_in_finer_bins(user, panel)


def shift_and_arrows_are_a_region(user, panel: ChartsPanel) -> None:
    ask(panel, "mapcount", Curves)
    curves = panel.curves
    curves.setFocus()
    QTest.keyClick(curves, Qt.Key.Key_Home)
    QTest.keyClick(curves, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    low, high = (int(curves.value_of(place)[1]) for place in (0, 1))
    assert user.window.filter.text == f"mapcount>={low} mapcount<={high}"
    QTest.keyClick(curves, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert user.window.filter.text == f"mapcount>={low} mapcount<={low}"


def recorded_errors_over_time_choose_the_record_and_back(user, panel: ChartsPanel) -> None:
    recorded = user.window.recorded
    panel.ask("errors-time")
    assert panel.chart is None
    recorded.show(RealErrors(history_of([read(LOG)]), FileSet(())))
    user.window.show_panel("charts")
    ask(panel, "errors-time", Curves)
    curves = panel.curves
    assert curves.playhead is not None and not curves.playhead.isVisible()
    curves.setFocus()
    QTest.keyClick(curves, Qt.Key.Key_End)
    QTest.keyClick(curves, Qt.Key.Key_Return)
    assert recorded.at == curves.key_of(curves.cursor)
    assert curves.playhead.isVisible() and curves.playhead.value() == pytest.approx(recorded.record.time)
    user.window.map.setFocus()
    recorded.choose(3)
    assert curves.key_of(curves.cursor) == 3
    curves.playheadMoved.emit(recorded.history.records[7].time + 0.001)
    assert recorded.at == 7


def recorded_errors_over_memory_select_their_frame(user, panel: ChartsPanel) -> None:
    recorded = user.window.recorded
    history = history_of([read(LOG)])
    inside = [record._replace(pfn=record.pfn % 4096) for record in history.records if record.pfn is not None]
    recorded.show(RealErrors(history._replace(records=tuple(inside)), FileSet(())))
    user.window.show_panel("charts")
    ask(panel, "errors-memory", Places)
    places = panel.places
    pfn, number = places.first_of(0)
    places.chosen.emit(0)
    assert user.window.controller.selection.frame == pfn
    assert recorded.at == number and recorded.record.pfn == pfn
    recorded.show(None)
    until(lambda: panel.chart is None)


def changes_find_their_frames_and_back(user, panel: ChartsPanel) -> None:
    window, m = user.window, user.session.machine
    panel.ask("changed")
    assert panel.chart is None and panel.empty.text()
    heap, words = user.frame("srv:heap+0"), m.flags.view.copy()
    words[heap] = pf.BUDDY
    window.lenses.compare_with_snapshot(Side("later", words, m.mapcount.view.copy(), {}))
    window.show_panel("charts")
    ask(panel, "changed", Bars)
    bars = panel.bars
    bars.setFocus()
    QTest.keyClick(bars, Qt.Key.Key_Home)
    QTest.keyClick(bars, Qt.Key.Key_Return)
    until(lambda: window.filter.count == 1)
    assert window.filter.matches(heap) and window.filter.text.startswith("snapshot:")
    window.map.setFocus()
    bars.set_cursor(NOWHERE)
    window.controller.selection.select(heap)
    until(lambda: bars.cursor != NOWHERE)
    assert bars.words_of(bars.cursor) == "1 frame: anonymous → free (buddy)"
    window.lenses.compare_with_snapshot(None)
    until(lambda: panel.chart is None)


def test_recorded_errors_and_changes(user, panel: ChartsPanel) -> None:
    """Charts of what was recorded lead to it and back."""
    recorded_errors_over_time_choose_the_record_and_back(user, panel)
    recorded_errors_over_memory_select_their_frame(user, panel)
    changes_find_their_frames_and_back(user, panel)


def a_low_chart_of_bars_scrolls(panel: ChartsPanel) -> None:
    ask(panel, "kind", object)
    bars, bar = panel.bars, panel.view.scroll_bar
    panel.resize(500, 160)
    panel.view.resize(500, 160)
    until(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    assert bars._first == bar.maximum()
    bars.setFocus()
    QTest.keyClick(bars, Qt.Key.Key_Home)
    assert bar.value() == 0


def a_small_panel_leaves_the_room_to_the_chart(qtbot, panel: ChartsPanel) -> None:
    ask(panel, "walk", Curves)
    view = ChartView(None, DARK)
    qtbot.addWidget(view)
    view.set_chart(panel.chart)
    view.resize(900, 600)
    view.show()
    until(lambda: not view.key.isHidden())
    assert view.curves.names_axes
    view.resize(400, 90)
    assert view.key.isHidden() and not view.curves.names_axes
    assert view.said.height() < 2 * view.fontMetrics().lineSpacing() + 8


def a_window_of_its_own_and_back(user, panel: ChartsPanel) -> None:
    dock = user.window.docks["charts"]
    panel.tools.own_window.click()
    assert dock.isFloating() and panel.tools.own_window.isChecked()
    panel.tools.own_window.click()
    assert not dock.isFloating()


def test_a_panel_of_any_size(user, panel: ChartsPanel, qtbot) -> None:
    """Beside others, low, small, and in a window of its own."""
    a_window_of_its_own_and_back(user, panel)
    a_small_panel_leaves_the_room_to_the_chart(qtbot, panel)
    a_low_chart_of_bars_scrolls(panel)


def the_title_stands_until_a_value_is_pointed_at(panel: ChartsPanel) -> None:
    ask(panel, "mapcount", Curves)
    assert panel.said.text() == f"{panel.chart.title}. {panel.chart.note}"
    panel.curves.set_cursor(0)
    assert panel.said.text() == panel.curves.words_of(0)
    panel.curves.set_cursor(NOWHERE)
    assert panel.said.text().startswith(panel.chart.title)


def a_line_to_compare_with_is_no_value(user, panel: ChartsPanel) -> None:
    ask(panel, "walk", Curves)
    line = next(curve for curve in panel.chart.curves if curve.is_line)
    assert panel.curves.places == sum(len(curve.x) for curve in panel.chart.curves) - len(line.x)
    assert np.array_equal(line.x, line.y) and len(panel.chart.rows) == panel.curves.places
    assert panel.curves.place_at(QPointF(np.log10(line.x[-1]) + 9, -9)) == NOWHERE


def test_curves_lead_to_the_map(panel: ChartsPanel, user) -> None:
    """By points and by regions; what is no value is no point."""
    the_title_stands_until_a_value_is_pointed_at(panel)
    user.window.filter.set_text("")
    a_line_to_compare_with_is_no_value(user, panel)
    user.window.filter.set_text("")
    shift_and_arrows_are_a_region(user, panel)
    user.window.filter.set_text("")
    a_point_of_the_walk_finds_its_frames_and_back(user, panel)
