"""Loads Qt without work of PySide that start-up does not need.

- To support `from __feature__ import ...`, PySide replaces Python's import function, and reads the source of every
  module imported after that. The feature is not used here; the sources of a hundred modules take a twentieth of the
  start.
- The modules that describe signatures, for messages about wrong arguments and for type stubs, are source text in an
  archive within its library. PySide compiles all of it at each start, which takes a third as long as a bare window.
  Here such a module is compiled when one of its names is first asked for; the code of those that are needed at once
  is kept in the user's cache.
- Enumerations take a sixth of the start: `qt_enums` makes them.
"""

from __future__ import annotations

import builtins
import sys
import threading
from functools import partial
from types import CodeType
from typing import Any, Final

from hwpoison_gui.gui.app import qt_enums
from hwpoison_gui.user.kept_code import KeptCode

# Not `mapping`: the library reads the globals of that module without asking it for a name, and aborts without them.
_LATE: Final = frozenset(
    f"shibokensupport/signature/{name}.py"
    for name in ("errorhandler", "layout", "parser", "lib/enum_sig", "lib/pyi_generator")
)
_INSIDE: Final = ("signature_bootstrap.py", "shibokensupport/")  # file names in the archive
_KNOWN: Final = ((6, 8), (6, 11))  # the oldest and the newest PySide of which that is known to be all
# What such a module consists of until it is needed (PEP 562).
_UNTIL_THEN: Final = f"""
def __getattr__(name):
    from {__name__} import run_late
    return run_late(globals(), name)
"""

_compile: Final = builtins.compile
_sources: Final[dict[str, bytes]] = {}  # file -> source of a module that is not needed yet
_running: Final = threading.RLock()


def load() -> None:
    """Import the Qt modules of the window, and restore the functions that are replaced meanwhile."""
    plain, kept = builtins.__import__, KeptCode()
    qt_enums.install()
    builtins.compile = partial(_compile_once, kept)
    try:
        import PySide6.QtWidgets  # noqa: F401
    finally:
        builtins.compile = _compile
        builtins.__import__ = plain
    kept.keep()


def _compile_once(kept: KeptCode, source: Any, filename: Any, *args: Any, **options: Any) -> Any:
    """As `_compile_late`; the code of the other modules in the archive is kept."""
    if filename in _LATE or not str(filename).startswith(_INSIDE):
        return _compile_late(source, filename, *args, **options)
    code = kept.find(source, filename)
    if code is None:
        code = _compile(source, filename, *args, **options)
        kept.add(source, filename, code)
    return code


def _compile_late(source: Any, filename: Any, *args: Any, **options: Any) -> Any:
    """As `compile`; of the files in `_LATE` the source is kept for `run_late`."""
    oldest, newest = _KNOWN
    if filename not in _LATE or not oldest <= sys.modules["shiboken6"].__version_info__[:2] <= newest:
        return _compile(source, filename, *args, **options)
    _sources[filename] = source
    code: CodeType = _compile(_UNTIL_THEN, filename, *args, **options)
    return code


def run_late(module: dict[str, Any], name: str) -> Any:
    """The value of a name in a module with these globals, which is run now if it was not.

    Raises
    ------
    AttributeError
        If the module has no such name. No module is run for a name like `__path__`: that is asked of every module.
    """
    if not name.startswith("__"):
        with _running:
            source = _sources.pop(module["__file__"], None)
            if source is not None:
                del module["__getattr__"]
                exec(_compile(source, module["__file__"], "exec"), module)
        if name in module:
            return module[name]
    raise AttributeError(f"module {module['__name__']!r} has no attribute {name!r}")
