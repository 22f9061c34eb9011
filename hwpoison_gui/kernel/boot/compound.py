"""Booting: compound pages, which /proc/kpageflags shows as a head and the tails behind it.

Heads and tails are read while the machine runs: a tail whose head is gone by then stands alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .. import page_flags as pf
from ..image import U64

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Compounds(NamedTuple):
    """`head`: the head of each frame's compound page, the frame itself where there is none. `order`: by head."""

    head: I64
    tails: I64
    order: dict[int, int]

    def is_head(self, pfn: I64) -> Bools:
        """Whether each frame is no tail."""
        return np.asarray(self.head[pfn] == pfn)


def compounds_of(words: U64) -> Compounds:
    """Compound pages: a head and the tails behind it."""
    head = np.arange(len(words))
    tails = np.nonzero((words & np.uint64(pf.COMPOUND_TAIL)) != 0)[0]
    if not len(tails):
        return Compounds(head, tails, {})
    begins = np.diff(tails, prepend=-2) != 1
    before = (tails[begins] - 1)[np.cumsum(begins) - 1]
    # A tail without a head: the frame was freed or taken while the words were read.
    whole = (before >= 0) & ((words[before] & np.uint64(pf.COMPOUND_HEAD)) != 0)
    tails, before = tails[whole], before[whole]
    head[tails] = before
    heads, count = np.unique(before, return_counts=True)
    order = np.log2(count + 1).astype(np.int64)
    return Compounds(head, tails, dict(zip(heads.tolist(), order.tolist(), strict=True)))
