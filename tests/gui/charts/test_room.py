"""Room for charts: they stay readable beside an open timeline, and say which bar is which in a low panel."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from hwpoison_gui.gui.charts.panel import ChartsPanel
from hwpoison_gui.gui.charts.view import ChartView
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.opening import opening
from hwpoison_gui.view.base.palette import DARK
from hwpoison_gui.view.charts.chart import Bars
from tests.gui.waiting import until

SIZES = ((1280, 800, 100), (1920, 1080, 100), (1280, 800, 150), (900, 600, 150))


def chart_of(user) -> ChartsPanel:
    user.window.actions_["chart-kind"].trigger()
    panel = user.window.docks["charts"].content()
    until(lambda: isinstance(panel.chart, Bars))
    QApplication.processEvents()
    return panel


@pytest.mark.parametrize(("width", "height", "text"), SIZES)
def test_which_bar_is_which_is_in_sight(open_window, width: int, height: int, text: int) -> None:
    user = open_window(opening.default_machine(), (width, height))
    user.window.appearance.choose_text_size(text)
    key = chart_of(user).view.key
    until(key.isVisible)
    first = key._entries[0]
    assert key._names[0] == "upper bar: late kill, lower: early kill"
    assert key.viewport().rect().contains(first.geometry().translated(0, key.widget().y()))


def test_a_low_panel_has_which_bar_is_which_for_a_title(qtbot, open_window) -> None:
    view = ChartView(None, DARK)
    qtbot.addWidget(view)
    chart = chart_of(open_window(opening.default_machine())).chart
    assert chart is not None
    view.set_chart(chart)
    view.setMinimumSize(1, 1)  # as in a panel, which asks for the size hint
    view.resize(500, 80)
    view.show()
    until(view.key.isHidden)
    assert view.said.text() == "Upper bar: late kill, lower: early kill"
    view.resize(500, 500)
    until(lambda: not view.key.isHidden())
    assert view.said.text() == chart.title


def test_a_chart_stays_readable_when_a_frame_breaks(open_window) -> None:
    user = open_window(opening.default_machine(), (1280, 800))
    panel, dock, window = chart_of(user), user.window.docks["charts"], user.window
    until(lambda: panel.bars.height() >= look.px(90))
    before = dock.height()
    user.window.controller.fire(user.frame("python3:heap+1"))
    until(lambda: not user.window.controller.work.busy)
    QApplication.processEvents()
    assert dock.height() == before and panel.bars.height() >= look.px(90)
    assert window.map.height() >= 100
