"""What poisoning each frame would come to, for all of memory at once, under the profile and sysctls of now.

The profile's phases run over arrays of cases. Frames without users that the handler cannot tell apart share one
case; a frame that somebody uses has a case of its own. Nothing is sampled or guessed: a frame's case is what the
single handler would do with it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import MAPPING_ANON, Machine
from hwpoison_gui.kernel.page_alloc import is_free_head
from hwpoison_gui.view import outcomes
from hwpoison_gui.view.assess_cases import FS_NAMES, NO_FILE, Bools, Cases, has
from hwpoison_gui.view.assess_one import count_one
from hwpoison_gui.view.assess_phases import LOOKS_AT_COMPOUNDS, PHASES
from hwpoison_gui.view.assess_users import Users, distinct
from hwpoison_gui.view.intern import WordTable

U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]

_CHUNK: Final = 1 << 16  # frames at a time: what is made on the way stays in the cache
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
_WORD_AT: Final = 11


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
        self._inode_fs = inode_file_systems(m)
        self._whole_compounds = bool(LOOKS_AT_COMPOUNDS & set(m.profile.phases))
        groups, single = self._group()
        self.cases = Cases(m, len(groups) + len(single))
        self._fill_groups(groups)
        self.case_of[single] = np.arange(len(groups), len(groups) + len(single), dtype=np.uint32)
        part = slice(len(groups), None)
        fill(self.cases, part, single, self._inode_fs)
        self.users.count(single, {name: counts[part] for name, counts in self.cases.user.items()})
        run(self.cases)
        self.codes: U8 = outcomes.codes_of(self.cases)

    def classes(self) -> U8:
        """The class of each frame's outcome, in order of pfn."""
        found: U8 = self.codes[self.case_of]
        return found

    def fate(self, pfn: int) -> Fate:
        """What becomes of a frame."""
        return fate(self.cases, int(self.case_of[pfn]), int(self.codes[self.case_of[pfn]]))

    # -- cases

    def _group(self) -> tuple[list[int], I64]:
        """Gives every frame the number of its group; returns the groups' keys, and frames with a case of their own."""
        m, words = self.m, WordTable()
        self._words = words
        free_heads, on_pcp = self._free_frames()
        number_of = np.zeros(0, np.int64)
        keys: list[int] = []
        singles = [self.users.used()]
        for start in range(0, m.frames, _CHUNK):
            part = slice(start, min(start + _CHUNK, m.frames))
            key, alone = self._keys(part)
            for bit, pfns in ((_FREE_HEAD, free_heads), (_ON_PCP, on_pcp)):
                first, last = np.searchsorted(pfns, (part.start, part.stop))
                key[pfns[first:last] - start] |= bit
            if len(words) << _WORD_AT > len(number_of):
                number_of = np.append(number_of, np.full((len(words) << _WORD_AT) - len(number_of), -1, np.int64))
            numbers = number_of[key]
            if numbers.min() < 0:
                new = np.unique(key[numbers < 0])
                number_of[new] = np.arange(len(keys), len(keys) + len(new))
                keys += new.tolist()
                numbers = number_of[key]
            self.case_of[part] = numbers
            singles.append(np.flatnonzero(alone) + start)
        return keys, distinct(np.concatenate(singles))

    def _free_frames(self) -> tuple[I64, I64]:
        """Heads of free blocks, and frames on the per-CPU list, each ascending."""
        area = self.m.free_area
        heads = [np.array(area.of(order), np.int64) for order in range(11)]
        return np.sort(np.concatenate(heads)), np.array(self.m.pcp.of(0), np.int64)

    def _keys(self, part: slice) -> tuple[npt.NDArray[np.int32], Bools]:
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

    def _fill_groups(self, groups: list[int]) -> None:
        c = self.cases
        key = np.array(groups, np.int64)
        part = slice(0, len(key))
        c.flags[part] = np.array(self._words.words, np.uint64)[key >> _WORD_AT]
        c.head[part] = c.flags[part] | np.where(key & _HEAD_LRU, np.uint64(pf.LRU), np.uint64(0))
        c.maps[part] = (key & _MAPPED) != 0
        c.refs[part] = np.where(key & _UNUSED, 0, np.maximum((key & _MOST_REFS) + c.maps[part], 1))
        sort = key >> _MAPPING_AT & 15
        c.anon[part], c.mapped_to[part] = sort == _ANON, sort != _NONE
        c.fs[part] = np.where(sort >= _FILES, sort - _OTHER, NO_FILE)
        c.fs[part][has(c.flags[part], pf.COMPOUND_TAIL)] = NO_FILE
        c.free_head[part], c.on_pcp[part] = (key & _FREE_HEAD) != 0, (key & _ON_PCP) != 0


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


def fill(c: Cases, part: slice, pfns: I64, inode_fs: I64) -> None:
    """What the machine says of frames `pfns`, into cases of their own."""
    m = c.m
    flags = m.flags.view[pfns]
    tail = has(flags, pf.COMPOUND_TAIL)
    mapping = m.mapping.view[pfns].astype(np.int64)
    head = np.where(tail, mapping, pfns)
    c.flags[part], c.head[part] = flags, m.flags.view[head]
    c.refs[part], c.maps[part] = m.refcount.view[head], m.mapcount.view[pfns]
    c.anon[part], c.mapped_to[part] = (mapping & 3) == MAPPING_ANON, mapping != 0
    file = ~tail & (mapping != 0) & ((mapping & 3) == 0)
    c.fs[part] = np.where(file, inode_fs[np.where(file, mapping >> 2, 0)], NO_FILE)


def fate_of(m: Machine, pfn: int) -> Fate:
    """What becomes of one frame, asked of the machine alone: its reverse map is walked, no table is made."""
    c = Cases(m, 1)
    fill(c, slice(0, 1), np.array([pfn], np.int64), inode_file_systems(m))
    c.free_head[0], c.on_pcp[0] = is_free_head(m, pfn), m.pcp.get((0, pfn)) is True
    for name, value in count_one(m, pfn).items():
        c.user[name][0] = value
    run(c)
    return fate(c, 0, int(outcomes.codes_of(c)[0]))


def fate(c: Cases, case: int, code: int) -> Fate:
    kind, result, errno = (c.words[column[case]] for column in (c.kind, c.result, c.errno))
    assert not isinstance(kind, int) and not isinstance(result, int) and errno is not None
    signalled, dead, late = (int(column[case]) for column in (c.signalled, c.dead, c.late))
    return Fate(kind, result, errno, signalled, dead, late, bool(c.lost[case]), code)
