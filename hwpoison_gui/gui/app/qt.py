"""Loading Qt without PySide's replacement of Python's import.

For `from __feature__ import ...` PySide reads the source of every module that is imported after it, to see whether
it uses PySide. Nothing here uses that, and reading a hundred files is a tenth of a start.
"""

from __future__ import annotations

import builtins


def load() -> None:
    """Import what the window is made of; `import` then works as it did before."""
    plain = builtins.__import__
    import PySide6.QtWidgets  # noqa: F401

    builtins.__import__ = plain
