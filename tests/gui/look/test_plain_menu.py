"""Menus without icons and ticks leave no room for them; names keep their `&`."""

from __future__ import annotations

from hwpoison_gui.gui.look.plain_menu import trim


def test_a_menu_without_icons_and_ticks_is_plain(user) -> None:
    menus = user.window.menus
    menu = menus.frame_menu(user.frame("srv:heap+1"))
    trim(menu)
    below = next(action.menu() for action in menu.actions() if action.text() == "Report the error as")
    assert below.property("plain") and not menu.property("plain")
    task = menus.task_menu(user.session.world.task_names.view["w1"])
    trim(task)
    ticked = next(action.menu() for action in task.actions() if action.text() == "SIGBUS")
    assert not ticked.property("plain")


def test_an_ampersand_of_a_name_is_shown(user) -> None:
    user.window.controller.act("task", {"name": "R&D"})
    menu = user.window.menus.task_menu(user.session.world.task_names.view["R&D"])
    assert menu.actions()[0].text().startswith("R&&D")
