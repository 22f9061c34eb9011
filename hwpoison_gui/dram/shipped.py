"""Reads the geometries that come with the program, and the one that a user names."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hwpoison_gui import resources
from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.dram.geometry import Geometry
from hwpoison_gui.dram.geometry_file import read_geometry
from hwpoison_gui.dram.names import NAMES


def keys() -> tuple[str, ...]:
    """The names of the shipped geometries, the one that is made up first."""
    return tuple(NAMES)


@cache
def shipped(key: str) -> Geometry:
    """A shipped geometry."""
    return read_geometry(resources.path(f"geometries/{key}.toml"))


def geometry_named(name: str) -> Geometry:
    """A shipped geometry by its name, or that of a file. Raises DramError, or OSError if a file cannot be read."""
    if name in NAMES:
        return shipped(name)
    path = Path(name)
    if path.suffix == ".toml" or path.exists():
        return read_geometry(path)
    raise DramError(f"no such geometry; shipped are {', '.join(NAMES)}; others are files, NAME.toml", where=name)
