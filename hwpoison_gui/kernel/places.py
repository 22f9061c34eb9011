"""Addresses at which a page may be mapped, as columns: a walk of the reverse map visits them."""

from __future__ import annotations

from collections.abc import Sequence

from hwpoison_gui.record import Record

from .records import PAGE_SHIFT, Vma


class Places(Record):
    """Some VMAs and vma_address() of a page in each, in bytes: columns with one element a VMA."""

    vmas: Sequence[Vma]
    ids: Sequence[int]
    mms: Sequence[int]
    addresses: Sequence[int]
    keys: Sequence[tuple[int, int]]  # of their entries in the page tables

    @classmethod
    def of(cls, vmas: Sequence[Vma], ids: Sequence[int], mms: Sequence[int], addresses: Sequence[int]) -> Places:
        """The columns, with the keys."""
        return cls(vmas, ids, mms, addresses, list(zip(mms, [at >> PAGE_SHIFT for at in addresses], strict=True)))

    @classmethod
    def of_pairs(cls, pairs: Sequence[tuple[Vma, int]]) -> Places:
        """The columns of pairs (VMA, address)."""
        vmas = [vma for vma, _ in pairs]
        return cls.of(vmas, [vma.id for vma in vmas], [vma.mm for vma in vmas], [address for _, address in pairs])

    def part(self, part: slice) -> Places:
        """Some of the places."""
        return Places(self.vmas[part], self.ids[part], self.mms[part], self.addresses[part], self.keys[part])
