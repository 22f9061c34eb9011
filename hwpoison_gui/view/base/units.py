"""The size of a frame, and amounts of memory as text."""

from __future__ import annotations

from typing import Final

FRAME_SIZE: Final = 4096  # bytes


def amount(size: int) -> str:
    """Return an amount of memory (bytes), or an address, in the unit that keeps it short: `1.5 GiB`."""
    for unit, factor, digits in (("TiB", 1 << 40, 2), ("GiB", 1 << 30, 2), ("MiB", 1 << 20, 1), ("KiB", 1 << 10, 0)):
        if size >= factor:
            return f"{size / factor:.{digits}f} {unit}"
    return f"{size} B"
