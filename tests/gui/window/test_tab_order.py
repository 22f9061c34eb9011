"""The Tab key: everything that can be seen is reached, in an order that makes sense, and nothing else."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.gui.waiting import until

Key = Qt.Key


def walk(user, key: Qt.Key = Key.Key_Tab) -> list[QWidget]:
    """Everybody who gets the keyboard, until the map has it again."""
    user.window.map.view.setFocus()
    seen: list[QWidget] = []
    for _ in range(80):
        QTest.keyClick(QApplication.focusWidget(), key)
        seen.append(QApplication.focusWidget())
        if seen[-1] is user.window.map.view:
            return seen
    raise AssertionError(f"the map is not reached again: {seen[-3:]}")


def test_tab_reaches_all_that_is_seen_and_comes_back(user) -> None:
    window = user.window
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End)
    user.key(Key.Key_Comma, window.map.view)
    seen = walk(user)
    assert len(set(seen)) == len(seen)
    wanted = (
        window.legend.focusProxy(),
        window.docks["rmap"].content(),
        window.docks["why"].content(),
        window.transport.timeline,
        window.docks["tasks"].content(),
        window.docks["log"].content(),
    )
    places = [seen.index(part) for part in wanted]
    assert places == sorted(places)
    shown = {slider for slider in window.sliders.values() if slider.isVisible()}  # of the sysctls that this kernel has
    assert len(shown) == 2 and {*shown, window.profile, window.transport.speed} <= set(seen)
    for widget in seen:
        assert QRect(widget.mapTo(window, QPoint()), widget.size()).intersects(window.rect()), widget
        assert widget.accessibleName() or widget.inherits("QTabBar"), widget


def test_backtab_goes_the_same_way_back(user) -> None:
    there, back = walk(user), walk(user, Key.Key_Backtab)
    assert back[:-1] == there[-2::-1]


def test_the_frame_panel_is_reached_when_it_is_in_front_and_left_again(user) -> None:
    window = user.window
    window.controller.selection.select(user.frame("srv:heap+1"))
    assert window.docks["frame"].content() not in walk(user)
    window.docks["frame"].raise_()
    until(lambda: not window.docks["frame"].content().visibleRegion().isEmpty())
    seen = walk(user)
    assert seen.count(window.docks["frame"].content()) == 1 and window.docks["why"].content() not in seen


def test_the_reverse_map_is_read_and_used_by_keyboard(user) -> None:
    window, view = user.window, user.window.docks["rmap"].content()
    window.controller.selection.select(user.frame("srv:heap+1"))
    view.setFocus()
    user.key(Key.Key_Down, view)
    user.key(Key.Key_Down, view)
    assert view.graph.mappers[2].task in view.accessibleDescription()
    steps = len(user.session.steps)
    user.key(Key.Key_Space, view)
    assert window.controller.selection.task == view.graph.mappers[2].tgid
    user.key(Key.Key_Up, view)
    user.key(Key.Key_Return, view)
    assert window.controller.selection.task == view.graph.mappers[1].tgid
    assert len(user.session.steps) == steps and not window.controller.playback.playing
