"""Loads Qt without PySide's replacement of Python's import function.

To support `from __feature__ import ...`, PySide reads the source of every module imported after it. The feature is
not used here, and reading the source of a hundred modules takes a twentieth of the start.
"""

from __future__ import annotations

import builtins


def load() -> None:
    """Import the Qt modules of the window, and restore the import function."""
    plain = builtins.__import__
    import PySide6.QtWidgets  # noqa: F401

    builtins.__import__ = plain
