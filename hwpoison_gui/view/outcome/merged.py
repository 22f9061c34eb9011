"""The processes that collect_procs_ksm() finds for pages merged by KSM, for very many pages at once, as arrays."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import mapping_number

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_ANON_VMA_BITS: Final = 31  # bits below the stable node


class RmapItems:
    """The anon_vmas that rmap items of merged pages name, and the address spaces with a VMA linked to them.

    Where no items of a page are known, as on a recorded machine, the entries that map it stand for them.
    """

    def __init__(self, m: Machine, pfn: I64, anon_vma: I64, linked: I64, rank: I64) -> None:
        """`pfn`, `anon_vma`: entries of merged pages, and the anon_vmas of their VMAs. `linked`, `rank`: the links of
        VMAs, by anon_vma (ascending), and the address space of each VMA."""
        self._m, self._linked, self._rank = m, linked, rank
        known = {
            node << _ANON_VMA_BITS | item.anon_vma for node, of in m.rmap_items.view.items() for item in of.values()
        }
        node = self._nodes(pfn)
        entries = (node << _ANON_VMA_BITS | anon_vma)[node < 0]
        items = np.unique(np.append(np.array(list(known), np.int64), entries))
        self._node, self._anon_vma = items >> _ANON_VMA_BITS, items & (1 << _ANON_VMA_BITS) - 1

    def _nodes(self, pfns: I64) -> I64:
        """The stable nodes of merged pages; where no rmap items are known, a number below 0 for each page."""
        node = mapping_number(self._m.mapping.view[pfns]).astype(np.int64)
        return np.where(np.isin(node, list(self._m.rmap_items.view)), node, ~pfns)

    def count(self, pfns: I64, mine: Bools) -> I64:
        """The number of anon_vmas that lead from each merged page to one of some address spaces, a mask by rank."""
        leading = self._node[np.isin(self._anon_vma, self._linked[mine[self._rank]])]
        nodes = self._nodes(pfns)
        found: I64 = np.searchsorted(leading, nodes, "right") - np.searchsorted(leading, nodes)
        return found

    def reached(self, pfns: I64) -> tuple[I64, I64]:
        """Pairs of a merged page and an address space, by rank, to which its rmap items lead."""
        page, item = _matches(self._node, self._nodes(pfns))
        of, link = _matches(self._linked, self._anon_vma[item])
        return pfns[page[of]], self._rank[link]


def merged_among(m: Machine, pfns: I64 | slice) -> I64:
    """Places of the pages that KSM merged, in ascending order."""
    found: I64 = np.flatnonzero(m.flags.view[pfns] & np.uint64(pf.KSM))
    return found


def _matches(sorted_keys: I64, keys: I64) -> tuple[I64, I64]:
    """All pairs (place in `keys`, place in `sorted_keys`) of equal keys, in the order of `keys`."""
    first, last = np.searchsorted(sorted_keys, keys), np.searchsorted(sorted_keys, keys, "right")
    count = last - first
    which = np.repeat(np.arange(len(keys)), count)
    return which, np.arange(len(which)) + np.repeat(first - (np.cumsum(count) - count), count)
