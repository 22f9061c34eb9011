"""Every control says by a tip what it is for, and tabs say what their panel shows."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QTabBar,
    QToolTip,
    QWidget,
)

from hwpoison_gui.gui.timeline.track import Timeline
from tests.gui.conftest import User

CONTROLS = (QAbstractButton, QComboBox, QLineEdit, QAbstractSlider)


def tip_at(widget: QWidget, point: QPoint) -> str:
    """What is told of a point, as the pointer asks for it."""
    QToolTip.hideText()
    QApplication.sendEvent(widget, QHelpEvent(QHelpEvent.Type.ToolTip, point, widget.mapToGlobal(point)))
    told = QToolTip.text()
    QToolTip.hideText()
    return told


def test_every_control_has_a_tip(user: User) -> None:
    window = user.window
    window.finder.open_search()
    controls = {control for kind in CONTROLS for control in window.findChildren(kind) if control.isVisible()}
    mute = {
        repr(control)
        for control in controls
        if not control.toolTip() and not isinstance(control, QScrollBar) and not isinstance(control.parent(), QLineEdit)
    }
    assert mute == set()
    timelines = window.findChildren(Timeline)
    assert all(tip_at(timeline, timeline.rect().center()) for timeline in timelines)


def test_tabs_say_what_their_panel_is_for(user: User, qtbot) -> None:
    qtbot.wait(1)
    bars = [bar for bar in user.window.findChildren(QTabBar) if bar.isVisible()]
    told = {bar.tabText(n): tip_at(bar, bar.tabRect(n).center()) for bar in bars for n in range(bar.count())}
    assert {"Why", "State table", "Frame", "Tasks", "Pages", "VMAs", "Files", "Kernel log", "Notebook"} <= set(told)
    assert "The handler as an outline" in told["Why"]
    assert {title: tip for title, tip in told.items() if len(tip) < 30} == {}
    user.window.room.reset()  # other tab bars
    qtbot.wait(1)
    again = [bar for bar in user.window.findChildren(QTabBar) if bar.isVisible()]
    assert all(len(tip_at(bar, bar.tabRect(0).center())) >= 30 for bar in again)
