"""The hook: one button, four processes dead, and the question what if late; the open machine knows nothing of it."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from hwpoison_gui.gui.control import playback
from hwpoison_gui.gui.start.ready_page import SHARED
from hwpoison_gui.gui.start.scene import PAGE
from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL
from tests.gui.start.test_page import few_lessons, full, page_of, press, start
from tests.gui.waiting import comparison_of, until

__all__ = ["few_lessons", "start"]
Key = Qt.Key
FOUR = ("server", "worker-1", "worker-2", "worker-3")


def alive(scene) -> list[str]:
    return [name for name in FOUR if scene.controller.session.alive(name)]


def test_one_key_breaks_the_page_and_four_processes_die(start) -> None:
    window = start()
    page = full(window)
    scene = page.hook.scene
    assert alive(scene) == list(FOUR) and page.hook.text.text() == SHARED
    session = scene.controller.session
    assert session.machine.mapcount.view[scene.frame] == len(FOUR) and SHARED.startswith("Four processes")
    press(Key.Key_Return)
    assert page.hook.is_large and page.hook.back.hasFocus() and not page.lessons.isVisible()
    told = []
    scene.told.connect(told.append)
    for position in range(session.position, len(session.steps)):  # as it plays, at once
        scene.controller._seek(position)
    scene.finish()
    until(lambda: page.hook.late.isVisible())
    assert len(told) >= 4 and "SIGBUS" in " ".join(told)
    assert alive(scene) == [] and page.hook.after.text().startswith("Four processes are dead.")
    said = page.hook.text.text()
    assert "SIGBUS killed" in said and all(name in said for name in FOUR)
    assert page.hook.late.hasFocus() and "killed" in page.hook.late.accessibleDescription()
    assert window.controller.session.operations == [] and not window.isWindowModified()


def test_what_if_late_leads_into_compare(start) -> None:
    window = start()
    page = full(window)
    page.hook.break_.click()
    page.hook.scene.finish()
    until(lambda: page.hook.late.isVisible())
    page.hook.late.click()
    shown = comparison_of(window.starting)
    until(lambda: shown.compared is not None)
    assert [side.settings.sysctl[SYSCTL_EARLY_KILL] for side in (shown.compared.left, shown.compared.right)] == [1, 0]
    assert any("killed" in str(row) for row in shown.rows)
    window.appearance.choose_theme("light")
    window.close()
    assert window.starting.comparison.shown is None


def test_escape_leads_back_to_the_lessons_and_again_plays_again(start) -> None:
    window = start()
    page = full(window)
    press(Key.Key_Return)
    press(Key.Key_Escape)
    assert page.isVisible() and page.lessons.isVisible() and not page.hook.is_large
    assert page.hook.scene.over and page.hook.late.isVisible()
    page.hook.again.click()
    assert page.hook.is_large and page.hook.scene.begun and len(page.hook.scene.controller.session.operations) == 7
    page.hook.scene.finish()
    assert alive(page.hook.scene) == []


def test_a_click_on_the_page_itself_breaks_it(start) -> None:
    page = full(start())
    scene = page.hook.scene
    until(lambda: scene.map.isVisible())
    view, pfn = scene.map.view, scene.controller.session.resolve_frame(PAGE)
    cell = view.item.rect_of(pfn + 1)
    assert cell.width() >= 16, "near enough to read"
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=cell.center().toPoint())
    assert not scene.begun  # another one
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.item.rect_of(pfn).center().toPoint())
    assert scene.begun and page.hook.is_large
    scene.finish()


def test_pressed_before_the_scene_is_there(start) -> None:
    window = start(complete=False)
    page = page_of(window)
    page.hook.break_.click()
    assert not page.hook.is_large
    until(lambda: page.hook.scene is not None)
    assert page.hook.is_large and page.hook.scene.begun
    page.hook.scene.finish()


def test_leaving_the_page_ends_what_moves(start) -> None:
    window = start()
    page = full(window)
    page.hook.break_.click()
    window.actions_["new"].trigger()
    until(lambda: not page.isVisible())
    assert not page.hook.scene.controller.playback.playing


@pytest.mark.parametrize("still", [True, False])
def test_reduced_motion_plays_all_the_same(start, still: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playback, "time", SimpleNamespace(monotonic=lambda: 8 * time.monotonic()))
    window = start()
    window.appearance.choose_motion(still)
    page = full(window)
    page.hook.scene.controller.playback.set_speed(64.0)
    page.hook.break_.click()
    page.hook.scene.controller.playback.set_speed(64.0)
    until(lambda: page.hook.late.isVisible())
    assert alive(page.hook.scene) == []


@pytest.mark.parametrize("size", [(1280, 800), (900, 600)])
def test_nothing_moves_when_the_four_are_dead(start, size: tuple[int, int]) -> None:
    window = start()
    window.resize(*size)
    hook = full(window).hook
    hook.break_.click()
    scene = hook.scene
    until(lambda: hook.is_large and scene.controller.session.position > 0)
    QTest.qWait(50)
    before = scene.rmap.mapTo(window, scene.rmap.rect().topLeft())
    scene.finish()
    until(lambda: hook.late.isVisible())
    QTest.qWait(50)
    assert scene.rmap.mapTo(window, scene.rmap.rect().topLeft()) == before
