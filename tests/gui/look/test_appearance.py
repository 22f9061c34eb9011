"""The look that the user chooses: size of text, on every part of the window at once, and remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenuBar,
    QTabBar,
    QTableView,
    QTextEdit,
    QWidget,
)

from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.session import Session
from tests.gui.conftest import User
from tests.gui.waiting import comparison_of, until

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(autouse=True)
def usual_text(qapp: QApplication) -> Iterator[None]:
    """Other tests find text as it was."""
    yield
    look.set_text_size(look.USUAL_TEXT)


def fonts(window: QWidget) -> dict[QWidget, float]:
    """The size of text of every widget that has some."""
    kinds = (QLabel, QAbstractButton, QLineEdit, QAbstractItemView, QTabBar, QMenuBar, QTextEdit)
    texts = [widget for kind in kinds for widget in window.findChildren(kind) if not _is_bare(widget)]
    return {widget: widget.font().pointSizeF() for widget in texts}


def _is_bare(widget: QWidget) -> bool:
    """Heads have their size from the style sheet; the corner of a table has no text."""
    return isinstance(widget, QHeaderView) or widget.objectName() == "qt_tableview_cornerbutton"


def painted(user: User) -> dict[str, float]:
    """What drawn text, and what stands beside it, takes: pixels that should grow with it."""
    w = user.window
    rows = {
        name: table.rowHeight(0)
        for name, table in (("tasks", w.docks["tasks"].content()), ("states", w.docks["states"].content().view))
    }
    return rows | {
        "pages": w.tables.pages.findChild(QTableView).verticalHeader().defaultSectionSize(),
        "why": w.docks["why"].content().visualRect(w.docks["why"].content().model().index(0, 0)).height(),
        "left edge of the map": w.map.view.item.edge,
        "reverse map": w.docks["rmap"].content()._fonts.plain.line,
        "switch": w.sliders["memory_failure_early_kill"].sizeHint().height(),
        "chip of an operation": w.operations.rect_of(w.operations._places[0]).width(),
        "timeline": w.transport.timeline.height(),
        "legend": w.legend.chips[w.lenses.lens.poison].sizeHint().width(),
        "head of a table": w.docks["tasks"].content().horizontalHeader().sizeHint().height(),
        "icon": max(size.width() for size in w.actions_["play"].icon().availableSizes()),
        "figure": w.counters.sizeHint().height(),
        "stage": w.stage.height(),
    }


def test_text_of_another_size_is_everywhere_at_once_and_goes_back(user: User, qtbot) -> None:
    user.click_frame(user.frame("srv:heap+0"))
    user.window.show_panel("states")
    user.window.show_panel("why")
    qtbot.wait(1)
    before, drawn = fonts(user.window), painted(user)
    user.window.appearance.choose_text_size(150)
    qtbot.wait(1)
    now = fonts(user.window)
    assert [(repr(w), before[w], size) for w, size in now.items() if w in before and size < 1.4 * before[w]] == []
    larger = painted(user)
    assert {name: pixels for name, pixels in larger.items() if pixels < 1.2 * drawn[name]} == {}
    user.window.appearance.choose_text_size(100)
    qtbot.wait(1)
    assert painted(user) == drawn
    assert {repr(w): size for w, size in fonts(user.window).items() if size != before.get(w, size)} == {}


def test_control_plus_and_minus_are_about_text_and_plus_alone_about_the_map(user: User) -> None:
    dress, view = user.window.appearance, user.window.map.view
    view.zoom(2)  # away from the size that fits the map, which changes with its room
    cell = view.camera.cell
    QTest.keyClick(view, Qt.Key.Key_Plus, CTRL)
    assert (dress.text_size, view.camera.cell) == (115, cell)
    QTest.keyClick(view, Qt.Key.Key_Minus, CTRL)
    QTest.keyClick(view, Qt.Key.Key_Minus, CTRL)
    assert dress.text_size == 85
    assert "small as it can be" in user.window.actions_["text-smaller"].toolTip()
    QTest.keyClick(view, Qt.Key.Key_0, CTRL)
    assert dress.text_size == 100
    assert user.window.actions_["text-100"].isChecked()
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert view.camera.cell > cell


def test_a_comparison_has_text_of_the_same_size(user: User, qtbot) -> None:
    user.click_frame(user.frame("srv:heap+1"))
    user.window.actions_["compare"].trigger()
    shown = comparison_of(user.window)
    until(lambda: not shown.building and not shown.walk.busy)
    before = shown.words.font().pointSizeF(), shown.sides[0].sentence.height(), shown.table.font().pointSizeF()
    shown.activateWindow()
    QTest.keyClick(shown.bar.slider, Qt.Key.Key_Plus, CTRL)
    assert user.window.appearance.text_size == 115
    now = shown.words.font().pointSizeF(), shown.sides[0].sentence.height(), shown.table.font().pointSizeF()
    assert all(larger > size for larger, size in zip(now, before, strict=True))
    shown.close()


@pytest.fixture
def remembering(qtbot) -> Callable[[], MainWindow]:
    """Windows that remember."""

    def make() -> MainWindow:
        made = MainWindow(Opened(Session.fresh(4096), "x"))
        qtbot.addWidget(made)
        return made

    return make


def test_the_size_of_text_is_remembered_and_nonsense_is_not_believed(remembering) -> None:
    first = remembering()
    assert first.appearance.text_size == 100
    first.appearance.choose_text_size(130)
    assert remembering().appearance.text_size == 130
    assert QApplication.font().pointSizeF() == pytest.approx(1.3 * usual_size())
    for kept, meant in (("huge", 100), ("140", 130), ("9000", 200)):
        first.settings.keep(keys.TEXT_SIZE, kept)
        assert remembering().appearance.text_size == meant


def moments(user: User) -> int:
    """How many different pictures of the window there are while one step is shown."""
    seen = set()
    for phase in (0.1, 0.3, 0.5, 0.7):
        user.window.controller.playback.phaseChanged.emit(phase)
        picture = user.window.grab().toImage()  # its bytes are gone with it
        seen.add(bytes(picture.constBits()))
    return len(seen)


def test_with_reduced_motion_steps_go_on_and_nothing_moves_between_them(user: User) -> None:
    window, controller = user.window, user.window.controller
    user.click_frame(user.frame("srv:heap+0"))
    controller.playback.pause()
    steps = user.session.steps
    controller.seek(1 + next(n for n in range(len(steps)) if steps[n].mark.act is Act.VISIT))
    assert moments(user) > 1
    window.actions_["still"].trigger()
    assert moments(user) == 1
    assert window.map.view.item.pulse == 0
    assert not window.isAnimated()
    assert window.actions_["still"].isChecked()
    before = user.session.position
    window.actions_["forward"].trigger()
    assert user.session.position == before + 1
    window.actions_["still"].trigger()
    assert window.isAnimated()


def test_motion_is_as_the_desktop_has_it_until_the_user_says_otherwise(remembering, monkeypatch) -> None:
    monkeypatch.setattr(look, "system_is_still", lambda: True)
    first = remembering()
    assert first.appearance.still
    first.appearance.choose_motion(False)
    assert not remembering().appearance.still


def usual_size() -> float:
    look.set_text_size(100)
    return QApplication.font().pointSizeF()
