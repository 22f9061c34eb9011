"""Where the frames that a filter finds lie in physical memory, by kind: those of a fault of DRAM, or any others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.charts.chart import Lying, Places
from hwpoison_gui.view.words.words import counted


def found_places(m: Machine, expression: str, pfns: npt.NDArray[np.int64]) -> Places:
    """The frames (ascending, each once) that an expression finds, in the kinds that they have now."""
    words, which = np.unique(m.flags.view[pfns], return_inverse=True)
    kinds = np.array([kind_of(word) for word in words.tolist()], np.int64)[which] if len(pfns) else pfns
    parts = [Lying(f"kind:{kind.key}", kind.name, pfns[kinds == kind.id]) for kind in KINDS if kind.id in kinds]
    parts.sort(key=lambda part: -len(part.pfns))
    what = f"Where the {len(pfns):,} frames of “{expression}” lie" if len(pfns) != 1 else f"Where “{expression}” lies"
    return Places(f"{what} in physical memory", "frame", m.frames, tuple(parts), _note(pfns))


def _note(pfns: npt.NDArray[np.int64]) -> str:
    """How scattered they are."""
    if not len(pfns):
        return "Nothing is found."
    runs = 1 + int(np.count_nonzero(np.diff(pfns) > 1))
    return f"{counted(runs, 'run')} of neighbours from {int(pfns[0]):#x} to {int(pfns[-1]):#x}."
