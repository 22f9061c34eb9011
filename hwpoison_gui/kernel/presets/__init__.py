"""Named machines to start from: what a scenario's `background` and the start of the program name.

Each is a function of the number of frames and a seed, and gives the same image on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..image import MemoryImage
from .desktop import desktop

PRESETS: Final[dict[str, Callable[[int, int], MemoryImage]]] = {"desktop": desktop}

__all__ = ["PRESETS", "desktop"]
