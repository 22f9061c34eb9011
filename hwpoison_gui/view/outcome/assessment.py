"""What poisoning each frame would come to, for all of memory at once, under the profile and sysctls of now.

The profile's phases run over arrays of cases. Frames without users that the handler cannot tell apart share one
case; a frame that somebody uses has a case of its own. Nothing is sampled or guessed: a frame's case is what the
single handler would do with it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.huge_memory import accounted_references, huge_zero_page
from hwpoison_gui.kernel.machine import MAPPING_ANON, Machine
from hwpoison_gui.kernel.page_alloc import is_free_head
from hwpoison_gui.view.base.intern import WordTable
from hwpoison_gui.view.outcome import actions_6_1, phases_6_1  # noqa: F401  (they enter the tables)
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.cases import FS_NAMES, NO_FILE, Bools, Cases, has
from hwpoison_gui.view.outcome.one import count_one
from hwpoison_gui.view.outcome.phases import LOOKS_AT_COMPOUNDS, PHASES
from hwpoison_gui.view.outcome.users import Users, distinct

U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]

_CHUNK: Final = 1 << 16  # frames at a time: what is made on the way stays in the cache
_BATCH: Final = 1 << 15  # frames with cases of their own, at a time
_MOST_REFS: Final = 3  # references that decide anything: page cache, private data, and one more
_NONE: Final = 0
_ANON: Final = 1
_OTHER: Final = 2  # KSM, or what is no inode
_FILES: Final = 3  # and from here on: the file system, by FS_NAMES
_MAPPED: Final = 1 << 2
_UNUSED: Final = 1 << 3  # the head has no references
_HEAD_LRU: Final = 1 << 4
_FREE_HEAD: Final = 1 << 5
_ON_PCP: Final = 1 << 6
_MAPPING_AT: Final = 7
_WAITED_FOR: Final = 1 << 11  # its file would keep it, and somebody has an area over it
_WORD_AT: Final = 12


class Fate(NamedTuple):
    """What becomes of one frame: the result line's kind and result (None: no line is logged), what the handler
    returns, processes told at once, those of them that die, those told later, and whether content is gone.
    `code` is the class of the outcome (outcomes.CLASSES)."""

    kind: str | None
    result: str | None
    errno: int | str
    signalled: int
    dead: int
    late: int
    lost: bool
    code: int


class Assessment:
    """Outcomes of all frames of a machine as it is now. `case_of` leads from a frame to its case."""

    def __init__(self, m: Machine) -> None:
        self.m = m
        self.users = Users(m)
        self.case_of: U32 = np.zeros(m.frames, np.uint32)
        self.codes: U8 = np.zeros(0, np.uint8)  # the class of each case
        self._batches: list[Cases] = []
        self._firsts: list[int] = []  # the number of each batch's first case
        self._words = WordTable()
        self._keys: list[int] = []
        self._inode_fs = inode_file_systems(m)
        there = set(self._inode_fs.tolist())  # file systems without files need not be asked about
        kept = [number in there and m.profile.keeps_poison(name) for number, name in enumerate(FS_NAMES)]
        self._is_kept = np.append([False] * (_FILES - 1), kept)
        self._whole_compounds = bool(LOOKS_AT_COMPOUNDS & set(m.profile.phases))
        self._free = self._free_frames()
        self._number_of: I64 = np.zeros(0, np.int64)  # of groups, by key

    @classmethod
    def of(cls, m: Machine) -> Assessment:
        """The whole, at once."""
        made = cls(m)
        for _ in made.work():
            pass
        return made

    def work(self) -> Iterator[float]:
        """Does the work in slices, while the machine must not change; gives how much of it is done."""
        for done in self.users.work():
            yield 0.3 * done
        singles = [self.users.used()]
        for start in range(0, self.m.frames, _CHUNK):
            part = slice(start, min(start + _CHUNK, self.m.frames))
            singles.append(self._group(part) + start)
            yield 0.3 + 0.4 * part.stop / self.m.frames
        self._take(self._of_groups())
        single = distinct(np.concatenate(singles))
        for start in range(0, len(single), _BATCH):
            pfns = single[start : start + _BATCH]
            first = len(self.codes)
            self._take(self._of_frames(pfns))
            self.case_of[pfns] = np.arange(first, first + len(pfns), dtype=np.uint32)
            yield 0.7 + 0.3 * start / len(single)

    def _take(self, cases: Cases) -> None:
        run(cases)
        self._firsts.append(len(self.codes))
        self._batches.append(cases)
        self.codes = np.concatenate((self.codes, outcomes.codes_of(cases)))

    def classes(self) -> U8:
        """The class of each frame's outcome, in order of pfn."""
        found: U8 = self.codes[self.case_of]
        return found

    def fate(self, pfn: int) -> Fate:
        """What becomes of a frame."""
        case = int(self.case_of[pfn])
        batch = bisect_right(self._firsts, case) - 1
        return fate(self._batches[batch], case - self._firsts[batch], int(self.codes[case]))

    # -- cases

    def _group(self, part: slice) -> I64:
        """Gives the frames of a part the numbers of their groups; returns those that must have cases of their own."""
        key, alone = self._key_of(part)
        for bit, pfns in ((_FREE_HEAD, self._free[0]), (_ON_PCP, self._free[1])):
            first, last = np.searchsorted(pfns, (part.start, part.stop))
            key[pfns[first:last] - part.start] |= bit
        missing = (len(self._words) << _WORD_AT) - len(self._number_of)
        if missing > 0:
            self._number_of = np.append(self._number_of, np.full(missing, -1, np.int64))
        numbers = self._number_of[key]
        if numbers.min() < 0:
            new = np.unique(key[numbers < 0])
            self._number_of[new] = np.arange(len(self._keys), len(self._keys) + len(new))
            self._keys += new.tolist()
            numbers = self._number_of[key]
        self.case_of[part] = numbers
        return np.flatnonzero(alone)

    def _free_frames(self) -> tuple[I64, I64]:
        """Heads of free blocks, and frames on the per-CPU list, each ascending."""
        area = self.m.free_area
        heads = [np.array(area.of(order), np.int64) for order in range(11)]
        return np.sort(np.concatenate(heads)), np.array(self.m.pcp.of(0), np.int64)

    def _key_of(self, part: slice) -> tuple[npt.NDArray[np.int32], Bools]:
        """The group of each frame of a part, as a number, and which frames must not be grouped."""
        m = self.m
        flags = m.flags.view[part]
        ids = np.zeros(len(flags), np.uint16)
        self._words.ids_of(flags, ids)
        refs, maps, mapping = m.refcount.view[part], m.mapcount.view[part], m.mapping.view[part]
        mapped = maps > 0
        sort = self._mapping_sorts(mapping)
        key = ids.astype(np.int32) << _WORD_AT | sort.astype(np.int32) << _MAPPING_AT
        key |= np.clip(refs - maps, 0, _MOST_REFS)
        key |= mapped * np.int32(_MAPPED)
        head_flags, head_refs = flags, refs
        tails = np.flatnonzero(flags & np.uint64(pf.COMPOUND_TAIL))
        if len(tails):
            head_flags, head_refs = flags.copy(), refs.copy()
            heads = mapping[tails]
            head_flags[tails], head_refs[tails] = m.flags.view[heads], m.refcount.view[heads]
        key |= (head_refs == 0) * np.int32(_UNUSED)
        key |= has(head_flags, pf.LRU) * np.int32(_HEAD_LRU)
        if self._is_kept.any():
            kept = np.flatnonzero(self._is_kept[sort] & ~mapped)
            key[kept] |= self.users.waited_for(kept + part.start) * np.int32(_WAITED_FOR)
        alone = mapped & (sort >= _FILES)
        if self._whole_compounds:
            alone |= has(head_flags, pf.THP | pf.HUGE)
        return key, alone

    def _mapping_sorts(self, mapping: U32) -> U8:
        """What page->mapping of each frame is: nothing, an anon_vma, a file on which file system."""
        sort = np.zeros(len(mapping), np.uint8)
        mapped_to = np.flatnonzero(mapping)
        if len(mapped_to):
            word = mapping[mapped_to]
            low = word & 3
            fs = self._inode_fs[np.minimum(np.where(low == 0, word >> 2, 0), len(self._inode_fs) - 1)]
            sort[mapped_to] = np.where(low == 0, fs + _OTHER, np.where(low == MAPPING_ANON, _ANON, _OTHER))
        return sort

    def _of_groups(self) -> Cases:
        key = np.array(self._keys, np.int64)
        c = Cases(self.m, len(key))
        c.flags[:] = np.array(self._words.words, np.uint64)[key >> _WORD_AT]
        c.head[:] = c.flags | np.where(key & _HEAD_LRU, np.uint64(pf.LRU), np.uint64(0))
        c.maps[:] = (key & _MAPPED) != 0
        c.refs[:] = np.where(key & _UNUSED, 0, np.maximum((key & _MOST_REFS) + c.maps, 1))
        sort = key >> _MAPPING_AT & 15
        c.anon[:], c.mapped_to[:] = sort == _ANON, sort != _NONE
        c.fs[:] = np.where((sort >= _FILES) & ~has(c.flags, pf.COMPOUND_TAIL), sort - _OTHER, NO_FILE)
        c.free_head[:], c.on_pcp[:] = (key & _FREE_HEAD) != 0, (key & _ON_PCP) != 0
        c.user["areas"][:] = (key & _WAITED_FOR) != 0
        return c

    def _of_frames(self, pfns: I64) -> Cases:
        c = Cases(self.m, len(pfns))
        looked_at = fill(c, pfns, self._inode_fs)
        of_pages, which = np.unique(looked_at, return_inverse=True)
        counts = {name: np.zeros(len(of_pages), np.int64) for name in c.user}
        self.users.count(of_pages, counts)
        for name, column in counts.items():
            c.user[name][:] = column[which]
        return c


def run(c: Cases) -> None:
    """The handler, from its first phase to its last."""
    c.begin()
    for phase in c.m.profile.phases:
        PHASES[phase](c)
    assert not len(c.at), "the last phase of a profile decides"


def inode_file_systems(m: Machine) -> I64:
    """The file system of each inode by its number, as FS_NAMES counts them."""
    table = np.zeros(max(m.inodes.view, default=0) + 1, np.int64)
    for number, inode in m.inodes.view.items():
        table[number] = FS_NAMES.index(inode.filesystem)
    return table


def fill(c: Cases, pfns: I64, inode_fs: I64) -> I64:
    """What the machine says of frames `pfns`, into cases of their own; returns the frames whose users count."""
    m = c.m
    flags = m.flags.view[pfns]
    tail = has(flags, pf.COMPOUND_TAIL)
    mapping = m.mapping.view[pfns].astype(np.int64)
    head = np.where(tail, mapping, pfns)
    c.flags[:], c.head[:] = flags, m.flags.view[head]
    c.refs[:], c.maps[:] = m.refcount.view[head], m.mapcount.view[pfns]
    c.anon[:], c.mapped_to[:] = (mapping & 3) == MAPPING_ANON, mapping != 0
    file = ~tail & (mapping != 0) & ((mapping & 3) == 0)
    c.fs[:] = np.where(file, inode_fs[np.where(file, mapping >> 2, 0)], NO_FILE)
    compound = np.flatnonzero(has(flags, pf.THP | pf.HUGE) & has(flags, pf.COMPOUND_HEAD | pf.COMPOUND_TAIL))
    if len(compound) and LOOKS_AT_COMPOUNDS & set(m.profile.phases):
        return _fill_compounds(c, compound, pfns, head, inode_fs)
    return pfns


def _fill_compounds(c: Cases, at: I64, pfns: I64, head: I64, inode_fs: I64) -> I64:
    """Huge pages: their mapping is the head's. A hugetlb page is handled as a whole, a transparent one is split."""
    m, heads = c.m, head[at]
    word = m.mapping.view[heads].astype(np.int64)
    file = (word != 0) & ((word & 3) == 0)
    c.anon[at], c.mapped_to[at] = (word & 3) == MAPPING_ANON, word != 0
    c.fs[at] = np.where(file, inode_fs[np.where(file, word >> 2, 0)], NO_FILE)
    hugetlb = has(c.flags[at], pf.HUGE)
    looked_at = pfns.copy()
    looked_at[at[hugetlb]] = heads[hugetlb]
    c.maps[at[hugetlb]] = m.mapcount.view[heads[hugetlb]]
    c.noted[at] = [hugetlb[n] and pfns[i] in m.raw_hwp.of(int(heads[n])) for n, i in enumerate(at.tolist())]
    distinct_heads, which = np.unique(heads[~hugetlb], return_inverse=True)
    zero = huge_zero_page(m)
    splits = [one != zero and m.refcount.view[one] == accounted_references(m, one) for one in distinct_heads.tolist()]
    c.splits[at[~hugetlb]] = np.array(splits, np.bool_)[which]
    return looked_at


def fate_of(m: Machine, pfn: int) -> Fate:
    """What becomes of one frame, asked of the machine alone: its reverse map is walked, no table is made."""
    return fate_of_case(case_of_frame(m, pfn))


def fate_of_case(c: Cases) -> Fate:
    """What becomes of the one frame of a case."""
    run(c)
    return fate(c, 0, int(outcomes.codes_of(c)[0]))


def case_of_frame(m: Machine, pfn: int) -> Cases:
    """One frame before the handler."""
    c, page = frame_without_users(m, pfn)
    give_users(c, count_one(m, page))
    return c


def frame_without_users(m: Machine, pfn: int) -> tuple[Cases, int]:
    """One frame before its users are counted, and the frame whose users count."""
    c = Cases(m, 1)
    inode = m.inode_of(m.compound_head(pfn))
    table = np.zeros(inode.id + 1 if inode is not None else 1, np.int64)
    if inode is not None:
        table[inode.id] = FS_NAMES.index(inode.filesystem)
    page = fill(c, np.array([pfn], np.int64), table)
    c.free_head[0], c.on_pcp[0] = is_free_head(m, pfn), m.pcp.get((0, pfn)) is True
    return c, int(page[0])


def give_users(c: Cases, counts: dict[str, int]) -> None:
    """The counts of its users, into the case of one frame."""
    for name, value in counts.items():
        c.user[name][0] = value


def fate(c: Cases, case: int, code: int) -> Fate:
    kind, result, errno = (c.words[column[case]] for column in (c.kind, c.result, c.errno))
    assert not isinstance(kind, int) and not isinstance(result, int) and errno is not None
    signalled, dead, late = (int(column[case]) for column in (c.signalled, c.dead, c.late))
    return Fate(kind, result, errno, signalled, dead, late, bool(c.lost[case]), code)
