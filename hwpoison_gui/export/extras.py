"""Packages that only some formats and options need: they are not installed with the program, but asked for by name."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Final

from hwpoison_gui.record import Record


class _Extra(Record):
    name: str  # in [project.optional-dependencies]
    package: str  # as pip knows it


_EXTRAS: Final = {
    "PIL": _Extra("pictures", "Pillow"),
    "av": _Extra("video", "av"),
    "distributed": _Extra("fleet", "distributed"),
    "pyarrow": _Extra("parquet", "pyarrow"),
}


class MissingExtraError(Exception):
    """A format or an option needs a package that is missing. `str(error)` says which and how to get it, in one line."""

    def __init__(self, what: str, module: str) -> None:
        extra = _EXTRAS[module]
        super().__init__(
            f"{what} needs {extra.package}, which is not installed: {sys.executable} -m pip install {extra.package}"
            f"  (the extra “{extra.name}” of hwpoison-gui)"
        )


def required(what: str, module: str, part: str = "") -> ModuleType:
    """Import a module, or a part of it, that `what`, a format or an option, needs. Raises MissingExtraError."""
    try:
        found = importlib.import_module(module)
        return importlib.import_module(f"{module}.{part}") if part else found
    except ImportError:
        raise MissingExtraError(what, module) from None
