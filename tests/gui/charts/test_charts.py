"""Charts in the window: they say what the tables say, lead to the map and back, and are taken home."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from hwpoison_gui.gui.charts.bars import BarPlot
from hwpoison_gui.gui.charts.panel import ChartsPanel
from hwpoison_gui.gui.charts.plot import NOWHERE
from hwpoison_gui.opening import opening
from hwpoison_gui.view.base.palette import DARK, HIGH_CONTRAST, LIGHT
from hwpoison_gui.view.charts.catalogue import CHARTS, DAMAGE, MACHINE
from hwpoison_gui.view.charts.chart import Bars, Curves
from tests.gui.waiting import until


@pytest.fixture
def panel(user) -> ChartsPanel:
    user.window.show_panel("charts")
    shown = user.window.docks["charts"].content()
    assert isinstance(shown, ChartsPanel)
    until(lambda: shown.chart is not None)
    return shown


def show(panel: ChartsPanel, key: str) -> None:
    panel.ask(key)
    until(lambda: panel.chart is not None and panel.isVisible())


def test_a_start_loads_no_pyqtgraph() -> None:
    code = (
        "import sys; from hwpoison_gui.gui.app import run; from hwpoison_gui.gui.window import main_window, panels;"
        "print('pyqtgraph' in sys.modules, any(name.startswith('hwpoison_gui.gui.charts') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("key", [key for key, one in CHARTS.items() if one.of in (DAMAGE, MACHINE)])
def test_each_chart_has_values_a_key_and_a_table(panel: ChartsPanel, key: str) -> None:
    show(panel, key)
    chart = panel.chart
    assert chart is not None and panel.plot.places and panel.stack.currentWidget() is panel.view
    panel.as_table.setChecked(True)
    assert panel.stack.currentWidget() is panel.table
    assert panel.table.model().rowCount() == len(chart.rows) > 0


def keys_move_the_cursor_and_enter_finds_the_frames(user, panel: ChartsPanel) -> None:
    show(panel, "kind")
    bars = panel.bars
    bars.setFocus()
    QTest.keyClick(bars, Qt.Key.Key_Home)
    assert bars.cursor == 0 and panel.said.text() == bars.words_of(0) == bars.accessibleDescription()
    QTest.keyClick(bars, Qt.Key.Key_Right)
    assert bars.cursor == 1
    QTest.keyClick(bars, Qt.Key.Key_Return)
    chart = panel.chart
    assert isinstance(chart, Bars)
    group, stack = bars.group_of(1), bars.part_of(1)[0]
    assert user.window.filter.text.startswith(f"kind:{chart.terms[group][1]}")
    until(lambda: bool(user.window.filter.count))
    if stack == 0:
        part = bars.part_of(1)[1]
        assert user.window.filter.count == round(chart.parts[part].sizes[0, group] * 256)
    QTest.keyClick(bars, Qt.Key.Key_Return)
    assert user.window.filter.text == ""


def up_and_down_go_from_bar_to_bar_and_keep_the_part(panel: ChartsPanel) -> None:
    show(panel, "kind")
    bars, chart = panel.bars, panel.chart
    assert isinstance(chart, Bars)
    bars.setFocus()
    QTest.keyClick(bars, Qt.Key.Key_Home)
    begun, part = bars.cursor, bars.part_of(bars.cursor)[1]
    seen = [(bars.group_of(begun), bars.part_of(begun)[0])]
    for _ in range(2 * len(chart.groups) - 1):
        QTest.keyClick(bars, Qt.Key.Key_Down)
        bar = bars.group_of(bars.cursor), bars.part_of(bars.cursor)[0]
        seen.append(bar)
        if chart.parts[part].sizes[bar[1], bar[0]]:
            assert bars.part_of(bars.cursor)[1] == part, "also after a bar that has no such part"
    assert seen == [(group, stack) for group in range(len(chart.groups)) for stack in (0, 1)]
    for _ in seen:
        QTest.keyClick(bars, Qt.Key.Key_Up)
    assert bars.cursor == begun


def test_keys_begin_at_the_playhead(user, panel: ChartsPanel) -> None:
    user.window.controller.fire(user.frame("srv:heap+0"))
    until(lambda: not user.window.controller.work.busy)
    user.window.actions_["last"].trigger()
    show(panel, "timeline")
    until(lambda: isinstance(panel.chart, Curves) and panel.curves.playhead is not None)
    panel.curves.setFocus()
    QTest.keyClick(panel.curves, Qt.Key.Key_Left)
    curve, x, _ = panel.curves.value_of(panel.curves.cursor)
    assert x == user.session.position and curve is panel.chart.curves[0]
    QTest.keyClick(panel.curves, Qt.Key.Key_Left)
    assert panel.curves.value_of(panel.curves.cursor)[1] < x


def a_region_ends_with_the_largest_value(user, panel: ChartsPanel) -> None:
    show(panel, "mapcount")
    assert isinstance(panel.chart, Curves)
    least, most = (int(panel.chart.curves[0].x[at]) for at in (0, -1))
    assert most == user.session.machine.mapcount.view.max()
    panel.curves.setFocus()
    QTest.keyClick(panel.curves, Qt.Key.Key_Home)
    QTest.keyClick(panel.curves, Qt.Key.Key_End, Qt.KeyboardModifier.ShiftModifier)
    assert user.window.filter.text == f"mapcount>={least} mapcount<={most}"
    assert panel.curves.region is not None
    panel.curves.region.setRegion((0.0, 6.0))
    assert user.window.filter.text == f"mapcount>=1 mapcount<={most}"
    panel.curves.region.setRegion((5.0, 6.0))
    assert user.window.filter.text == f"mapcount>={most} mapcount<={most}"


def test_the_region_is_over_what_the_filter_finds(user, panel: ChartsPanel) -> None:
    show(panel, "mapcount")
    curves = panel.curves
    assert curves.region is not None
    whole = curves.region.getRegion()
    curves.setFocus()
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_Return):
        QTest.keyClick(curves, key)
    x = curves.value_of(curves.cursor)[1]
    assert user.window.filter.text == f"mapcount={x:.0f}"
    until(lambda: curves.region.getRegion() != whole)
    low, high = (10**end for end in curves.region.getRegion())
    assert low < x < high < 1.3 * low
    user.window.filter.set_text("kind:anon")
    until(lambda: curves.region.getRegion() == whole)


def a_click_on_a_bar_is_one_on_its_part(panel: ChartsPanel) -> None:
    """Each part is looked for by its colour in the picture: the uppermost is of the first bar that has it."""
    show(panel, "kind")
    bars, chart, clicked = panel.bars, panel.chart, 0
    assert isinstance(chart, Bars)
    chosen: list[str] = []
    bars.chosen.connect(lambda place: chosen.append(bars.words_of(place)))
    for number, part in enumerate(chart.parts):
        at = first_pixel(bars, bars.colour(part.key))
        if at is not None:  # no part that has to be scrolled to
            group, stack = np.argwhere(part.sizes.T)[0]
            click(bars, at)
            assert chosen.pop() == chart.words_of(group, stack, number), part.name
            clicked += 1
    assert clicked > 2
    beside = QPoint(bars.width() - 12, bars.height() // 3)
    assert bars.grab().toImage().pixelColor(beside) == QColor(bars.theme.base)
    click(bars, beside)
    assert not chosen


def first_pixel(bars: BarPlot, colour: str) -> QPoint | None:
    """Place of the uppermost pixel in a colour that has two more below it, of these the leftmost; None without one.

    Where there is one, the pixel beside it is taken: the first may be the bar's only in part.
    """
    picture, wanted = bars.grab().toImage(), QColor(colour)
    places = (QPoint(x, y) for y in range(picture.height() - 2) for x in range(picture.width() - 1))
    in_colour = (at for at in places if picture.pixelColor(at) == wanted)
    below = next((at + QPoint(0, 2) for at in in_colour if picture.pixelColor(at + QPoint(0, 2)) == wanted), None)
    if below is None:
        return None
    beside = below + QPoint(1, 0)
    return beside if picture.pixelColor(beside) == wanted else below


def click(bars: BarPlot, at: QPoint) -> None:
    QTest.mouseClick(bars.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


def the_smallest_part_of_a_bar_can_be_seen_and_clicked(panel: ChartsPanel) -> None:
    show(panel, "kind")
    bars = panel.bars
    pixel = bars.getViewBox().viewPixelSize()[0]
    place = min(range(bars.places), key=lambda place: bars._boxes[place][4] - bars._boxes[place][3])
    group, stack, _, start, end = bars._boxes[place]
    assert end - start < 2 * pixel, "a part under two pixels"
    assert bars.place_at(QPointF(start + 2 * pixel, bars._y(group, stack))) == place


def the_bar_of_the_selected_frame_is_marked(user, panel: ChartsPanel) -> None:
    show(panel, "kind")
    user.window.map.setFocus()
    user.window.controller.selection.select(user.frame("srv:heap+0"))
    until(lambda: panel.bars.cursor != NOWHERE)
    assert " MiB of anonymous: " in panel.bars.words_of(panel.bars.cursor)


def test_bars_lead_to_the_map_and_back(user, panel: ChartsPanel) -> None:
    """By keys, and by the selection."""
    keys_move_the_cursor_and_enter_finds_the_frames(user, panel)
    the_bar_of_the_selected_frame_is_marked(user, panel)


def test_a_chart_opens_with_its_first_bars_and_goes_to_what_is_selected_then(open_window) -> None:
    user = open_window(opening.default_machine())
    user.window.controller.selection.select(user.frame("python3:heap+1"))
    user.key(Qt.Key.Key_Return)
    until(lambda: not user.window.controller.busy)
    user.key(Qt.Key.Key_End)
    until(lambda: not user.window.controller.busy)
    user.window.show_panel("charts", focus=False)
    panel = user.window.docks["charts"].content()
    bars, scroll_bar = panel.bars, panel.view.scroll_bar
    until(lambda: bars.cursor != NOWHERE and scroll_bar.maximum() > 0)
    assert "hardware poison" in bars.words_of(bars.cursor) and scroll_bar.value() == 0
    user.window.controller.selection.select(user.frame("nginx:heap+1"))
    user.window.controller.selection.select(user.session.operations[-1].outcome.pfn)
    assert scroll_bar.value() == scroll_bar.maximum()


def a_region_of_the_axis_is_a_filter(user, panel: ChartsPanel) -> None:
    show(panel, "mapcount")
    assert panel.curves.region is not None
    panel.curves.region.setRegion((0.2, 0.7))
    assert user.window.filter.text == "mapcount>=2 mapcount<=4"
    m = user.session.machine
    until(lambda: user.window.filter.count == int(((m.mapcount.view >= 2) & (m.mapcount.view <= 4)).sum()))


def test_regions_of_an_axis_are_filters(user, panel: ChartsPanel) -> None:
    """By the mouse, by keys, and by the filter."""
    a_region_of_the_axis_is_a_filter(user, panel)
    user.window.filter.set_text("")
    a_region_ends_with_the_largest_value(user, panel)


def test_the_playhead_is_the_position(user, panel: ChartsPanel) -> None:
    user.window.controller.fire(user.frame("srv:heap+0"))
    until(lambda: not user.window.controller.work.busy)
    user.window.actions_["last"].trigger()
    show(panel, "timeline")
    assert isinstance(panel.chart, Curves)
    assert panel.curves.playhead is not None
    assert round(panel.curves.playhead.value()) == user.session.position
    panel.curves.playhead.setValue(3)
    panel.curves.playhead.sigPositionChangeFinished.emit(panel.curves.playhead)
    until(lambda: user.session.position == 3)
    assert panel.curves.value_of(panel.curves.cursor)[1] <= 3, "the title is not of what the mouse passed"
    corrupted, signals, killed = panel.chart.curves
    assert corrupted.y[-1] == 1 and signals.y[-1] >= killed.y[-1]


def what_is_saved(user, panel: ChartsPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    show(panel, "kind")
    for what, name, kind in (
        ("picture", "a.png", "PNG (*.png)"),
        ("picture", "b.svg", "SVG, for enlarging (*.svg)"),
        ("table", "c.csv", "Comma-separated values (*.csv)"),
    ):
        monkeypatch.setattr(user.window.exporting, "_ask", lambda *_, n=name, k=kind: (str(tmp_path / n), k))
        panel.saveWanted.emit(what)
    assert not QImage(str(tmp_path / "a.png")).isNull()
    svg = (tmp_path / "b.svg").read_text()
    assert svg.startswith("<svg") or "<svg" in svg[:200]
    assert panel.chart is not None
    lines = (tmp_path / "c.csv").read_text().splitlines()
    assert len(lines) == len(panel.chart.rows) + 1 and lines[0].startswith("group,policy,")


def charts_follow_the_theme(panel: ChartsPanel, theme) -> None:
    show(panel, "kind")
    panel.set_theme(theme)
    image = panel.bars.grab().toImage()
    assert image.pixelColor(2, image.height() - 2) == QColor(theme.base)


def test_the_bars_of_a_chart(panel: ChartsPanel, user, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read by keys and by clicks, lead to the map and back, and are saved."""
    the_smallest_part_of_a_bar_can_be_seen_and_clicked(panel)
    up_and_down_go_from_bar_to_bar_and_keep_the_part(panel)
    a_click_on_a_bar_is_one_on_its_part(panel)
    what_is_saved(user, panel, tmp_path, monkeypatch)
    for theme in (LIGHT, HIGH_CONTRAST, DARK):
        charts_follow_the_theme(panel, theme)


def test_a_hidden_chart_of_damage_is_made_again_when_it_is_seen(user, panel: ChartsPanel) -> None:
    show(panel, "kind")
    window, before = user.window, panel.chart
    window.show_panel("assess")
    table = window.docks["assess"].content().table
    until(lambda: table.sheet.sheet is not None and not table.sheet.stale)
    window.docks["charts"].hide()
    window.controller.fire(user.frame("srv:heap+0"))
    until(lambda: not window.controller.work.busy and window.panels.damage.every and not table.sheet.stale)
    assert not window.docks["charts"].in_front and panel.chart is before
    window.show_panel("charts")
    until(lambda: panel.chart is not None and panel.chart is not before)
