"""Addresses at which a page may be mapped, as columns: a walk of the reverse map visits them."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record, as_columns

from .packed_blocks import Pairs
from .records import INDEX_MASK, PAGE_SHIFT, Vma

I64 = npt.NDArray[np.int64]


def column(values: I64) -> array[int]:
    """Return the same values as an array whose elements are Python's integers when one is read."""
    return array("q", values.tobytes())


class Vmas:
    """Some VMAs in order of a walk. `ids`, `mms`: columns with one element per VMA."""

    def __init__(self, vmas: Sequence[Vma], ids: Sequence[int], mms: Sequence[int]) -> None:
        self.vmas, self.ids, self.mms = vmas, ids, mms

    def some(self, chosen: Sequence[bool]) -> Vmas:
        """Those of the VMAs that are chosen."""
        vmas, ids = list(compress(self.vmas, chosen)), list(compress(self.ids, chosen))
        return Vmas(vmas, ids, list(compress(self.mms, chosen)))

    @cached_property
    def of_mm(self) -> Mapping[int, Sequence[int]]:
        """The numbers of the VMAs of each address space."""
        once = dict(zip(self.mms, zip(range(len(self.mms)), strict=True), strict=True))
        if len(once) == len(self.mms):
            return once
        numbers: dict[int, list[int]] = {}
        for number, mm in enumerate(self.mms):
            numbers.setdefault(mm, []).append(number)
        return numbers

    def of_each(self, mms: I64) -> I64 | None:
        """The number of the only VMA of each of these address spaces; None where one has none or several."""
        order, ordered = self._by_mm
        numbers = np.searchsorted(ordered, mms)
        ends = np.searchsorted(ordered, mms, "right")
        return order[numbers] if (ends - numbers == 1).all() else None

    @cached_property
    def _by_mm(self) -> tuple[I64, I64]:
        """Numbers of the VMAs in order of their address spaces, and these."""
        mms = np.array(self.mms, np.int64)
        order = np.argsort(mms, kind="stable")
        return order, mms[order]

    @cached_property
    def id_array(self) -> I64:
        """`ids` as an array."""
        return np.array(self.ids, np.int64)


class Places(Record):
    """Some VMAs and vma_address() of a page in each, in bytes: an array with one element per VMA.

    `keys`: of the page-table entries there.
    """

    of: Vmas
    addresses: I64
    keys: Pairs

    @classmethod
    def at(cls, of: Vmas, addresses: I64) -> Places:
        """The VMAs with these addresses, and their keys."""
        return cls(of, addresses, Pairs(of.mms, column(addresses >> PAGE_SHIFT)))

    @classmethod
    def of_pairs(cls, pairs: Sequence[tuple[Vma, int]]) -> Places:
        """The columns of pairs (VMA, address)."""
        vmas = [vma for vma, _ in pairs]
        addresses = np.array([address for _, address in pairs], np.int64)
        return cls.at(Vmas(vmas, [vma.id for vma in vmas], [vma.mm for vma in vmas]), addresses)


class IntervalTree(Record):
    """All VMAs of an anon_vma or of an i_mmap, by `pgoff`, then by age; `starts`, `ends` and `pgoffs` of each."""

    of: Vmas
    starts: I64
    ends: I64
    pgoffs: I64

    @classmethod
    def of_vmas(cls, vmas: Sequence[Vma]) -> IntervalTree:
        """The tree of these VMAs, at least one, which are in its order."""
        all_: Any = as_columns(Vma, vmas)
        arrays = (np.array(column, np.int64) for column in (all_.start, all_.end, all_.pgoff))
        return cls(Vmas(vmas, all_.id, all_.mm), *arrays)

    def at(self, index: int) -> Places:
        """The VMAs that cover page `index`: vma_interval_tree_foreach() and vma_address()."""
        addresses = self.starts + ((index - self.pgoffs & INDEX_MASK) << PAGE_SHIFT)
        covered = addresses < self.ends
        if covered.all():
            return Places.at(self.of, addresses)
        return Places.at(self.of.some(covered.tolist()), addresses[covered])


NOWHERE = Places.at(Vmas((), (), ()), np.zeros(0, np.int64))
