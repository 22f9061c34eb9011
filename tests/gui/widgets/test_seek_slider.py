"""A slider that goes to the place of a click."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from hwpoison_gui.gui.look.style_sheet import style_sheet
from hwpoison_gui.gui.widgets.seek_slider import SeekSlider
from hwpoison_gui.view.base.palette import DARK

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(params=[False, True], ids=["plain", "styled"])
def slider(qtbot, request) -> SeekSlider:
    slider = SeekSlider(None)
    qtbot.addWidget(slider)
    if request.param:
        slider.setStyleSheet(style_sheet(DARK))
    slider.setRange(0, 12_023)
    slider.setValue(12_023)
    slider.resize(800, 30)
    slider.show()
    qtbot.waitExposed(slider)
    return slider


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.9])
def test_a_click_on_the_groove_goes_there(slider: SeekSlider, share: float) -> None:
    heard: list[int] = []
    slider.valueChanged.connect(heard.append)
    QTest.mouseClick(slider, LEFT, pos=QPoint(round(share * slider.width()), slider.height() // 2))
    assert slider.value() == pytest.approx(share * 12_023, abs=0.02 * 12_023)
    assert heard == [slider.value()]


def test_a_press_on_the_handle_moves_nothing_and_a_drag_goes_on_from_a_click(slider: SeekSlider) -> None:
    middle = slider.height() // 2
    QTest.mouseClick(slider, LEFT, pos=QPoint(slider.width() - 4, middle))
    assert slider.value() == 12_023
    QTest.mouseClick(slider, Qt.MouseButton.RightButton, pos=QPoint(200, middle))
    assert slider.value() == 12_023
    QTest.mousePress(slider, LEFT, pos=QPoint(200, middle))
    assert slider.isSliderDown()
    QTest.mouseMove(slider, QPoint(600, middle))
    assert slider.value() == pytest.approx(0.75 * 12_023, abs=0.02 * 12_023)
    QTest.mouseRelease(slider, LEFT, pos=QPoint(600, middle))
