"""The menu of what comes with the program: recorded machines, and lessons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QMenu

from hwpoison_gui import lessons, resources
from hwpoison_gui.gui.look.plain import plain

# File, name, and content.
MACHINES: Final = (
    ("machines/server.npz", "A recorded server", "1 GiB, 61 processes, Linux 6.1"),
    ("machines/victim_before.npz", "A small recorded machine", "256 MiB, pages of every kind"),
)


def machine_path(name: str) -> Path:
    """The file of a recorded machine."""
    return resources.path(name)


def samples() -> list[tuple[Path, str]]:
    """Paths and titles: machines, then lessons."""
    machines = [(machine_path(file), f"{name}: {what}") for file, name, what in MACHINES]
    return [*machines, *((path, _title_of(path)) for path in lessons.paths())]


def _title_of(path: Path) -> str:
    import tomllib  # imported here to keep start-up fast

    with open(path, "rb") as file:
        return str(tomllib.load(file)["title"])


def add_samples(menu: QMenu, open_path: Callable[[Path], None]) -> None:
    """Fill a menu."""
    menu.setToolTipsVisible(True)
    number = 0
    for path, title in samples():
        if path.suffix == ".toml" and not number:
            menu.addSeparator()
        number += path.suffix == ".toml"
        action = menu.addAction(f"{number}  {title}" if number else title)
        action.setToolTip(plain(str(path)))
        action.triggered.connect(lambda _=False, path=path: open_path(path))
