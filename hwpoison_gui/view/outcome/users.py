"""Who uses frames, counted for very many frames at once: all page tables as arrays, and who would be told.

Exact, not sampled: the same entries, areas and policies that the reverse map of one frame leads to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import MAPPING_ANON, Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, PAGE_SHIFT

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Counts of who uses a frame. `found`: entries that the reverse map leads to; `dirty`, `written`: of these, the dirty
# ones, and those of a shared VMA that are dirty or writable. `listed`: processes that collect_procs() would list;
# `holders`: processes behind `found`; `swap_holders`: those, and the ones with a swap entry that leads to the frame.
# `huge_`: of these, those with a huge entry. `areas`: VMAs that could map a file's page; `taken`: those where something
# else stands in its place.
USER_COUNTS: Final = (
    "found", "dirty", "written", "listed", "holders", "holders_listed", "swap_holders",
    "huge_found", "huge_dirty", "huge_holders", "huge_listed", "areas", "taken",
)  # fmt: skip
_VPN_BITS: Final = 40
_INDEX_BITS: Final = 33


class Areas(NamedTuple):
    """All VMAs, ordered by address space and address; `key` is rank of the mm and first page in one number."""

    key: I64
    id: I64
    mm: I64
    start: I64
    pages: I64
    pgoff: I64
    mapping: I64
    shared: Bools


class Entries(NamedTuple):
    """Page-table entries that lead to a frame by the reverse map, by frame, huge ones once for each; or swap entries,
    with the offset in place of the frame."""

    pfn: I64
    rank: I64
    word: I64
    shared: Bools


class Users:
    """The page tables and policies of a machine as they are now; of no use once it has changed.

    Complete after `work`.
    """

    def __init__(self, m: Machine) -> None:
        self.m = m
        self.mms: I64 = np.array(sorted(m.mm_vmas.view.keys() | m.ptes.view.keys()), np.int64)
        self.listed = listed(m, self.mms)
        self.areas = self._areas()
        none = np.zeros(0, np.int64)
        self.entries = self.swapped = Entries(none, none, none, none != 0)
        self._taken = none  # places of files where something else stands, as `_place` tells them
        self._intervals = {
            "areas": self._all_areas(),
            "listed": self._intervals_of(self.listed),
        }

    def work(self) -> Iterator[float]:
        """Reads the page tables, in slices; gives how much of it is done."""
        ranks, vpns, words = [], [], []
        for number, mm in enumerate(self.mms.tolist()):
            table = self.m.ptes.of(mm)
            ranks.append(np.full(len(table), number, np.int64))
            vpns.append(np.fromiter(table.keys(), np.int64, len(table)))
            words.append(np.fromiter(table.values(), np.int64, len(table)))
            yield 0.5 * number / len(self.mms)
        if ranks:
            rank, vpn, word = np.concatenate(ranks), np.concatenate(vpns), np.concatenate(words)
            swap = (word & (ptes.SWAP | ptes.PRESENT)) == ptes.SWAP
            nothing = np.zeros(int(swap.sum()), np.bool_)
            self.swapped = Entries(word[swap] >> PAGE_SHIFT, rank[swap], word[swap], nothing)
            present = (word & ptes.PRESENT) != 0
            absent = np.flatnonzero(~present)
            area = self._area_of(rank[absent], vpn[absent])
            self._taken = self._places(area, vpn[absent], area >= 0)
            present = np.flatnonzero(present)
            self.entries = self._mapped(rank[present], vpn[present], word[present])
            self._taken = np.sort(self._taken)
        yield 1.0

    def _areas(self) -> Areas:
        vmas = sorted(self.m.vmas.view.values(), key=lambda vma: (vma.mm, vma.start))
        rows = [
            (vma.id, vma.mm, vma.start >> PAGE_SHIFT, vma.pages, vma.pgoff, vma.mapping, vma.shared) for vma in vmas
        ]
        table = np.array(rows, np.int64).reshape(-1, 7).T
        id_, mm, start, pages, pgoff, mapping, shared = table
        key = np.searchsorted(self.mms, mm) << _VPN_BITS | start
        return Areas(key, id_, mm, start, pages, pgoff, mapping, shared != 0)

    def _mapped(self, rank: I64, vpn: I64, word: I64) -> Entries:
        """The entries that page_mapped_in_vma() finds for the frame they name."""
        pfn = word >> PAGE_SHIFT
        huge = np.flatnonzero(word & ptes.PSE)
        if len(huge):
            rank, vpn, word, pfn = (self._spread(column, huge) for column in (rank, vpn, word, pfn))
            tail = np.tile(np.arange(HPAGE_PMD_NR), len(huge))
            vpn[-len(tail) :] += tail
            pfn[-len(tail) :] += tail
        inside = pfn < self.m.frames
        rank, vpn, word, pfn = rank[inside], vpn[inside], word[inside], pfn[inside]
        area = self._area_of(rank, vpn)
        leads = self._leads_back(area, vpn, pfn)
        self._taken = np.append(self._taken, self._places(area, vpn, ~leads))
        found = np.flatnonzero(leads)
        found = found[np.argsort(pfn[found], kind="stable")]
        return Entries(pfn[found], rank[found], word[found], self.areas.shared[area[found]])

    def _area_of(self, rank: I64, vpn: I64) -> I64:
        """The last area of the address space that begins at or before a page, as its number."""
        found: I64 = np.searchsorted(self.areas.key, rank << _VPN_BITS | vpn, "right") - 1
        return found

    def _places(self, area: I64, vpn: I64, which: Bools) -> I64:
        """Pages of files, as one number each, at which entries stand: those of `which`."""
        areas = self.areas
        if not len(areas.key):
            return np.zeros(0, np.int64)
        at = np.flatnonzero(which & (areas.mapping[area] != 0))
        area, inside = area[at], vpn[at] - areas.start[area[at]]
        found: I64 = areas.mapping[area] << _INDEX_BITS | areas.pgoff[area] + inside
        return found[inside < areas.pages[area]]

    @staticmethod
    def _spread(column: I64, huge: I64) -> I64:
        """The small ones, then each huge one 512 times."""
        return np.concatenate((np.delete(column, huge), np.repeat(column[huge], HPAGE_PMD_NR)))

    def _leads_back(self, area: I64, vpn: I64, pfn: I64) -> Bools:
        """Whether the reverse map of each frame leads to the area, at this very address."""
        m, areas = self.m, self.areas
        if not len(areas.key):
            return np.zeros(len(pfn), np.bool_)
        tail = (m.flags.view[pfn] & np.uint64(pf.COMPOUND_TAIL)) != 0
        mapping = m.mapping.view[pfn].astype(np.int64)
        head = np.where(tail, mapping, pfn)
        index = m.index.view[head].astype(np.int64) + pfn - head
        there = (vpn - areas.start[area] + areas.pgoff[area] == index) & (vpn < areas.start[area] + areas.pages[area])
        word = m.mapping.view[head].astype(np.int64)
        anon = (word & 3) == MAPPING_ANON
        file = (word != 0) & ((word & 3) == 0)
        in_chain = self._in_chain(word >> 2, areas.id[area])
        found: Bools = there & np.where(anon, in_chain, file & (areas.mapping[area] == word >> 2))
        return found

    def _in_chain(self, anon_vma: I64, vma: I64) -> Bools:
        pairs = [(one, vma) for one, vmas in self.m.anon_vma_chain.view.items() for vma in vmas]
        chain = np.sort(np.array(pairs, np.int64).reshape(-1, 2) @ np.array([1 << 31, 1], np.int64))
        wanted = anon_vma << 31 | vma
        if not len(chain):
            return np.zeros(len(wanted), np.bool_)
        found: Bools = chain[np.minimum(np.searchsorted(chain, wanted), len(chain) - 1)] == wanted
        return found

    # -- counting

    def used(self) -> I64:
        """All frames that an entry leads to, or whose swap entry somebody has; ascending."""
        offsets = self.m.swap_cache.view
        cached = np.fromiter(offsets.values(), np.int64, len(offsets))
        return distinct(np.concatenate((self.entries.pfn, cached)))

    def count(self, pfns: I64, counts: dict[str, I64]) -> None:
        """Fills the counts of USER_COUNTS for frames `pfns` (ascending)."""
        if not len(pfns):
            return
        first, last = np.searchsorted(self.entries.pfn, (pfns[0], pfns[-1] + 1))
        at, of = _places(pfns, self.entries.pfn[first:last])
        of += first
        word, rank = self.entries.word[of], self.entries.rank[of]
        size = len(pfns)
        counts["found"][:] = np.bincount(at, minlength=size)
        counts["dirty"][:] = np.bincount(at[(word & ptes.DIRTY) != 0], minlength=size)
        written = self.entries.shared[of] & ((word & (ptes.DIRTY | ptes.RW)) != 0)
        counts["written"][:] = np.bincount(at[written], minlength=size)
        huge = np.flatnonzero(word & ptes.PSE)
        counts["huge_found"][:] = np.bincount(at[huge], minlength=size)
        counts["huge_dirty"][:] = np.bincount(at[huge[(word[huge] & ptes.DIRTY) != 0]], minlength=size)
        huge_at, huge_rank = self._distinct(at[huge], rank[huge])
        counts["huge_holders"][:] = np.bincount(huge_at, minlength=size)
        counts["huge_listed"][:] = np.bincount(huge_at[self.listed[huge_rank]], minlength=size)
        at, rank = self._distinct(at, rank)
        counts["holders"][:] = np.bincount(at, minlength=size)
        counts["holders_listed"][:] = np.bincount(at[self.listed[rank]], minlength=size)
        counts["listed"][:] = counts["holders_listed"]
        counts["swap_holders"][:] = self._swap_holders(pfns, at, rank)
        self._count_areas(pfns, counts)

    def _distinct(self, at: I64, rank: I64) -> tuple[I64, I64]:
        keys = distinct(at * len(self.mms) + rank)
        pairs: tuple[I64, I64] = np.divmod(keys, max(1, len(self.mms)))
        return pairs

    def _swap_holders(self, pfns: I64, at: I64, rank: I64) -> I64:
        """Processes that map a frame or have a swap entry that leads to it."""
        cache = self.m.swap_cache.view
        offsets = np.array(sorted(cache), np.int64)
        frames = np.array([cache[offset] for offset in offsets.tolist()], np.int64)
        place, of = _places(offsets, self.swapped.pfn)
        more, which = _places(pfns, frames[place]) if len(place) else (place, place)
        both = self._distinct(np.concatenate((at, more)), np.concatenate((rank, self.swapped.rank[of][which])))[0]
        return np.bincount(both, minlength=len(pfns))

    def _count_areas(self, pfns: I64, counts: dict[str, I64]) -> None:
        """File pages: who has an area over the page is listed, whether or not it has the page mapped."""
        file, where = self._file_places(pfns)
        for name, (starts, ends) in self._intervals.items():
            counts[name][file] = np.searchsorted(starts, where, "right") - np.searchsorted(ends, where, "right")
        counts["taken"][file] = self._taken_at(where)

    def _taken_at(self, where: I64) -> I64:
        taken: I64 = np.searchsorted(self._taken, where, "right") - np.searchsorted(self._taken, where)
        return taken

    def _file_places(self, pfns: I64) -> tuple[I64, I64]:
        """Which of the frames are of files, and their pages in them as one number each."""
        m = self.m
        tail = (m.flags.view[pfns] & np.uint64(pf.COMPOUND_TAIL)) != 0
        head = np.where(tail, m.mapping.view[pfns].astype(np.int64), pfns)
        word = m.mapping.view[head].astype(np.int64)
        file = np.flatnonzero((word != 0) & ((word & 3) == 0))
        where = (word[file] >> 2) << _INDEX_BITS | m.index.view[head[file]].astype(np.int64) + pfns[file] - head[file]
        return file, where

    def swap_holders_of(self, pfn: int) -> set[int]:
        """Address spaces with a swap entry that leads to the frame."""
        offset = self.m.page_private.view.get(pfn)
        if offset is None or not self.m.page(pfn) & pf.SWAPCACHE:
            return set()
        return set(self.mms[self.swapped.rank[self.swapped.pfn == offset]].tolist())

    def waited_for(self, pfns: I64) -> Bools:
        """Frames of files, mapped by nobody, for which some area has a place where nothing stands."""
        file, where = self._file_places(pfns)
        starts, ends = self._intervals["areas"]
        areas = np.searchsorted(starts, where, "right") - np.searchsorted(ends, where, "right")
        found = np.zeros(len(pfns), np.bool_)
        found[file] = areas > self._taken_at(where)
        return found

    def _all_areas(self) -> tuple[I64, I64]:
        """Starts and ends of all areas of files, as pages of them."""
        areas = self.areas
        file = areas.mapping != 0
        starts = areas.mapping[file] << _INDEX_BITS | areas.pgoff[file]
        return np.sort(starts), np.sort(starts + areas.pages[file])

    def _intervals_of(self, told: Bools) -> tuple[I64, I64]:
        """Starts and ends of the parts of files that processes have mapped, those of one process merged."""
        areas = self.areas
        rank = areas.key >> _VPN_BITS
        mine = (areas.mapping != 0) & told[rank] if len(rank) else np.zeros(0, np.bool_)
        rank, mapping = rank[mine], areas.mapping[mine]
        first, last = areas.pgoff[mine], areas.pgoff[mine] + areas.pages[mine]
        order = np.lexsort((first, mapping, rank))
        rank, mapping, first, last = rank[order], mapping[order], first[order], last[order]
        group = np.cumsum(np.diff(rank, prepend=-1).astype(np.bool_) | np.diff(mapping, prepend=-1).astype(np.bool_))
        reach = np.maximum.accumulate(group << _INDEX_BITS | last) if len(group) else group
        opens = np.append(True, (group[1:] << _INDEX_BITS | first[1:]) > reach[:-1])[: len(group)]
        closes = np.append(opens[1:], True)[: len(group)]
        starts = mapping[opens] << _INDEX_BITS | first[opens]
        ends = mapping[closes] << _INDEX_BITS | reach[closes] & ((1 << _INDEX_BITS) - 1)
        return np.sort(starts), np.sort(ends)


def listed(m: Machine, mms: I64) -> Bools:
    """Whether collect_procs() lists the process of each address space, if it lists anybody."""
    found = np.zeros(len(mms), np.bool_)
    of_mm = {process.mm: process for process in m.living() if process.mm}
    for number, mm in enumerate(mms.tolist()):
        process = of_mm.get(mm)
        found[number] = process is not None and m.profile.users.early_kill_thread(m, process) is not None
    return found


def distinct(keys: I64) -> I64:
    """The different ones, ascending; several times faster than np.unique() with millions of them."""
    keys = np.sort(keys)
    found: I64 = keys[np.append(True, keys[1:] != keys[:-1])[: len(keys)]]
    return found


def _places(sorted_keys: I64, keys: I64) -> tuple[I64, I64]:
    """Pairs (place in `sorted_keys`, place in `keys`) of the keys that occur in both."""
    if not len(sorted_keys) or not len(keys):
        none = np.zeros(0, np.int64)
        return none, none
    place = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    found = np.flatnonzero(sorted_keys[place] == keys)
    return place[found], found
