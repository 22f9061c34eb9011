"""The layouts of the map by name: what a session file, the settings and the menu call them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from hwpoison_gui.view.map.layout import Layout, RowMajor
from hwpoison_gui.view.map.layout_curves import Hilbert, Morton
from hwpoison_gui.view.map.layout_zones import ByZone

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.dram.geometry import Geometry


def _by_geometry(frames: int, _: int, __: Sequence[int], geometry: Callable[[], Geometry]) -> Layout:
    from hwpoison_gui.view.map.layout_dram import ByGeometry

    return ByGeometry(frames, geometry())


ROWS: Final = "rows"
BY_ZONE: Final = "zones"
DRAM: Final = "dram"
# Given the number of frames, the row length, the first frames of zones, and the geometry of DRAM.
LAYOUTS: Final[dict[str, Callable[[int, int, Sequence[int], Callable[[], Geometry]], Layout]]] = {
    ROWS: lambda frames, width, *_: RowMajor(frames, width),
    "hilbert": lambda frames, *_: Hilbert(frames),
    "morton": lambda frames, *_: Morton(frames),
    BY_ZONE: lambda frames, width, starts, _: ByZone(frames, width, starts),
    DRAM: _by_geometry,
}
