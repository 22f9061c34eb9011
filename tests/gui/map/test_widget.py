"""The map as a user meets it: real mouse and keyboard events, and the colours that are on the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from hwpoison_gui.gui.map.item import NONE
from hwpoison_gui.gui.map.marks import MOST_MARKS, places
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.palette import DARK, LIGHT, THEMES
from hwpoison_gui.view.map import roles
from tests.gui.waiting import until

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
WORDS = np.array([0, 0x400, 0x100000000, 0x5828, 0x868, 0x487C, 0x80, 0x4000000, 0x411800, 0x2000007028], np.uint64)


class Shown:
    """A map on the screen, what it signalled, and shorthand for events."""

    def __init__(self, qtbot: QtBot, flags: np.ndarray, width: int | None = 64) -> None:
        self.flags = flags
        self.map = FrameMapWidget()
        qtbot.addWidget(self.map)
        self.map.resize(900, 600)
        self.map.show()
        qtbot.waitExposed(self.map)
        counts = np.zeros(flags.size, np.int32)
        self.map.set_layout("rows", width)
        self.map.set_source(flags, counts, counts)
        self.view = self.map.view
        self.fired: list[int] = []
        self.selected: list[int] = []
        self.hovered: list[int] = []
        self.menus: list[int] = []
        self.map.fired.connect(self.fired.append)
        self.map.selected.connect(self.selected.append)
        self.map.hovered.connect(self.hovered.append)
        self.map.contextMenuRequested.connect(lambda pfn, _: self.menus.append(pfn))

    def point(self, pfn: int) -> QPoint:
        """The middle of a frame's cell on the viewport."""
        plane = self.map.plane
        assert plane is not None
        x, y = plane.layout.position(pfn)
        px, py = self.view.camera.to_view(x + 0.5, y + 0.5)
        return QPoint(int(px + self.view.item.edge), int(py))

    def corner(self, pfn: int) -> QPoint:
        """The upper left pixel of a frame's cell, where cells have whole pixels."""
        plane = self.map.plane
        assert plane is not None
        px, py = self.view.camera.to_view(*plane.layout.position(pfn))
        return QPoint(round(px + self.view.item.edge), round(py))

    def click(self, pfn: int, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier | None = None) -> None:
        QTest.mouseClick(self.view.viewport(), button, keys or Qt.KeyboardModifier.NoModifier, self.point(pfn))

    def wheel(self, steps: int, where: QPoint) -> None:
        here = QPointF(where)
        glob = QPointF(self.view.viewport().mapToGlobal(where))
        none, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
        for _ in range(abs(steps)):
            delta = QPoint(0, 120 if steps > 0 else -120)
            event = QWheelEvent(here, glob, QPoint(), delta, Qt.MouseButton.NoButton, none, phase, False)
            QApplication.sendEvent(self.view.viewport(), event)

    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.view, key, keys)

    def image(self) -> QImage:
        return self.view.viewport().grab().toImage()

    def colour(self, pfn: int, image: QImage | None = None) -> str:
        return (image or self.image()).pixelColor(self.point(pfn)).name()


def some_flags(frames: int = 2048) -> np.ndarray:
    return WORDS[np.random.default_rng(4).integers(0, len(WORDS), frames)]


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    return Shown(qtbot, some_flags())


# -- what is seen


@pytest.mark.parametrize("name", THEMES)
def test_each_cell_has_the_colour_of_its_kind(shown: Shown, name: str) -> None:
    theme = THEMES[name]
    shown.map.set_theme(theme)
    image = shown.image()
    for pfn in range(0, shown.flags.size, 7):
        assert shown.colour(pfn, image) == theme.kind(kinds.kind_of(int(shown.flags[pfn]))), hex(pfn)


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
def test_colours_hold_at_every_zoom(shown: Shown, steps: int) -> None:
    shown.wheel(steps, QPoint(450, 300))
    QApplication.sendEvent(shown.view, QEvent(QEvent.Type.Leave))
    image = shown.image()
    seen = 0
    for pfn in range(shown.flags.size):
        point = shown.point(pfn)
        # the lower left quarter of a cell is free of text and of the signs used here
        spot = QPoint(point.x() - int(shown.view.camera.cell * 0.3), point.y() + int(shown.view.camera.cell * 0.2))
        if spot.x() > shown.view.item.edge + 2 and image.rect().adjusted(2, 2, -2, -2).contains(spot):
            seen += 1
            kind = kinds.kind_of(int(shown.flags[pfn]))
            assert image.pixelColor(spot).name() == DARK.kind(kind), hex(pfn)
    assert seen > 20


def test_a_changed_frame_is_seen_and_counted(shown: Shown, qtbot: QtBot) -> None:
    pfn = int(np.flatnonzero(shown.flags == 0x400)[5])
    shown.flags[pfn] = 0x80
    with qtbot.waitSignal(shown.map.countsChanged):
        shown.map.frames_changed([pfn])
    assert shown.colour(pfn) == DARK.kind(kinds.SLAB)
    plane = shown.map.plane
    assert plane is not None
    assert plane.counts()[kinds.SLAB] == (shown.flags == 0x80).sum()
    shown.flags[:] = 0x400
    shown.map.frames_changed(None)
    assert shown.colour(pfn) == DARK.kind(kinds.FREE)
    assert plane.counts()[kinds.FREE] == shown.flags.size


def test_one_poisoned_frame_of_16_million_is_seen(qtbot: QtBot) -> None:
    flags = np.full(1 << 24, 0x5828, np.uint64)
    shown = Shown(qtbot, flags, None)
    poison = QColor(DARK.poison)
    for pfn in (0, 7_654_321, flags.size - 1):
        flags[pfn] |= np.uint64(pf.HWPOISON)
        shown.map.frames_changed([pfn])
        image, middle = shown.image(), shown.point(pfn)
        near = [QPoint(middle.x() + dx, middle.y() + dy) for dx in range(-6, 7) for dy in range(-6, 7)]
        found = sum(image.pixelColor(point) == poison for point in near if image.rect().contains(point))
        assert found >= 16, hex(pfn)
    # without the mark, too: the pixel of the bin itself
    pyramid = shown.map.plane.pyramid  # type: ignore[union-attr]
    assert all((pyramid.level(number) == kinds.POISON).any() for number in range(len(pyramid.shapes)))


def test_the_selection_does_not_hide_the_poison_of_its_frame(qtbot: QtBot) -> None:
    flags = np.full(1 << 20, 0x868, np.uint64)
    flags[500_000] |= np.uint64(pf.HWPOISON)
    shown = Shown(qtbot, flags, None)

    def poison_seen() -> int:
        image, middle = shown.map.grab().toImage(), shown.point(500_000)
        around = (QPoint(middle.x() + x, middle.y() + y) for x in range(-9, 10) for y in range(-9, 10))
        return sum(image.pixelColor(point) == QColor(DARK.poison) for point in around)

    alone = poison_seen()
    shown.map.select(500_000)
    assert alone and poison_seen() == alone


def test_many_poisoned_frames_cost_no_more_than_the_view(qtbot: QtBot) -> None:
    flags = np.full(1 << 18, 0x5828 | pf.HWPOISON, np.uint64)
    shown = Shown(qtbot, flags, None)
    plane = shown.map.plane
    assert plane is not None
    px, _ = places(plane.layout, shown.view.camera, plane.poisoned, 13)
    assert 0 < len(px) <= MOST_MARKS


def test_the_plane_is_not_copied(shown: Shown) -> None:
    plane = shown.map.plane
    assert plane is not None
    assert plane.flags is shown.flags


# -- the mouse


@pytest.mark.parametrize("steps", [0, 2, 4, 6])
def test_a_click_fires_on_the_frame_under_it(shown: Shown, steps: int) -> None:
    shown.wheel(steps, shown.point(1000))
    for pfn in (1000, 1001, 937):
        shown.click(pfn)
        assert shown.fired.pop() == pfn
        assert shown.map.selection == pfn
    assert not shown.fired


def test_corners_of_cells(shown: Shown) -> None:
    shown.wheel(4, shown.point(1000))
    cell = int(shown.view.camera.cell)
    corner = shown.corner(1000)
    for dx, dy in ((0, 0), (cell - 1, 0), (0, cell - 1), (cell - 1, cell - 1)):
        QTest.mouseClick(shown.view.viewport(), LEFT, pos=corner + QPoint(dx, dy))
        assert shown.fired.pop() == 1000
    QTest.mouseClick(shown.view.viewport(), LEFT, pos=corner + QPoint(cell, 0))
    assert shown.fired.pop() == 1001


@pytest.mark.parametrize(
    ("button", "keys"),
    [
        (RIGHT, Qt.KeyboardModifier.NoModifier),
        (LEFT, Qt.KeyboardModifier.ControlModifier),
        (LEFT, Qt.KeyboardModifier.ShiftModifier),
    ],
)
def test_selecting_does_not_fire(shown: Shown, button: Qt.MouseButton, keys: Qt.KeyboardModifier) -> None:
    shown.click(77, button, keys)
    assert shown.selected == [77]
    assert shown.map.selection == 77
    assert not shown.fired
    assert shown.menus == ([77] if button == RIGHT else [])


def test_a_drag_pans_and_does_not_fire(shown: Shown) -> None:
    shown.wheel(5, shown.point(1000))
    before = shown.point(1000)
    port = shown.view.viewport()
    start = shown.point(1000)
    QTest.mousePress(port, LEFT, pos=start)
    for step in range(1, 11):
        QTest.mouseMove(port, start + QPoint(-4 * step, 3 * step))
    QTest.mouseRelease(port, LEFT, pos=start + QPoint(-40, 30))
    assert not shown.fired
    assert shown.point(1000) - before == QPoint(-40, 30)
    shown.click(1000)  # and the next click is one again
    assert shown.fired == [1000]


def test_a_trembling_slow_click_is_a_click(shown: Shown, qtbot: QtBot) -> None:
    port, start = shown.view.viewport(), shown.point(1000)
    shown.wheel(3, start)
    start = shown.point(1000)
    QTest.mousePress(port, LEFT, pos=start)
    qtbot.wait(600)
    QTest.mouseMove(port, start + QPoint(1, 1))
    QTest.mouseRelease(port, LEFT, pos=start + QPoint(1, 1))
    assert shown.fired == [1000]


def test_a_double_click_fires_once(shown: Shown) -> None:
    port, where = shown.view.viewport(), shown.point(1000)
    QTest.mouseClick(port, LEFT, pos=where)
    QTest.mouseDClick(port, LEFT, pos=where)
    assert shown.fired == [1000]


def test_beside_the_map_there_is_nothing_to_click(shown: Shown) -> None:
    QTest.mouseClick(shown.view.viewport(), LEFT, pos=QPoint(5, 300))
    QTest.mouseClick(shown.view.viewport(), RIGHT, pos=QPoint(int(shown.view.item.edge) + 2, 2))
    assert not shown.fired and not shown.selected and not shown.menus


def test_the_wheel_keeps_the_frame_under_the_pointer(shown: Shown) -> None:
    where = shown.point(1000)
    for steps in (1,) * 9 + (-1,) * 6:
        shown.wheel(steps, where)
        assert shown.view.item.pfn_at(QPointF(where)) == 1000
    shown.wheel(-9, where)
    assert shown.view.camera.is_fit


def test_hover_is_told_once_a_frame_and_when_it_ends(shown: Shown) -> None:
    shown.map.set_summary(lambda pfn: f"frame {pfn}")
    for pfn in (500, 500, 501):
        QTest.mouseMove(shown.view.viewport(), shown.point(pfn))
    QApplication.sendEvent(shown.view, QEvent(QEvent.Type.Leave))
    assert shown.hovered[-3:] == [500, 501, NONE]


@pytest.mark.parametrize("change", [lambda it: it.resize(it.width(), it.height() - 60), lambda it: it.center_on(9000),
                                    lambda it: it.set_layout("hilbert")])  # fmt: skip
def test_the_label_does_not_stay_over_other_frames(shown: Shown, change: Callable[[FrameMapWidget], None]) -> None:
    for pfn in (300, 500):
        QTest.mouseMove(shown.view.viewport(), shown.point(pfn))
    assert shown.view.item.described == 500
    change(shown.map)
    assert shown.hovered[-1] == NONE and shown.view.item.described == NONE


def test_the_summary_is_painted_beside_the_pointer(shown: Shown) -> None:
    before = shown.image()
    shown.map.set_summary(lambda pfn: f"frame {pfn}")
    QTest.mouseMove(shown.view.viewport(), shown.point(900))
    after = shown.image()
    sheet = shown.point(900) + QPoint(24, 26)
    assert after.pixelColor(sheet) != before.pixelColor(sheet)


# -- the keyboard


def test_arrows_select_and_enter_fires(shown: Shown) -> None:
    shown.map.select(1000)
    shown.key(Qt.Key.Key_Right)
    shown.key(Qt.Key.Key_Down)
    shown.key(Qt.Key.Key_Left)
    shown.key(Qt.Key.Key_Up)
    assert shown.selected == [1001, 1065, 1064, 1000]
    shown.key(Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert shown.map.selection == 1016
    assert not shown.fired
    shown.key(Qt.Key.Key_Return)
    shown.key(Qt.Key.Key_Enter)
    assert shown.fired == [1016, 1016]


def test_arrows_begin_in_view_and_end_at_the_edges(shown: Shown) -> None:
    shown.key(Qt.Key.Key_Return)
    assert not shown.fired
    shown.key(Qt.Key.Key_Down)
    assert shown.map.selection in range(shown.flags.size)
    shown.map.select(0)
    shown.key(Qt.Key.Key_Left)
    shown.key(Qt.Key.Key_Up)
    assert shown.map.selection == 0
    shown.map.select(shown.flags.size - 1)
    shown.key(Qt.Key.Key_Down)
    assert shown.map.selection == shown.flags.size - 1


def test_the_view_follows_the_selection(shown: Shown) -> None:
    shown.map.select(1000)
    for _ in range(9):
        shown.key(Qt.Key.Key_Plus)
    for _ in range(40):
        shown.key(Qt.Key.Key_Left)
        assert shown.view.item.pfn_at(QPointF(shown.point(shown.map.selection))) == shown.map.selection


def test_zoom_fit_and_centre_by_key(shown: Shown) -> None:
    fit = shown.view.camera
    shown.map.select(1000)
    shown.key(Qt.Key.Key_F)
    camera = shown.view.camera
    assert camera.cell >= 20
    middle = QPoint(int(shown.view.item.edge + camera.view_width / 2), int(camera.view_height / 2))
    assert (shown.point(1000) - middle).manhattanLength() < 2 * camera.cell
    shown.key(Qt.Key.Key_Minus)
    assert shown.view.camera.cell < camera.cell
    shown.key(Qt.Key.Key_Home)
    assert shown.view.camera == fit


def test_keys_without_a_meaning_are_left_to_the_window(shown: Shown) -> None:
    for key in (Qt.Key.Key_Space, Qt.Key.Key_PageDown, Qt.Key.Key_Escape):
        shown.key(key)
    assert shown.view.camera.is_fit
    assert not shown.selected


def test_what_is_selected_can_be_heard(shown: Shown) -> None:
    shown.map.set_summary(lambda pfn: f"frame {pfn}")
    shown.map.select(7)
    assert shown.view.accessibleDescription() == "frame 7"
    assert shown.view.accessibleName()
    shown.map.select(NONE)
    assert shown.map.selection == NONE
    shown.map.select(10**9)  # not a frame of this machine
    assert shown.map.selection == NONE


# -- what the owner shows


def test_highlights_are_seen_at_fit_and_go_away(shown: Shown) -> None:
    before = shown.image()
    shown_as = [roles.TARGET, roles.VISITED, roles.SKIPPED, roles.UNMAPPED, roles.FREED, roles.owned(3)]
    shown.map.set_highlights([([300 + 9 * number], role) for number, role in enumerate(shown_as)])
    assert shown.image() != before
    shown.map.set_highlights([([300], roles.FREED)])
    image, middle = shown.image(), shown.point(300)
    square = [QPoint(middle.x() + dx, middle.y() + dy) for dx in range(-9, 10) for dy in range(-9, 10)]
    seen = [image.pixelColor(point) for point in square]
    assert seen.count(QColor(DARK.text)) > 5 and not {DARK.kill, DARK.poison} & {colour.name() for colour in seen}
    shown.map.set_summary(lambda pfn: f"frame {pfn}")
    assert shown.view.item.summary_of(300) == "frame 300\nfreed by the last exit"
    assert shown.view.item.summary_of(301) == "frame 301"
    shown.map.set_highlights([])
    assert shown.image() == before


def test_frames_of_the_selected_process_have_another_shape_than_those_of_the_step(shown: Shown) -> None:
    pictures = []
    for zoomed in (False, True):
        for role in (roles.owned(3), roles.of_selected(3)):
            shown.map.set_highlights([([300], role)])
            if zoomed:
                shown.map.center_on(300)
            pictures.append(shown.image())
    assert pictures[0] != pictures[1] and pictures[2] != pictures[3]


def test_ten_thousand_highlights(qtbot: QtBot) -> None:
    shown = Shown(qtbot, np.full(1 << 18, 0x5828, np.uint64), None)
    before = shown.image()
    shown.map.set_highlights([(np.arange(0, 1 << 18, 26), roles.owned(1))])
    assert shown.image() != before
    shown.map.set_highlights([])
    assert shown.image() == before


def test_the_target_pulses_no_more_than_three_times_a_second(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("hwpoison_gui.gui.map.widget.time.monotonic", lambda: now[0])
    shown.map.set_highlights([([300], roles.TARGET)])
    item, peaks, risen = shown.view.item, 0, False
    for tick in range(200):  # an owner in a hurry: ten pulses a second, for two seconds
        now[0] += 0.01
        shown.map.set_pulse_phase(tick / 10)
        peaks += not risen and item.pulse > 0.5
        risen = item.pulse > 0.5
    assert peaks <= 7
    shown.map.set_motion(False)
    assert item.pulse == 0
    shown.map.set_pulse_phase(0.5)
    assert item.pulse == 0


def test_another_machine_and_theme(shown: Shown) -> None:
    shown.map.select(5)
    shown.map.set_highlights([([5], roles.TARGET)])
    flags = np.full(512, 0x80, np.uint64)
    shown.flags = flags
    counts = np.zeros(512, np.int32)
    shown.map.set_source(flags, counts, counts)
    shown.map.set_theme(LIGHT)
    assert shown.map.selection == NONE
    assert shown.colour(100) == LIGHT.kind(kinds.SLAB)
    corner = shown.image().pixelColor(QPoint(int(shown.view.item.edge) + 3, 3))
    assert corner.name() == LIGHT.ground


@pytest.mark.parametrize("panel", [(1100, 560), (770, 340), (480, 180), (400, 900)])
def test_the_fitted_map_fills_its_panel(qtbot: QtBot, panel: tuple[int, int]) -> None:
    shown = Shown(qtbot, some_flags(65_536), None)
    shown.map.resize(*panel)
    plane, camera = shown.map.plane, shown.view.camera
    assert plane is not None
    assert camera.is_fit
    frames = camera.cell**2 * plane.layout.width * plane.layout.height
    assert frames > 0.72 * panel[0] * panel[1]  # the rest is the left edge, and a margin for what reaches beyond a cell


def test_a_resize_keeps_the_fit_or_the_middle(qtbot: QtBot) -> None:
    shown = Shown(qtbot, some_flags(65_536), None)
    plane = shown.map.plane
    assert plane is not None
    wide = plane.layout.width
    shown.map.select(0, reveal=False)  # somebody looks at something: rows stay as they are
    for width in range(900, 860, -5):
        shown.map.resize(width, 600)
    assert plane.layout.width == wide
    assert shown.view.camera.is_fit
    shown.map.resize(420, 900)
    until(lambda: shown.view.viewport().width() == 420)
    assert plane.layout.width < wide
    assert shown.view.camera.is_fit
    shown.map.center_on(40_000)
    shown.map.resize(1000, 500)
    until(lambda: shown.view.viewport().width() == 1000)
    assert shown.view.item.pfn_at(QPointF(shown.point(40_000))) == 40_000
    assert not shown.view.camera.is_fit


@pytest.fixture
def beside(qtbot: QtBot) -> Iterator[tuple[FrameMapWidget, QWidget]]:
    """A map with all frames in view, and a panel above it in the same window, 0 pixels high."""
    window = QWidget()
    qtbot.addWidget(window)
    box = QVBoxLayout(window)
    panel, shown = QWidget(), FrameMapWidget()
    panel.setFixedHeight(0)
    box.addWidget(panel)
    box.addWidget(shown, 1)
    flags, counts = some_flags(65_536), np.zeros(65_536, np.int32)
    window.resize(900, 600)
    window.show()
    qtbot.waitExposed(window)
    shown.set_source(flags, counts, counts)
    _settle()
    yield shown, panel  # the window lives as long as this


def _settle() -> None:
    for _ in range(3):
        QTest.qWait(1)


def _heighten(shown: FrameMapWidget, panel: QWidget, height: int) -> None:
    before = shown.height()
    panel.setFixedHeight(height)
    until(lambda: shown.height() != before)
    _settle()


@pytest.mark.parametrize("zoomed", [False, True])
def test_a_panel_that_takes_room_leaves_rows_as_they_are(beside: tuple[FrameMapWidget, QWidget], zoomed: bool) -> None:
    shown, panel = beside
    assert shown.plane is not None
    if zoomed:
        shown.center_on(40_000)
    width = shown.plane.layout.width
    _heighten(shown, panel, 400)
    assert shown.plane.layout.width == width
    assert shown.view.camera.is_fit is not zoomed
    QTest.keyClick(shown.view, Qt.Key.Key_Home)  # all frames, in rows that suit what is left
    assert shown.plane.layout.width > width
    assert shown.view.camera.is_fit


def test_rows_follow_what_opening_a_machine_shows_beside_them(beside: tuple[FrameMapWidget, QWidget]) -> None:
    shown, panel = beside
    assert shown.plane is not None
    _heighten(shown, panel, 20)
    width, counts = shown.plane.layout.width, np.zeros(65_536, np.int32)
    shown.set_source(some_flags(65_536), counts, counts)
    panel.setFixedHeight(400)  # as a caption
    until(lambda: shown.plane is not None and shown.plane.layout.width > width)


def test_rows_follow_the_window_while_all_frames_are_in_view(beside: tuple[FrameMapWidget, QWidget]) -> None:
    shown, _ = beside
    assert shown.plane is not None
    width = shown.plane.layout.width
    shown.center_on(40_000)
    shown.window().resize(400, 900)
    until(lambda: shown.width() < 400)
    assert shown.plane.layout.width == width
    shown.fit()
    shown.window().resize(400, 800)
    until(lambda: shown.plane is not None and shown.plane.layout.width < width)


def test_kept_rows_leave_little_of_the_view_empty(beside: tuple[FrameMapWidget, QWidget]) -> None:
    shown, _ = beside
    assert shown.plane is not None
    shown.keep_rows(320)
    assert shown.plane.layout.width == 320
    shown.keep_rows(32)  # would be a thin column
    assert shown.plane.layout.width > 200


@pytest.mark.parametrize("panel", [(900, 330), (420, 330)])
def test_the_selected_frame_stays_in_view_when_the_map_gets_smaller(qtbot: QtBot, panel: tuple[int, int]) -> None:
    shown = Shown(qtbot, some_flags(65_536), None)
    shown.map.center_on(40_000)
    low = shown.view.item.pfn_at(QPointF(880, 580))  # in the corner that goes first
    shown.map.select(low)
    shown.map.resize(*panel)
    until(lambda: shown.view.viewport().height() < 340)
    assert shown.view.viewport().rect().contains(shown.point(low))


def test_the_label_of_a_frame_leaves_the_row_addresses_in_sight(qtbot: QtBot) -> None:
    shown = Shown(qtbot, some_flags(65_536), None)
    shown.map.resize(360, 600)
    until(lambda: shown.view.viewport().width() == 360)
    shown.map.set_summary(lambda pfn: "as long as the words about a shared page are " * 4)
    edge = QRect(0, 100, int(shown.view.item.edge) - 1, 400)  # without the marks of the focus
    before = shown.image()
    shown.view.describe(40_000)
    QApplication.processEvents()
    after = shown.image()
    assert after != before and after.copy(edge) == before.copy(edge)


def test_without_a_machine_nothing_happens(qtbot: QtBot) -> None:
    widget = FrameMapWidget()
    qtbot.addWidget(widget)
    widget.resize(400, 300)
    widget.show()
    qtbot.waitExposed(widget)
    widget.fit()
    widget.select(3)
    widget.center_on(3)
    widget.frames_changed([1])
    QTest.mouseClick(widget.view.viewport(), LEFT, pos=QPoint(100, 100))
    QTest.keyClick(widget.view, Qt.Key.Key_Down)
    widget.grab()
    assert widget.selection == NONE


def test_an_error_in_what_a_click_does_is_not_swallowed(shown: Shown, qtbot: QtBot) -> None:
    def fail(pfn: int) -> None:
        raise RuntimeError(f"no such frame: {pfn}")

    shown.map.fired.connect(fail)
    with qtbot.captureExceptions() as caught:
        shown.click(1000)
    assert [str(one[1]) for one in caught] == ["no such frame: 1000"]


@pytest.mark.parametrize("done", ["shortcut", "home", "click", "undo", "playback"])
def test_the_label_of_a_frame_that_arrows_went_to_goes_with_the_next_thing_done(user, done: str) -> None:
    view, c = user.window.map.view, user.window.controller
    user.click_frame(user.frame("srv:heap+1"))
    c.playback.pause()
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Shift, Qt.Key.Key_Left):
        QTest.keyClick(view, key)
    assert view.item.described == c.selection.frame != NONE
    if done == "shortcut":
        QTest.keyClick(view, Qt.Key.Key_2)
    elif done == "home":
        QTest.keyClick(view, Qt.Key.Key_Home)
    elif done == "click":
        view.viewport().setMouseTracking(False)
        QTest.mousePress(view.viewport(), LEFT, pos=user.point(user.frame("any:slab")))
    elif done == "undo":
        c.step_operation(-1)
    else:
        c.seek(c.session.position + 1)
    assert view.item.described == NONE
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.item.described == c.selection.frame


def test_the_label_of_the_pointer_stays_while_the_handler_plays(user) -> None:
    view, c, pointed = user.window.map.view, user.window.controller, user.frame("srv:heap+2")
    user.click_frame(user.frame("srv:heap+1"))
    c.playback.pause()
    QTest.mouseMove(view.viewport(), user.point(pointed))
    assert view.item.described == pointed
    c.seek(c.session.position + 1)
    assert view.item.described == pointed
