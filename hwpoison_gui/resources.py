"""Finds the program's data files: icons, recorded machines, the desktop entry.

They are in the top-level folder resources/, which a wheel contains as _resources inside the package.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent


@cache
def folder() -> Path:
    """The folder of resources in a wheel or a checkout (an editable install is a checkout)."""
    # The wheel first: beside an installed package, "resources" may belong to something else.
    for candidate in (_PACKAGE / "_resources", _PACKAGE.parent / "resources"):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"no resources beside {_PACKAGE}: the installation is incomplete")


def path(name: str) -> Path:
    """The path of the file or folder `name`, with "/" between folders. Raises FileNotFoundError."""
    found = folder() / name
    if not found.exists():
        raise FileNotFoundError(f"no such resource: {found}")
    return found
