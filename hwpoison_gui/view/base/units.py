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


def mebibytes(frames: int) -> str:
    """The size of a number of frames in MiB, without the unit: `1.5`, `<0.1`; empty for none."""
    size = frames * FRAME_SIZE / (1 << 20)
    return "" if not frames else "<0.1" if size < 0.05 else f"{size:,.1f}" if size < 1000 else f"{size:,.0f}"
