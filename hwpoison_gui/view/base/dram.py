"""The geometry of a machine: one that is chosen, fitted to its memory and to the hole in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.dram.geometry import FOUR_GIB, PAGE_SHIFT, Geometry, hole_of
from hwpoison_gui.dram.names import MADE_UP
from hwpoison_gui.dram.shipped import geometry_named, shipped
from hwpoison_gui.kernel import page_flags as pf


def fitted_to(flags: npt.NDArray[np.uint64], geometry: Geometry) -> Geometry:
    """A geometry for a machine with these flag words. Raises DramError if the machine has memory beyond it."""
    hole = None
    below = FOUR_GIB >> PAGE_SHIFT
    if geometry.hole is None and len(flags) > below:
        hole = hole_of((flags[:below] & np.uint64(pf.NOPAGE)) == 0)
    return geometry.fitted(len(flags), hole)


def chosen(flags: npt.NDArray[np.uint64], name: str) -> tuple[Geometry, str]:
    """The fitted geometry of that name or file, with an empty text; else the made-up one, and the reason for it."""
    try:
        return fitted_to(flags, geometry_named(name or MADE_UP)), ""
    except DramError as error:
        why = str(error)
    except OSError as error:
        why = f"{name}: cannot be read: {error.strerror or error}"
    return fitted_to(flags, shipped(MADE_UP)), why
