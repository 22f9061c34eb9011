"""A command: a row of the table from which menus, tool bar, shortcuts, tips and palette are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hwpoison_gui.record import Record

UNBOOTABLE: Final = "This machine cannot be booted again: its source is gone."
TEXT_SIZE: Final = "&View > Te&xt size"


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
    checked: Callable[[], bool] | None = None  # of commands that toggle
    short: Callable[[], str] | None = None  # `missing` in two words, beside the text in menus
