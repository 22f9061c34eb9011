"""The geometries that come with the program, and which of them a user means."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from hwpoison_gui import resources
from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.dram.geometry import Geometry
from hwpoison_gui.dram.geometry_file import read_geometry

MADE_UP: Final = "plain"  # for machines of which no controller is known: made and recorded ones


@cache
def keys() -> tuple[str, ...]:
    """The names of the shipped geometries, the one that is made up first."""
    found = sorted(path.stem for path in resources.path("geometries").glob("*.toml"))
    return MADE_UP, *(key for key in found if key != MADE_UP)


@cache
def shipped(key: str) -> Geometry:
    """A shipped geometry."""
    return read_geometry(resources.path(f"geometries/{key}.toml"))


def geometry_named(name: str) -> Geometry:
    """A shipped geometry by its name, or that of a file. Raises DramError, or OSError if a file cannot be read."""
    if name in keys():
        return shipped(name)
    path = Path(name)
    if path.suffix == ".toml" or path.exists():
        return read_geometry(path)
    raise DramError(f"no such geometry; shipped are {', '.join(keys())}; others are files, NAME.toml", where=name)
