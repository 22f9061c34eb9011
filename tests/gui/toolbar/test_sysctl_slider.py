"""A switch of a sysctl in the tool bar: the mouse turns it and leaves the keyboard where it was."""

from __future__ import annotations

from hwpoison_gui.view.map.lenses import LENSES
from tests.gui.hands import Key, Person


def test_after_a_click_on_a_switch_the_keys_are_the_maps(user) -> None:
    window, pfn = user.window, user.frame("srv:heap+1")
    me = Person(user.qtbot, window)
    slider = window.sliders["memory_failure_early_kill"]
    window.controller.selection.select(pfn)
    me.press(Key.Key_3)
    assert window.lenses.lens is LENSES[2]
    me.click(slider)
    assert slider.value() == 0
    me.press(Key.Key_1)
    assert window.lenses.lens is LENSES[0] and slider.value() == 0
    me.press(Key.Key_Return)
    assert slider.value() == 0 and user.session.operations[-1].outcome.pfn == pfn


def test_a_switch_that_tab_led_to_takes_its_keys(user) -> None:
    me = Person(user.qtbot, user.window)
    slider = user.window.sliders["memory_failure_early_kill"]
    for _ in range(60):
        if slider.hasFocus():
            break
        me.press(Key.Key_Tab)
    assert slider.hasFocus()
    me.press(Key.Key_0)
    assert slider.value() == 0
    me.press(Key.Key_Return)
    assert slider.value() == 1
