"""The small picture of all frames: when it is there, what it shows, and that the mouse in it only moves the view."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QPaintEvent, QRegion, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from hwpoison_gui.gui.map.overview import Overview
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.palette import DARK, LIGHT, mixed
from hwpoison_gui.view.map.layouts import LAYOUTS
from hwpoison_gui.view.map.lens_colours import FADED
from hwpoison_gui.view.map.lenses import LENSES
from hwpoison_gui.view.map.plane import Match
from tests.gui.waiting import until

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


class Shown:
    """A map with its overview on the screen, and what the map signalled."""

    def __init__(self, qtbot: QtBot, frames: int = 65_536) -> None:
        self.flags = np.full(frames, 0x5828, np.uint64)
        self.map = FrameMapWidget()
        self.overview = Overview(self.map, DARK)
        qtbot.addWidget(self.map)
        self.map.resize(900, 600)
        self.map.show()
        qtbot.waitExposed(self.map)
        counts = np.zeros(frames, np.int32)
        self.map.set_source(self.flags, counts, counts)
        self.said: list[object] = []
        for signal in (self.map.fired, self.map.selected, self.map.contextMenuRequested):
            signal.connect(lambda *what: self.said.append(what))

    def middle(self) -> tuple[float, float]:
        """What is in the middle of the map, as shares of its width and height."""
        camera = self.map.view.camera
        x, y = camera.at(camera.view_width / 2, camera.view_height / 2)
        return x / camera.width, y / camera.height

    def zoom(self, x: float = 0.5, y: float = 0.5, cell: float = 20.0) -> None:
        camera = self.map.view.camera
        self.map.view.look(camera.centred(x * camera.width, y * camera.height, cell))

    def spot(self, x: float, y: float) -> QPoint:
        """Where in the overview a share of the map's width and height is."""
        inside = self.overview.rect().adjusted(4, 4, -4, -4)
        return QPoint(inside.left() + int(inside.width() * x), inside.top() + int(inside.height() * y))

    def colours(self) -> set[str]:
        image = self.overview.grab().toImage()
        return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    return Shown(qtbot)


def wheel(widget: QWidget, steps: int) -> None:
    here = QPointF(widget.rect().center())
    none, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    glob, turn = widget.mapToGlobal(here), QPoint(0, 120 * steps)
    event = QWheelEvent(here, glob, QPoint(), turn, Qt.MouseButton.NoButton, none, phase, False)
    QApplication.sendEvent(widget, event)


# -- when it is there


def test_it_is_there_only_when_the_map_does_not_show_all(shown: Shown) -> None:
    assert not shown.overview.isVisible()
    shown.zoom()
    assert shown.overview.isVisible()
    assert shown.overview.accessibleName() and "%" in shown.overview.accessibleDescription()
    shown.map.fit()
    assert not shown.overview.isVisible()


def test_it_can_be_switched_off(shown: Shown) -> None:
    shown.zoom()
    shown.overview.set_on(False)
    assert not shown.overview.isVisible()
    shown.zoom(0.2)
    assert not shown.overview.isVisible()
    shown.overview.set_on(True)
    assert shown.overview.isVisible()


def test_a_map_without_room_has_none(shown: Shown, qtbot: QtBot) -> None:
    shown.zoom()
    shown.map.resize(330, 120)
    until(lambda: not shown.overview.isVisible())


def test_it_does_not_hide_the_ends_of_the_map(shown: Shown) -> None:
    port = shown.map.view.viewport().rect()
    corners = set()
    for x, y in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)):
        shown.zoom(x, y)
        box = shown.overview.geometry()
        assert port.contains(box)
        item = shown.map.view.item
        column, row = round(x * (item.camera.width - 1)), round(y * (item.camera.height - 1))
        px, py = item.camera.to_view(column + 0.5, row + 0.5)
        assert port.contains(QPoint(int(px + item.edge), int(py)))
        assert not box.contains(QPoint(int(px + item.edge), int(py)))
        corners.add(box.topLeft().toTuple())
    assert len(corners) == 4


# -- the mouse


@pytest.mark.parametrize(("x", "y"), [(0.25, 0.25), (0.75, 0.3), (0.3, 0.8)])
def test_a_click_moves_the_view_there_and_fires_nothing(shown: Shown, x: float, y: float) -> None:
    shown.zoom()
    QTest.mouseClick(shown.overview, LEFT, pos=shown.spot(x, y))
    assert shown.middle() == pytest.approx((x, y), abs=0.02)
    assert not shown.said


def test_a_drag_moves_the_view_along(shown: Shown) -> None:
    shown.zoom()
    QTest.mousePress(shown.overview, LEFT, pos=shown.spot(0.5, 0.5))
    for step in range(1, 9):
        QTest.mouseMove(shown.overview, shown.spot(0.5 + 0.03 * step, 0.5 - 0.02 * step))
    assert shown.middle() == pytest.approx((0.74, 0.34), abs=0.02)
    QTest.mouseMove(shown.overview, shown.spot(0.3, 0.6))
    QTest.mouseRelease(shown.overview, LEFT, pos=shown.spot(0.3, 0.6))
    assert shown.middle() == pytest.approx((0.3, 0.6), abs=0.02)
    QTest.mouseMove(shown.overview, shown.spot(0.6, 0.3))  # no button is down
    assert shown.middle() == pytest.approx((0.3, 0.6), abs=0.02)
    assert not shown.said


def test_the_rectangle_is_held_where_it_is_taken(shown: Shown) -> None:
    shown.zoom(cell=6.0)
    rect = shown.overview.view_rect()
    start = rect.topLeft().toPoint() + QPoint(3, 3)
    QTest.mousePress(shown.overview, LEFT, pos=start)
    QTest.mouseMove(shown.overview, start + QPoint(2, 0))
    assert shown.overview.view_rect() == rect
    QTest.mouseMove(shown.overview, start + QPoint(-15, 12))
    QTest.mouseRelease(shown.overview, LEFT, pos=start + QPoint(-15, 12))
    moved = shown.overview.view_rect().center() - rect.center()
    assert moved.x() == pytest.approx(-15, abs=1) and moved.y() == pytest.approx(12, abs=1)


def test_every_button_is_kept_from_the_frames_under_it(shown: Shown) -> None:
    shown.zoom()
    QTest.mouseClick(shown.overview, RIGHT, pos=shown.spot(0.5, 0.5))
    QTest.mouseClick(shown.overview, Qt.MouseButton.MiddleButton, pos=shown.spot(0.5, 0.5))
    QTest.mouseDClick(shown.overview, LEFT, pos=shown.spot(0.2, 0.2))
    QTest.mouseMove(shown.overview, shown.spot(0.4, 0.4))
    assert not shown.said and shown.map.view.item.hovered == -1


def test_clicks_beside_it_fire(shown: Shown) -> None:
    shown.zoom()
    corner = shown.overview.geometry().topLeft()
    for beside in (QPoint(-2, 5), QPoint(5, -2)):
        shown.said.clear()
        QTest.mouseClick(shown.map.view.viewport(), LEFT, pos=corner + beside)
        pfn = shown.map.view.item.pfn_at(QPointF(corner + beside))
        assert shown.said == [(pfn,)]


def test_the_wheel_zooms_about_the_middle(shown: Shown) -> None:
    shown.zoom(0.4, 0.6)
    wheel(shown.overview, 1)
    assert shown.map.view.camera.cell == 27
    assert shown.middle() == pytest.approx((0.4, 0.6), abs=0.01)


def test_what_is_said_of_a_frame_beside_it_is_not_under_it(shown: Shown) -> None:
    shown.map.set_summary(lambda pfn: "a long line about this frame that needs room " * 2)
    shown.zoom()
    box = shown.overview.geometry()
    place = QPoint(box.left() - 60, box.center().y())
    QTest.mouseMove(shown.map.view.viewport(), place)
    shown.overview.hide()  # what would be under it
    image = shown.map.view.viewport().grab(box.adjusted(1, 1, -1, -1)).toImage()
    colours = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert DARK.raised not in colours and DARK.text not in colours


def test_the_whole_map_is_painted_again_when_it_goes(shown: Shown) -> None:
    painted = QRegion()

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            nonlocal painted
            if isinstance(event, QPaintEvent):
                painted += event.region()
            return False

    shown.zoom()
    QApplication.processEvents()
    watch, viewport = Watch(), shown.map.view.viewport()
    viewport.installEventFilter(watch)
    shown.overview.set_on(False)  # a label beside it may move now
    QApplication.processEvents()
    assert painted.boundingRect() == viewport.rect()


# -- what it shows


def test_poison_is_seen_and_goes_away(shown: Shown) -> None:
    shown.zoom(0.2, 0.2)
    assert DARK.poison not in shown.colours()
    shown.flags[60_000] |= np.uint64(pf.HWPOISON)
    shown.map.frames_changed([60_000])
    assert DARK.poison in shown.colours()
    shown.flags[60_000] = 0x5828
    shown.map.frames_changed([60_000])
    assert DARK.poison not in shown.colours()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_poison_is_where_it_is_in_every_layout(shown: Shown, layout: str) -> None:
    shown.map.set_layout(layout)
    shown.flags[50_000] |= np.uint64(pf.HWPOISON)
    shown.map.frames_changed([50_000])
    plane = shown.map.plane
    assert plane is not None
    x, y = (place + 0.5 for place in plane.layout.position(50_000))
    shown.zoom(1 - x / plane.layout.width, 1 - y / plane.layout.height, 27.0)
    spot = shown.spot(x / plane.layout.width, y / plane.layout.height)
    image = shown.overview.grab().toImage()
    near = {image.pixelColor(spot + QPoint(dx, dy)).name() for dx in range(-2, 3) for dy in range(-2, 3)}
    assert DARK.poison in near


def test_lens_and_theme_are_followed(shown: Shown) -> None:
    shown.zoom()
    before = shown.colours()
    plane = shown.map.plane
    assert plane is not None
    plane.set_lens(next(lens for lens in LENSES if lens.key == "changed"))
    shown.map.lens_changed()
    assert shown.colours() != before
    shown.overview.set_theme(LIGHT)
    colours = shown.colours()
    assert QColor(LIGHT.raised).name() in colours and QColor(DARK.raised).name() not in colours


# -- in the window


def test_what_a_filter_does_not_find_fades_in_it_too(shown: Shown) -> None:
    shown.zoom()
    plane = shown.map.plane
    assert plane is not None
    plain = DARK.kind(kinds.ANON)
    faded = mixed(plain, DARK.ground, FADED)
    here = np.zeros(plane.frames, np.bool_)
    here[: plane.frames // 2] = True
    plane.set_filter(Match(lambda word: True, here))
    shown.map.lens_changed()
    assert {plain, faded} <= shown.colours()
    plane.set_filter(Match(lambda word: False))
    shown.map.lens_changed()
    assert faded in shown.colours() and plain not in shown.colours()
    plane.set_filter(None)
    shown.map.lens_changed()
    assert plain in shown.colours() and faded not in shown.colours()


def test_a_key_switches_it_in_the_window(user) -> None:
    window = user.window
    window.map.center_on(1000)
    for _ in range(3):
        window.map.view.zoom(1)
    assert window.overview.isVisible()
    user.key(Qt.Key.Key_O)
    assert not window.overview.isVisible() and not window.actions_["overview"].isChecked()
    user.key(Qt.Key.Key_O)
    assert window.overview.isVisible() and window.actions_["overview"].isChecked()
    window.appearance.choose_theme("light")
    assert window.overview.grab().toImage().pixelColor(2, 2).name() == LIGHT.raised
