"""A command: a row of the table from which menus, tool bar, shortcuts, tips and palette are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from hwpoison_gui.record import Record

UNBOOTABLE: Final = "This machine cannot be booted again: its source is gone."


class Command(Record):
    """A user action. `menu` uses " > " for submenus; `missing` says why it is unavailable, empty if it is not."""

    name: str
    menu: str
    text: str
    tip: str
    run: Callable[[], object]
    icon: str = ""
    keys: tuple[str, ...] = ()
    missing: Callable[[], str] = lambda: ""
    group: str = ""  # exclusive group: one command of it is checked
    separated: bool = False
    checked: Callable[[], bool] | None = None  # for commands that toggle
    short: Callable[[], str] | None = None  # `missing` in two words, beside the text in menus
    meanwhile: bool = False  # works while other work is in progress
    at_start: bool = False  # works while the start page is open
    in_every_window: bool = False  # its keys work in the other windows of the program, too

    @property
    def titles(self) -> list[str]:
        """Return the titles of its menu and of those above, the outermost first, without mnemonics."""
        return self.menu.replace("&", "").split(" > ")


def view_only(commands: Iterable[Command]) -> list[Command]:
    """Mark commands that only change what is shown: they work while other work is in progress."""
    return [command._replace(meanwhile=True) for command in commands]
