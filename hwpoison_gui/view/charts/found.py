"""Places in physical memory of the frames that a filter finds, by kind: those of a fault of DRAM, or any others."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.charts.chart import Lying, Places
from hwpoison_gui.view.words.words import counted

I64 = npt.NDArray[np.int64]

_CHUNK: Final = 1 << 17  # frames at a time


def found_places(m: Machine, expression: str, pfns: I64) -> Generator[float, None, Places]:
    """The frames (ascending, each once) that an expression finds, in the kinds that they have now; in slices."""
    lying: dict[int, list[I64]] = {kind.id: [] for kind in KINDS}
    for start in range(0, len(pfns), _CHUNK):
        some = pfns[start : start + _CHUNK]
        words, which = np.unique(m.flags.view[some], return_inverse=True)
        kinds = np.array([kind_of(word) for word in words.tolist()], np.int64)[which]
        for kind in set(kinds.tolist()):
            lying[kind].append(some[kinds == kind])
        yield start / len(pfns)
    parts = [Lying(f"kind:{kind.key}", kind.name, np.concatenate(lying[kind.id])) for kind in KINDS if lying[kind.id]]
    parts.sort(key=lambda part: -len(part.pfns))
    what = f"Where the {len(pfns):,} frames of “{expression}” lie" if len(pfns) != 1 else f"Where “{expression}” lies"
    return Places(f"{what} in physical memory", "frame", m.frames, tuple(parts), _note(pfns))


def _note(pfns: I64) -> str:
    """Number of runs of adjacent frames, and the first and last frame; `pfns` ascending."""
    if not len(pfns):
        return "Nothing is found."
    runs = 1 + int(np.count_nonzero(np.diff(pfns) > 1))
    return f"{counted(runs, 'run')} of neighbours from {int(pfns[0]):#x} to {int(pfns[-1]):#x}."
