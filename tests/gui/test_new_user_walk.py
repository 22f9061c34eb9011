"""Somebody new in front of the window: what happened, and why, is understood from its words alone."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

Key = Qt.Key


def test_a_shared_page_is_found_broken_understood_and_tried_again(user) -> None:
    window, view = user.window, user.window.map.view
    # find a page that several share: the pointer rests on it, and the label names its users
    pfn = user.frame("srv:heap+1")
    window.map.center_on(pfn)

    def hovers() -> bool:
        # The view may still be on its way to the frame: the pointer follows.
        QTest.mouseMove(view.viewport(), user.point(pfn) + QPoint(1, 0))
        QTest.mouseMove(view.viewport(), user.point(pfn))
        return bool(view.item.hovered == pfn)

    user.qtbot.waitUntil(hovers, timeout=10_000)
    said = view.item.summary_of(pfn)
    assert f"{pfn:#x}" in said and "srv" in said

    # click, and see it through
    user.click_frame(pfn)
    user.key(Key.Key_End, view)
    QApplication.processEvents()
    said = f"{window.sentence.text.text()} {window.sentence.detail.text()}"
    assert "srv" in said or "4" in said
    rows = {row.name: row for row in window.tasks.tasks.rows}
    assert all("SIGBUS" in rows[name].killed_by for name in ("srv", "w0", "w1", "w2"))
    assert rows["other"].alive
    assert any(f"{pfn:#x}" in line for line in user.session.machine.log.view.values())

    # go back, move the slider with the mouse, and the same click kills nobody yet
    user.key(Key.Key_PageUp, view)
    assert user.alive("srv", "w0", "w1", "w2") == [True] * 4
    slider = window.sliders["memory_failure_early_kill"]
    user.qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=slider._track().center().toPoint())
    assert slider.value() == 0
    user.click_frame(pfn)
    user.key(Key.Key_End, view)
    assert user.alive("srv", "w0", "w1", "w2") == [True] * 4
    assert "When touched" in window.sentence.text.text()
