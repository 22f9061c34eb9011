"""Where the program's own data files are: icons, demo scenarios, the desktop entry.

They stand in the top-level folder resources/, which a wheel carries inside the package as _resources.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent


@cache
def folder() -> Path:
    """The folder of resources, of a wheel or of a checkout (an editable install is a checkout)."""
    # The wheel's comes first: beside an installed package, "resources" may be anybody's.
    for candidate in (_PACKAGE / "_resources", _PACKAGE.parent / "resources"):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"no resources beside {_PACKAGE}: the installation is incomplete")


def path(name: str) -> Path:
    """The file or folder `name` (with "/" between folders), which must exist."""
    found = folder() / name
    if not found.exists():
        raise FileNotFoundError(f"no such resource: {found}")
    return found
