"""Preset machines: the `background` of a scenario, and the machine that the program starts with.

Each is a function of the number of frames and a seed, and returns the same image on every computer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hwpoison_gui.image import MemoryImage

from .desktop import desktop

PRESETS: Final[dict[str, Callable[[int, int], MemoryImage]]] = {"desktop": desktop}

__all__ = ["PRESETS", "desktop"]
