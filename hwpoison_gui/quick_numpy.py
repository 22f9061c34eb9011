"""Imports numpy without the parts that the program does not use, which take two fifths of the import time.

- The documentation of the functions that are written in C: 7,000 lines of text in two modules that do nothing else.
- The types for annotations, which are hundreds of unions. Annotations are not evaluated here, except for NDArray.
- Modules of the standard library for functions that nothing calls: to pickle arrays, or to report a system.

Whatever else is asked of the modules of the last two kinds loads the real ones, so that no library notices.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any, Final, TypeVar

_DOCS: Final = ("numpy._core._add_newdocs", "numpy._core._add_newdocs_scalars")
_TYPES: Final = ("numpy._typing", "numpy.typing")
_STANDARD: Final = ("pickle", "platform", "textwrap")

_Scalar = TypeVar("_Scalar")


class _Late(ModuleType):
    """Stands for a module that is imported when a name is asked of it; NDArray alone is here."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the import system asks every module for some of these
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if name == "NDArray":
            return _array_type()
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def _array_type() -> Any:
    """NDArray as numpy defines it; the modules that define `ndarray` and `dtype` come before all annotations."""
    numpy = sys.modules["numpy._core.multiarray"]
    return numpy.ndarray[Any, numpy.dtype[_Scalar]]


def load() -> None:
    """Import numpy, unless it is there already."""
    if "numpy" in sys.modules:
        return
    unloaded = [name for name in _STANDARD if name not in sys.modules]
    late = {name: _Late(name) for name in (*_DOCS, *_TYPES, *unloaded)}
    sys.modules.update(late)
    try:
        import numpy
    finally:
        for name in (*_DOCS, "numpy._typing"):
            if sys.modules.get(name) is late[name]:
                del sys.modules[name]  # whoever imports it now gets the real one
    if sys.modules.get("numpy.typing") is late["numpy.typing"]:
        setattr(numpy, "typing", late["numpy.typing"])  # noqa: B010, as the import of a module would
