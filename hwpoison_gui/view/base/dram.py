"""The geometry of a machine: one that is chosen, fitted to its memory and to the hole in it."""

from __future__ import annotations

import numpy as np

from hwpoison_gui.dram.geometry import FOUR_GIB, PAGE_SHIFT, Geometry, hole_of
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine


def fitted_to(m: Machine, geometry: Geometry) -> Geometry:
    """A geometry for the memory of a machine. Raises DramError if the machine has memory beyond it."""
    hole = None
    if geometry.hole is None and m.frames > FOUR_GIB >> PAGE_SHIFT:
        hole = hole_of((m.flags.view & np.uint64(pf.NOPAGE)) == 0)
    return geometry.fitted(m.frames, hole)
