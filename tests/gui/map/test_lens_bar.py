"""Lenses and layouts in the window: keys, menu and bar, sheets in slices, and what follows from a change."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from hwpoison_gui.gui.control import slices
from hwpoison_gui.gui.map.lens_bar import LensBar
from hwpoison_gui.view.base.palette import DARK, LIGHT
from hwpoison_gui.view.map.lens_colours import class_colour
from hwpoison_gui.view.map.lenses import BY_KEY, LENSES, OUTCOME
from tests.gui.waiting import until

Key = Qt.Key


def code(window, pfn: int) -> int:
    plane = window.map.plane
    x, y = plane.layout.position(pfn)
    return int(plane.codes.at(x, y))


def settled(user) -> None:
    until(lambda: not user.window.lenses.busy)


def number_keys_put_lenses_on(user) -> None:
    window = user.window
    for number, lens in enumerate(LENSES, start=1):
        QTest.keyClick(window.map.view, str(number))
        settled(user)
        assert window.lenses.lens.key == lens.key
        assert window.lens_bar.buttons[lens.key].isChecked()
        assert window.actions_[f"lens-{lens.key}"].isChecked()
        assert next(iter(window.legend.chips.values())).one.key == "poison"
        assert sum(chip.frames for chip in window.legend.chips.values()) == user.session.machine.frames


def a_click_on_the_bar(user) -> None:
    QTest.mouseClick(user.window.lens_bar.buttons["outcome"], Qt.MouseButton.LeftButton)
    settled(user)
    assert user.window.map.plane.lens is OUTCOME
    pixel = user.window.map.view.grab().toImage().pixelColor(user.point(user.frame("any:slab")))
    assert pixel.name() == class_colour(user.window.theme, OUTCOME, "ignored")


def test_keys_and_clicks_put_lenses_on(user) -> None:
    """By numbers, and on the bar."""
    number_keys_put_lenses_on(user)
    a_click_on_the_bar(user)


def test_the_outcome_follows_sysctls_and_clicks(user) -> None:
    window, pfn, start = user.window, user.frame("srv:heap+0"), user.session.position
    window.lenses.choose("outcome")
    assert code(window, pfn) == OUTCOME.id_of("early")
    window.controller.set_sysctl("memory_failure_early_kill", 0)
    settled(user)
    assert code(window, pfn) == OUTCOME.id_of("late")
    window.controller.set_sysctl("memory_failure_recovery", 0)
    settled(user)
    assert code(window, pfn) == OUTCOME.id_of("panic")
    window.controller.seek(start)
    settled(user)
    assert code(window, pfn) == OUTCOME.id_of("early")
    window.controller.fire(pfn)
    window.controller.playback.pause()
    window.controller.seek(len(user.session.steps))
    settled(user)
    assert code(window, pfn) == OUTCOME.poison


def test_the_outcome_of_a_machine_that_has_stopped_is_no_panic_of_each_frame(user) -> None:
    window, pfn, panic = user.window, user.frame("srv:heap+0"), OUTCOME.id_of("panic")
    window.controller.set_sysctl("memory_failure_recovery", 0)
    window.lenses.choose("outcome")
    settled(user)
    window.controller.fire(pfn)
    window.controller.playback.pause()
    before = user.session.operations[-1].first
    for position, name in ((before, "panic"), (len(user.session.steps), "stopped"), (before, "panic")):
        window.controller.seek(position)
        settled(user)
        assert user.session.machine.panicked is (name == "stopped")
        assert code(window, pfn) == panic
        assert window.lenses.lens.classes[panic].name == name
        assert window.legend.lens is window.lenses.lens
        window.legend.classClicked.emit(panic)
        assert window.filter.text == "outcome:panic" and window.map.plane.found_count() > 1
        window.legend.classClicked.emit(panic)


def test_changed_shows_the_operation_so_far(user) -> None:
    window, lens = user.window, BY_KEY["changed"]
    window.lenses.choose("changed")
    start = len(user.session.steps)
    window.controller.act("exit", {"task": "w0"})
    counts = window.map.plane.class_counts()
    assert counts[lens.id_of("touched")] + counts[lens.id_of("just")] > 0
    window.controller.seek(start)
    before = window.map.plane.class_counts()
    assert before[lens.id_of("unchanged")] >= counts[lens.id_of("unchanged")]


def test_a_lens_that_takes_long_is_made_between_events(user, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "_AT_ONCE", -1.0)
    window = user.window
    window.lenses.slices.seconds = -1.0
    heard: list[float] = []
    window.lenses.progress.connect(heard.append)
    bar = window.lens_bar
    QTest.keyClick(window.map.view, "7")
    assert window.lenses.busy
    assert window.map.plane.lens.key == window.legend.lens.key == "kind"
    assert bar.buttons["outcome"].isChecked() and bar.buttons["outcome"].done < 1
    assert window.actions_["lens-outcome"].isChecked()
    until(lambda: bar.said.isVisible())
    assert bar.said.text().startswith("computing ") and bar.said.text().endswith("%")
    assert bar.said.width() >= bar.said.sizeHint().width()
    assert bar.rect().contains(bar.said.geometry())
    assert not bar.said.geometry().intersects(bar.buttons["kernels"].geometry())
    settled(user)
    assert window.map.plane.lens is OUTCOME
    assert not bar.said.isVisible()
    assert heard[-1] == 1.0
    assert heard == sorted(heard)


def test_a_lens_does_not_wait_for_the_sheets_of_panels(user, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "_AT_ONCE", -1.0)
    window, lenses = user.window, user.window.lenses
    lenses.slices.seconds = -1.0
    lenses.need("kernels", True, "a panel")
    assert lenses.busy and not window.lens_bar.said.isVisible()  # the lens that is on has nothing to compute
    lenses.choose("outcome")
    until(lambda: lenses.lens is OUTCOME)
    assert lenses.busy and lenses.current_sheet("kernels") is None
    assert not window.lens_bar.said.isVisible()
    settled(user)
    assert lenses.current_sheet("kernels") is not None


def a_lens_given_up_is_neither_marked_nor_computing(user, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setattr(slices, "_AT_ONCE", -1.0)
    window, bar = user.window, user.window.lens_bar
    QTest.keyClick(window.map.view, key)
    given_up = bar.buttons[window.lenses.wanted]
    QTest.keyClick(window.map.view, "1")
    assert bar.buttons["kind"].isChecked() and window.actions_["lens-kind"].isChecked()
    assert given_up.done == 1 and not given_up.isChecked()
    assert not bar.said.isVisible() and not window.lenses.busy
    assert window.map.plane.lens.key == "kind"


def another_choice_ends_the_work_on_the_first(user, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "_AT_ONCE", -1.0)
    window = user.window
    window.lenses.choose("outcome")
    window.lenses.choose("state")
    assert not window.lenses.busy
    assert window.map.plane.lens.key == "state"


def test_a_lens_that_is_not_waited_for(user, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up for another one, and is no longer computed."""
    for key in "79":
        a_lens_given_up_is_neither_marked_nor_computing(user, monkeypatch, key)
    another_choice_ends_the_work_on_the_first(user, monkeypatch)


def test_the_lens_stays_on_for_another_machine(user) -> None:
    user.window.lenses.choose("mapcount")
    user.window.actions_["new"].trigger()
    until(lambda: not user.window.machines.loader.busy)
    settled(user)
    assert user.window.map.plane.lens.key == "mapcount"
    assert user.window.lens_bar.buttons["mapcount"].isChecked()


@pytest.mark.parametrize("name", ["hilbert", "morton", "zones", "rows"])
def test_a_layout_keeps_the_frames_in_view(user, name: str) -> None:
    window, pfn = user.window, user.frame("srv:heap+1")
    window.controller.selection.select(pfn)
    window.map.center_on(pfn)
    cell = window.map.view.camera.cell
    window.actions_[f"layout-{name}"].trigger()
    assert window.map.selection == pfn
    assert window.map.view.camera.cell == cell
    assert window.map.view.viewport().rect().contains(user.point(pfn))
    assert window.map.view.item.pfn_at(user.point(pfn).toPointF()) == pfn
    assert bool(window.map.view.item.edge) == window.map.plane.layout.has_rows
    window.map.fit()
    picture = window.map.view.grab().toImage()
    assert picture.pixelColor(user.point(pfn)).name() != DARK.ground
    other = user.frame("srv:heap+2")
    user.click_frame(other)
    assert user.session.operations[-1].outcome.pfn == other


def test_the_bar_has_numbers_alone_where_there_is_no_room(qtbot) -> None:
    bar = LensBar()
    qtbot.addWidget(bar)
    bar.resize(900, 24)
    bar.show()
    qtbot.waitExposed(bar)
    assert all(button.words for button in bar.buttons.values())
    bar.resize(240, 24)
    until(lambda: [button.words for button in bar.buttons.values()] == ["Kind"] + [""] * len(LENSES))
    shown = [button for button in bar.buttons.values() if button.isVisible()]
    assert all(a is b or not a.geometry().intersects(b.geometry()) for a in shown for b in shown)
    assert bar.rect().contains(shown[-1].geometry())
    bar.set_theme(LIGHT)
    assert all(button.toolTip() and button.accessibleName() for button in shown)
