"""The user's folders for what programs keep, by the XDG base directory specification."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_NAME: Final = "hwpoison-gui"


def folder(variable: str, default: str) -> Path | None:
    """The program's folder below that of an environment variable, or below `default`; None if neither is absolute."""
    home = os.environ.get(variable, "")
    if not os.path.isabs(home):  # the specification: relative paths are ignored
        home = os.path.expanduser(default)
    return Path(home, _NAME) if os.path.isabs(home) else None


def make(where: Path) -> bool:
    """Create the folder if it is missing, for its owner only. Returns whether the user owns it. Raises OSError.

    With sudo, HOME may be another user's: files of root must not be left there.
    """
    there = where
    while not there.exists():
        there = there.parent
    if there.stat().st_uid != os.geteuid():
        return False
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    return True
