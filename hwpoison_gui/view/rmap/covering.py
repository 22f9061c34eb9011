"""Number of VMAs that cover the page in each frame, for all frames at once: those that the walk finds."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import MAPPING_ANON, MAPPING_KSM, mapping_flags, mapping_word
from hwpoison_gui.kernel.records import INDEX_MASK

I64 = npt.NDArray[np.int64]

_CHUNK: Final = 1 << 18  # frames at a time: intermediate arrays stay in the cache
_AT: Final = 33  # bit of the mapping in a key; below it an index of 32 bits, or the end of an interval


class Covering:
    """The VMAs of a machine as intervals of the indices of their anon_vma or file; stale once the machine changes."""

    def __init__(self, m: Machine) -> None:
        self.m = m
        self._starts, self._ends = _intervals(m)

    def of(self, part: slice) -> I64:
        """The number of VMAs that `rmap_addresses` (kernel/rmap.py) finds for each of some frames, int64.

        A page that KSM merged has none: its index leads nowhere.
        """
        m = self.m
        heads = m.compound_heads(part)
        mapping = m.mapping.view[heads]
        covered = np.flatnonzero((mapping != 0) & (mapping_flags(mapping) != MAPPING_KSM))
        head = heads[covered]
        index = (m.index.view[head].astype(np.int64) + part.start + covered - head) & INDEX_MASK
        keys = mapping[covered].astype(np.int64) << _AT | index
        found = np.zeros(len(heads), np.int64)
        found[covered] = np.searchsorted(self._starts, keys, "right") - np.searchsorted(self._ends, keys, "right")
        return found


def vmas_over(m: Machine) -> I64:
    """The number of VMAs over each frame, int64 by pfn."""
    covering = Covering(m)
    parts = [covering.of(slice(start, min(start + _CHUNK, m.frames))) for start in range(0, m.frames, _CHUNK)]
    return np.concatenate(parts)


def _intervals(m: Machine) -> tuple[I64, I64]:
    """Return the sorted starts and the sorted ends of the VMAs of each anon_vma and of each file, in its index."""
    rows = []
    for store, flags in ((m.anon_vma_chain.view, MAPPING_ANON), (m.i_mmap.view, 0)):
        for mapping, vmas in store.items():
            for vma in (m.vmas.view[id_] for id_ in vmas):
                rows += _parts(mapping_word(mapping, flags) << _AT, vma.pgoff & INDEX_MASK, vma.pages)
    starts, ends = np.array(rows, np.int64).reshape(-1, 2).T
    return np.sort(starts), np.sort(ends)


def _parts(base: int, first: int, pages: int) -> list[tuple[int, int]]:
    """An interval of indices of 32 bits: two, where it begins again at 0."""
    end, size = first + pages, INDEX_MASK + 1
    if end <= size:
        return [(base + first, base + end)]
    return [(base + first, base + size), (base, base + end - size)]
