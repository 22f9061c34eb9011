"""Distribution of frames by number of mappings or references."""

from __future__ import annotations

from typing import Final

import numpy as np

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.view.charts.chart import Curve, Curves
from hwpoison_gui.view.charts.colours import POINT
from hwpoison_gui.view.words.words import counted

_MOST: Final = 1 << 12  # values counted one by one; larger ones are counted together
QUANTITIES: Final = {"mapcount": "mappings", "refcount": "references"}
_HAVE: Final = {"mapcount": "are mapped", "refcount": "have references"}


def distribution(m: Machine, quantity: str) -> Curves:
    """Frames by a key of QUANTITIES: a point for each value that occurs, those of 0 left out, as the axis has none."""
    column = m.mapcount.view if quantity == "mapcount" else m.refcount.view
    counts = np.bincount(np.clip(column, 0, _MOST), minlength=2)
    values = np.flatnonzero(counts[1:]) + 1
    none, beyond = int(counts[0]), int(np.count_nonzero(column > _MOST))
    more = f" {_MOST:,} stands for more, too." if beyond else ""
    curve = Curve(POINT, "frames", values.astype(float), counts[values].astype(float), joined=False)
    return Curves(
        f"{m.frames - none:,} of {m.frames:,} frames {_HAVE[quantity]}",
        quantity,
        "frames",
        (curve,),
        log=True,
        quantity=quantity,
        x_of=f"{QUANTITIES[quantity]} of a frame",
        note=f"{counted(none, 'frame with 0 is', 'frames with 0 are')} left out.{more}",
    )
