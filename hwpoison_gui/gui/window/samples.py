"""The menu of what comes with the program: recorded machines, and lessons."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QMenu

from hwpoison_gui import resources
from hwpoison_gui.gui.look.plain import plain

_MACHINES: Final = (
    ("machines/server.npz", "A recorded server: 1 GiB, 61 processes, Linux 6.1"),
    (
        "machines/victim_before.npz",
        "A small recorded machine: pages of every kind, one of them shared by three",
    ),
)


def samples() -> list[tuple[Path, str]]:
    """Paths and titles: machines, then lessons."""
    machines = [(resources.path(name), title) for name, title in _MACHINES]
    return [*machines, *((path, _title_of(path)) for path in sorted(resources.path("lessons").glob("*.toml")))]


def _title_of(path: Path) -> str:
    with open(path, "rb") as file:
        return str(tomllib.load(file)["title"])


def add_samples(menu: QMenu, open_path: Callable[[Path], None]) -> None:
    """Fills a menu."""
    menu.setToolTipsVisible(True)
    number = 0
    for path, title in samples():
        if path.suffix == ".toml" and not number:
            menu.addSeparator()
        number += path.suffix == ".toml"
        action = menu.addAction(f"{number}  {title}" if number else title)
        action.setToolTip(plain(str(path)))
        action.triggered.connect(lambda _=False, path=path: open_path(path))
