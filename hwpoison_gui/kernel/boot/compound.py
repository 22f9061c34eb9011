"""Compound pages, which /proc/kpageflags shows as a head followed by its tails.

Flags are read while the machine runs: a tail whose head was freed meanwhile is left alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record

from .. import page_flags as pf
from ..image import U64

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Compounds(Record):
    """`head`: the head of each frame, or the frame itself; `tails`: their pfns; `order`: by pfn of the head."""

    head: I64
    tails: I64
    order: dict[int, int]

    def is_head(self, pfn: I64) -> Bools:
        """Mask of the frames that are not tails."""
        return np.asarray(self.head[pfn] == pfn)

    def is_large(self, head: I64) -> Bools:
        """Mask of the frames that are heads of compound pages."""
        return self.sizes(head) > 1

    def sizes(self, head: I64) -> I64:
        """The frames of the compound page of each head; 1 for a frame on its own."""
        size = np.ones(len(self.head), np.int64)
        size[np.fromiter(self.order, np.int64)] = 1 << np.fromiter(self.order.values(), np.int64)
        found: I64 = size[head]
        return found

    def frames(self, head: I64) -> I64:
        """All frames of the compound pages of these heads, each page's in a row."""
        sizes = self.sizes(head)
        number = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        found: I64 = np.repeat(head, sizes) + number
        return found


def compounds_of(words: U64) -> Compounds:
    """The compound pages in a column of flag words, uint64, one per frame."""
    head = np.arange(len(words))
    tails = np.nonzero((words & np.uint64(pf.COMPOUND_TAIL)) != 0)[0]
    if not len(tails):
        return Compounds(head, tails, {})
    begins = np.diff(tails, prepend=-2) != 1
    before = (tails[begins] - 1)[np.cumsum(begins) - 1]
    # A tail without a head: the frame was freed or allocated while the words were read.
    whole = (before >= 0) & ((words[before] & np.uint64(pf.COMPOUND_HEAD)) != 0)
    tails, before = tails[whole], before[whole]
    head[tails] = before
    heads, count = np.unique(before, return_counts=True)
    order = np.log2(count + 1).astype(np.int64)
    return Compounds(head, tails, dict(zip(heads.tolist(), order.tolist(), strict=True)))
