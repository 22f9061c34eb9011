"""The page of keys: every key of every command, under the menu that has it."""

from __future__ import annotations

from html import unescape

from PySide6.QtGui import QKeySequence

from hwpoison_gui.gui.window.commands.key_list import key_list


def test_the_keys_of_charts_are_listed(user) -> None:
    page = unescape(key_list(user.window.actions_))
    for keys in ("Shift and arrows", "Up, Down", "Page Up", "Home, End", "Zoom the axis"):
        assert keys in page[page.index(">In charts<") : page.index(">In every panel<")]


def test_every_key_stands_once_with_what_it_does(user) -> None:
    actions = user.window.actions_
    page = unescape(key_list(actions))
    heads = [page.index(f">{head}<") for head in ("On the map", "Machine", "Frame", "Play", "Map", "View", "Help")]
    assert heads == sorted(heads)
    for name, command in actions.commands.items():
        keys = ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in actions[name].shortcuts())
        if keys:
            assert page.count(f"<b>{keys}</b></td><td>{command.tip}<") == 1, name
