"""Compound pages, which /proc/kpageflags shows as a head followed by its tails.

Flags are read while the machine runs: a tail whose head was freed meanwhile is left alone.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import U64
from hwpoison_gui.record import Record

from .. import page_flags as pf
from .scan import pieces

I64 = npt.NDArray[np.int64]
Pfns = npt.NDArray[np.signedinteger[Any]]

_PAGES: Final = 1 << 14  # compound pages
Bools = npt.NDArray[np.bool_]


class Compounds(Record):
    """The compound pages of a machine.

    Attributes
    ----------
    head
        The head of each frame, or the frame itself; int32 where that holds every pfn. Shape (frames,).
    heads, orders
        The pfn of the head of each compound page, ascending, and its order; int64, shape (compound pages,).
    order
        The order by pfn of the head.
    """

    head: Pfns
    heads: I64
    orders: I64
    order: dict[int, int]

    def is_head(self, pfn: I64) -> Bools:
        """Mask of the frames that are not tails."""
        return np.asarray(self.head[pfn] == pfn)

    def sizes(self, head: I64) -> I64:
        """The frames of the compound page of each head; 1 for a frame on its own."""
        size = np.ones(len(head), np.int64)
        if len(self.heads):
            at = np.searchsorted(self.heads, head).clip(0, len(self.heads) - 1)
            large = self.heads[at] == head
            size[large] = 1 << self.orders[at[large]]
        return size

    def frames(self, head: I64) -> I64:
        """All frames of the compound pages of these heads, each page's in a row."""
        sizes = self.sizes(head)
        number = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        found: I64 = np.repeat(head, sizes) + number
        return found


def compounds_of(words: U64) -> Compounds:
    """The compound pages in a column of flag words, uint64, one per frame."""
    head: Pfns = np.arange(len(words), dtype=np.int32 if len(words) <= 1 << 31 else np.int64)
    # The tails of a page are a run of their own, as the head of the next page ends it.
    first, end = _runs(words, np.uint64(pf.COMPOUND_TAIL))
    # A run without a head: the frame was freed or allocated while the words were read.
    whole = (first > 0) & ((words[first - 1] & np.uint64(pf.COMPOUND_HEAD)) != 0)
    heads, end = first[whole] - 1, end[whole]
    for start in range(0, len(heads), _PAGES):
        part = slice(start, start + _PAGES)
        size = end[part] - heads[part]
        page = np.repeat(heads[part], size)
        head[page + (np.arange(len(page)) - np.repeat(np.cumsum(size) - size, size))] = page
    orders = np.log2(end - heads).astype(np.int64)
    return Compounds(head, heads, orders, dict(zip(heads.tolist(), orders.tolist(), strict=True)))


def _runs(words: U64, flag: np.uint64) -> tuple[I64, I64]:
    """First frame, and the frame past the last, of each run of frames with a flag; looked for piece by piece."""
    edges, before = [], False
    for piece in pieces(len(words)):
        has = (words[piece] & flag) != 0
        edges.append(np.flatnonzero(np.diff(has, prepend=before)) + piece.start)
        before = bool(has[-1])
    found = np.concatenate([*edges, np.array([len(words)] if before else [], np.int64)])
    return found[::2], found[1::2]
