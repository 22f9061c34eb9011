"""The size of a frame, and amounts of memory as text."""

from __future__ import annotations

from typing import Final

FRAME_SIZE: Final = 4096  # bytes


def amount(size: int) -> str:
    """Return an amount of memory (bytes), or an address, in the unit that keeps it short: `1.5 GiB`."""
    number, decimals, unit = in_unit(size)
    return f"{number:.{decimals}f} {unit}"


def in_unit(size: int) -> tuple[float, int, str]:
    """An amount of memory (bytes) in the unit that keeps it short: the number, its decimals, and the unit."""
    for unit, factor, decimals in (("TiB", 1 << 40, 2), ("GiB", 1 << 30, 2), ("MiB", 1 << 20, 1), ("KiB", 1 << 10, 0)):
        if size >= factor:
            return size / factor, decimals, unit
    return size, 0, "B"


def mebibytes(frames: int) -> str:
    """The size of a number of frames in MiB, without the unit: `1.5`, `<0.1`; empty for none."""
    size = frames * FRAME_SIZE / (1 << 20)
    return "" if not frames else "<0.1" if size < 0.05 else f"{size:,.1f}" if size < 1000 else f"{size:,.0f}"
