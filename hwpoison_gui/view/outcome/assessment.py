"""The class of outcome that an error in each frame would have, for all of memory, under the profile and sysctls of now.

Frames that the handler cannot tell apart are one class, and the handler is run dry on one frame of it: the one with the
fewest mappers. Frames without users are grouped by a coarse key; the others by outcome/signature.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import mapping_flags, mapping_number, of_files
from hwpoison_gui.view.base.intern import WordTable
from hwpoison_gui.view.outcome.filter_bits import FilterBits
from hwpoison_gui.view.outcome.prediction import Prediction, find_prediction
from hwpoison_gui.view.outcome.signature import FS_NAMES, MOST_REFS, Bools, Frames, has, inode_file_systems, keys_of
from hwpoison_gui.view.outcome.users import Users, distinct

U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
I64 = npt.NDArray[np.int64]

_CHUNK: Final = 1 << 16  # frames at a time: intermediate arrays stay in the cache
_BATCH: Final = 1 << 14  # frames at a time whose users are counted
# Sorts of page->mapping: 0 where none is set, the low bits of what is no inode, and from _FILES on the file systems
# in the order of FS_NAMES.
_FILES: Final = 4
_MAPPED: Final = 1 << 2
_UNUSED: Final = 1 << 3  # the compound page has no references
_HEAD_LRU: Final = 1 << 4
_FREE_HEAD: Final = 1 << 5
_ON_PCP: Final = 1 << 6
_MAPPING_AT: Final = 7
_WAITED_FOR: Final = 1 << 11  # its file system keeps poisoned pages, and a VMA without an entry covers it
_INIT_WAITS: Final = {"init": 1 << 12, "namespace": 1 << 13}  # the same for a VMA of an init that would die
_WORD_AT: Final = 14

assert _FILES - 1 + len(FS_NAMES) <= _WAITED_FOR >> _MAPPING_AT  # the sorts fit into their bits
assert MOST_REFS < _MAPPED  # so do the references


class Assessment:
    """Outcomes of all frames of a machine as it is now; complete after `work`.

    `class_of`: the number of each frame's class, uint32. `members`: one frame of each class, int64, on which the
    handler is run. `predictions`: what came of that, by class. `codes`: its class (classes.CLASSES), uint8.
    """

    def __init__(self, m: Machine) -> None:
        self.m = m
        self.users = Users(m)
        self.class_of: U32 = np.zeros(m.frames, np.uint32)
        self.predictions: list[Prediction] = []
        self.codes: U8 = np.zeros(0, np.uint8)
        self._members: list[int] = []
        self._words = WordTable()
        self._filter = FilterBits(m)
        self._inode_fs = inode_file_systems(m)
        there = set(self._inode_fs.tolist())  # only file systems with files matter
        kept = [number in there and m.profile.files.keeps_poison(name) for number, name in enumerate(FS_NAMES)]
        self._is_kept = np.append([False] * (_FILES - 1), kept)
        self._on_lists = _frames_on_lists(m)
        self._class_of_group: npt.NDArray[np.int32] = np.zeros(0, np.int32)  # indexed by key
        self._class_of_signature: dict[int, int] = {}
        self._fewest: list[int] = []  # mappers of each member

    @classmethod
    def of(cls, m: Machine) -> Assessment:
        """A complete assessment, made at once."""
        made = cls(m)
        for _ in made.work():
            pass
        return made

    def work(self) -> Iterator[float]:
        """Do the work in slices, while the machine is at rest and stays as it is; yields the fraction that is done."""
        for done in self.users.work():
            yield 0.3 * done
        used = self.users.used()
        singles = [used]
        for start in range(0, self.m.frames, _CHUNK):
            part = slice(start, min(start + _CHUNK, self.m.frames))
            first, last = np.searchsorted(used, (part.start, part.stop))
            singles.append(self._group(part, used[first:last] - start) + start)
            yield 0.3 + 0.3 * part.stop / self.m.frames
        single = distinct(np.concatenate(singles))
        for start in range(0, len(single), _BATCH):
            self._sign(single[start : start + _BATCH])
            yield 0.6 + 0.3 * start / len(single)
        found: list[Prediction] = []
        for number, pfn in enumerate(self._members):
            prediction = find_prediction(self.m, pfn, self.users.swap_holders_of(pfn))
            while True:
                try:
                    next(prediction)
                except StopIteration as stop:
                    found.append(stop.value)
                    break
                yield 0.9 + 0.1 * number / len(self._members)
        self.predictions = found
        self.codes = np.array([prediction.code for prediction in found], np.uint8)

    @property
    def members(self) -> I64:
        """One frame of each class."""
        return np.array(self._members, np.int64)

    def classes(self) -> U8:
        """The class of each frame's outcome (classes.CLASSES), in order of pfn."""
        found: U8 = self.codes[self.class_of]
        return found

    # -- frames with users

    def _sign(self, pfns: I64) -> None:
        """Give frames the classes of their signatures; the member of each is the frame with the fewest mappers."""
        frames = Frames(self.m, pfns, self.users, self._inode_fs)
        if self._filter.on:
            frames.flags = frames.flags | self._filter.of(pfns)
        keys = keys_of(frames, self._words)
        by_maps = np.argsort(frames.maps, kind="stable")
        found, first, which = np.unique(keys[by_maps], return_index=True, return_inverse=True)
        numbers = np.zeros(len(found), np.int64)
        for at, key in enumerate(found.tolist()):
            pfn, maps = int(pfns[by_maps[first[at]]]), int(frames.maps[by_maps[first[at]]])
            number = self._class_of_signature.setdefault(key, len(self._members))
            if number == len(self._members):
                self._members.append(pfn)
                self._fewest.append(maps)
            elif maps < self._fewest[number]:
                self._members[number], self._fewest[number] = pfn, maps
            numbers[at] = number
        self.class_of[pfns[by_maps]] = numbers[which.reshape(-1)]

    # -- frames without users

    def _group(self, part: slice, used: I64) -> I64:
        """Give the frames of a part the classes of their groups; returns the places of those that need a signature.

        Those and the `used` ones, which get one in any case, stand for no group.
        """
        key, alone = self._key_of(part)
        alone[used] = True
        for bit, pfns in zip((_FREE_HEAD, _ON_PCP), self._on_lists, strict=True):
            first, last = np.searchsorted(pfns, (part.start, part.stop))
            key[pfns[first:last] - part.start] |= bit
        missing = (len(self._words) << _WORD_AT) - len(self._class_of_group)
        if missing > 0:
            self._class_of_group = np.append(self._class_of_group, np.full(missing, -1, np.int32))
        numbers = self._class_of_group[key]
        if numbers.min() < 0:
            self._add_groups(key, np.flatnonzero((numbers < 0) & ~alone), part.start)
            numbers = np.maximum(self._class_of_group[key], 0)
        self.class_of[part] = numbers
        return np.flatnonzero(alone)

    def _add_groups(self, key: npt.NDArray[np.int32], unknown: I64, start: int) -> None:
        new, first = np.unique(key[unknown], return_index=True)
        self._class_of_group[new] = np.arange(len(self._members), len(self._members) + len(new))
        self._members += (unknown[first] + start).tolist()
        self._fewest += [0] * len(new)

    def _key_of(self, part: slice) -> tuple[npt.NDArray[np.int32], Bools]:
        """The group of each frame of a part, as a number, and which frames need a signature instead."""
        m = self.m
        flags = m.flags.view[part]
        if self._filter.on:
            flags = flags | self._filter.of(np.arange(part.start, part.stop))
        ids = np.zeros(len(flags), np.uint16)
        self._words.ids_of(flags, ids)
        refs, maps, mapping = m.refcount.view[part], m.mapcount.view[part], m.mapping.view[part]
        mapped = maps > 0
        head_flags, head_refs = flags, refs
        tails, heads = m.tails_among(part)
        if len(tails):
            head_flags, head_refs, mapping = flags.copy(), refs.copy(), mapping.copy()
            head_flags[tails], head_refs[tails] = m.flags.view[heads], m.refcount.view[heads]
            mapping[tails] = 0  # tails hold the frame number of their head there
        sort = self._mapping_sorts(mapping)
        key = ids.astype(np.int32) << _WORD_AT | sort.astype(np.int32) << _MAPPING_AT
        key |= np.clip(refs - maps, 0, MOST_REFS)
        key |= mapped * np.int32(_MAPPED)
        key |= (head_refs == 0) * np.int32(_UNUSED)
        key |= has(head_flags, pf.LRU) * np.int32(_HEAD_LRU)
        if self._is_kept.any():
            kept = np.flatnonzero(self._is_kept[sort] & ~mapped)
            for init, bit in (("", _WAITED_FOR), *_INIT_WAITS.items()):
                key[kept] |= self.users.waited_for(kept + part.start, init) * np.int32(bit)
        # Anonymous and merged pages that are mapped by none of the entries cannot be unmapped, whoever is listed.
        return key, mapped & (sort >= _FILES) | has(head_flags, pf.THP | pf.HUGE)

    def _mapping_sorts(self, mapping: U32) -> U8:
        """The sort of page->mapping of each frame: none, an anon_vma, or a file, by its file system."""
        sort = mapping_flags(mapping).astype(np.uint8)
        files = np.flatnonzero(of_files(mapping))
        sort[files] = self._inode_fs[mapping_number(mapping[files])] + (_FILES - 1)
        return sort


def _frames_on_lists(m: Machine) -> tuple[I64, I64]:
    """Heads of free blocks, and frames on the per-CPU list, each ascending."""
    heads = [np.array(m.free_area.of(order), np.int64) for order in range(11)]
    return np.sort(np.concatenate(heads)), np.array(m.pcp.of(0), np.int64)
