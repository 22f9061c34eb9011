"""A command: one row of the table from which menus, tool bar, shortcuts, tips and the palette are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

PANICKED: Final = "The machine has panicked: only stepping back or a new machine goes on."
TEXT_SIZE: Final = "&View > Te&xt size"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing the user can do. `menu` with " > " for a submenu; `missing` says why it cannot be done now."""

    name: str
    menu: str
    text: str
    tip: str
    run: Callable[[], object]
    icon: str = ""
    keys: tuple[str, ...] = ()
    missing: Callable[[], str] = lambda: ""
    group: str = ""  # of this group, one is checked
    separated: bool = False
    checked: Callable[[], bool] | None = None  # of what is on or off
