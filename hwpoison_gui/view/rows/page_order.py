"""Frames in the order of a column, and of these what a filter finds: sorted in slices, between other work.

Every column is a key of 16 bits (the index: three of them), so a stable counting sort does: count each class,
then put slice after slice where its classes go on. Nothing is compared, and a slice costs milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import MAPPING_ANON, MAPPING_KSM, mapping_word, of_files
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, PAGE_SHIFT
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.intern import WordTable
from hwpoison_gui.view.base.naming import file_name
from hwpoison_gui.view.base.natural import natural
from hwpoison_gui.view.base.units import FRAME_SIZE
from hwpoison_gui.view.rmap.page_offset import high_bits
from hwpoison_gui.view.rows.pages import owner_of

I64 = npt.NDArray[np.int64]
U16 = npt.NDArray[np.uint16]
Pfns = npt.NDArray[np.uint32]
Found = Callable[[I64], npt.NDArray[np.bool_]]
Classes = Callable[[I64], npt.NDArray[np.uint8]]

FRAMES_PER_SLICE: Final = 1 << 17
_CLASSES: Final = 1 << 16
_LAST: Final = _CLASSES - 1


class PageOrder:
    """The order of all frames by `field` of PAGE_COLUMNS; `found`: only frames for which it is true.

    `classes` gives what the map shows frames as, the gravest last; `ahead` how many processes an error in them would
    signal, and bytes lost.

    `pfns` is complete when `work` has ended; None stands for all frames by number.
    """

    def __init__(
        self,
        m: Machine,
        field: str = "pfn",
        descending: bool = False,
        found: Found | None = None,
        classes: Classes = lambda pfns: np.zeros(len(pfns), np.uint8),
        ahead: Callable[[I64], tuple[I64, I64]] = lambda pfns: (pfns * 0, pfns * 0),
    ) -> None:
        self.m, self.field, self.descending = m, field, descending
        self._found, self._classes, self._ahead = found, classes, ahead
        self._words = WordTable()
        self._mapper: U16 = np.zeros(0, np.uint16)  # for each frame, the rank of the first process that maps it
        self.pfns: Pfns | None = None

    def work(self) -> Generator[float, None, None]:
        """Sorts; says now and then how far it is, 0 to 1."""
        share = 0.0 if self._found is None else 0.3
        if self._found is not None:
            for done in self._gather(self._found):
                yield done * share
        if self.field == "pfn":
            if self.descending:
                every = np.arange(self.m.frames, dtype=np.uint32) if self.pfns is None else self.pfns
                self.pfns = every[::-1]
            return
        if self.field == "flags":
            for _ in self._learn_all():
                yield share
        if self.field == "owner":
            for _ in self._find_mappers():
                yield share
        passes = self._passes()
        for number, key in enumerate(passes):
            for done in self._pass(key):
                yield share + (1 - share) * (number + done) / len(passes)

    # -- one pass

    def _gather(self, found: Found) -> Iterator[float]:
        parts = []
        for start in range(0, self.m.frames, FRAMES_PER_SLICE):
            pfns = np.arange(start, min(start + FRAMES_PER_SLICE, self.m.frames))
            parts.append(pfns[found(pfns)].astype(np.uint32))
            yield start / self.m.frames
        self.pfns = np.concatenate(parts)

    def _slices(self) -> Iterator[I64]:
        size = self.m.frames if self.pfns is None else len(self.pfns)
        for start in range(0, size, FRAMES_PER_SLICE):
            stop = min(start + FRAMES_PER_SLICE, size)
            yield np.arange(start, stop) if self.pfns is None else self.pfns[start:stop].astype(np.int64)

    def _pass(self, key: Callable[[I64], U16]) -> Iterator[float]:
        size = max(1, self.m.frames if self.pfns is None else len(self.pfns))
        counts, keys, done = np.zeros(_CLASSES, np.int64), [], 0
        for pfns in self._slices():
            made = key(pfns)
            keys.append(_LAST - made if self.descending else made)
            counts += np.bincount(keys[-1], minlength=_CLASSES)
            done += len(pfns)
            yield 0.5 * done / size
        nexts, placed, done = np.cumsum(counts) - counts, np.empty(size, np.uint32), 0
        for pfns, made in zip(self._slices(), keys, strict=True):
            order = np.argsort(made, kind="stable")
            sorted_keys = made[order]
            starts = np.flatnonzero(np.concatenate(([True], sorted_keys[1:] != sorted_keys[:-1])))
            lengths = np.diff(starts, append=len(made))
            classes = sorted_keys[starts]
            within = np.arange(len(made)) - np.repeat(starts, lengths)
            placed[np.repeat(nexts[classes], lengths) + within] = pfns[order]
            nexts[classes] += lengths
            done += len(pfns)
            yield 0.5 + 0.5 * done / size
        self.pfns = placed[:done]

    # -- keys

    def _passes(self) -> list[Callable[[I64], U16]]:
        m = self.m
        if self.field == "pgoff":
            return [
                lambda pfns: (m.index.view[m.compound_heads(pfns)] & np.uint32(_LAST)).astype(np.uint16),
                lambda pfns: (m.index.view[m.compound_heads(pfns)] >> np.uint32(16)).astype(np.uint16),
                self._high_key(),
            ]
        one: dict[str, Callable[[I64], U16]] = {
            "kind": lambda pfns: self._by_word(pfns, kinds.kind_of),
            "flags": self._flags,
            "refcount": lambda pfns: np.clip(m.refcount.view[pfns], 0, _LAST).astype(np.uint16),
            "mapcount": lambda pfns: np.clip(m.mapcount.view[pfns], 0, _LAST).astype(np.uint16),
            "signalled": lambda pfns: np.minimum(self._ahead(pfns)[0], _LAST).astype(np.uint16),
            "loses": lambda pfns: np.minimum(self._ahead(pfns)[1] // FRAME_SIZE, _LAST).astype(np.uint16),
            "shown": lambda pfns: self._classes(pfns).astype(np.uint16),
        }
        return [self._owner_key() if self.field == "owner" else one[self.field]]

    def _ids(self, pfns: I64) -> U16:
        ids = np.zeros(len(pfns), np.uint16)
        self._words.ids_of(self.m.flags.view[pfns], ids)
        return ids

    def _by_word(self, pfns: I64, of: Callable[[int], int]) -> U16:
        ids = self._ids(pfns)
        return np.array([of(word) for word in self._words.words], np.uint16)[ids]

    def _flags(self, pfns: I64) -> U16:
        """Words by the number of their flags; pages alike stand together."""
        ids, words = self._ids(pfns), self._words.words
        order = sorted(range(len(words)), key=lambda number: (words[number].bit_count(), words[number]))
        rank = np.zeros(len(words), np.uint16)
        rank[order] = np.minimum(np.arange(len(words)), _LAST)
        return rank[ids]

    def _learn_all(self) -> Iterator[None]:
        # A rank among the words holds only while no word is missing.
        ids = np.zeros(FRAMES_PER_SLICE, np.uint16)
        for start in range(0, self.m.frames, FRAMES_PER_SLICE):
            self._words.ids_of(
                self.m.flags.view[start : start + FRAMES_PER_SLICE], ids[: min(FRAMES_PER_SLICE, self.m.frames - start)]
            )
            yield

    def _find_mappers(self) -> Iterator[None]:
        """Note of each anonymous frame the first process, by name, that maps it: the last one noted stays."""
        m, ranks = self.m, self._ranks()
        self._mapper = np.zeros(m.frames, np.uint16)
        for process in sorted(m.living(), key=lambda one: ranks[one.label], reverse=True):
            _, entries = m.ptes.arrays(process.mm)
            entries = entries[entries & ptes.PRESENT != 0]
            pfns = (entries >> PAGE_SHIFT).astype(np.int64)
            self._mapper[pfns] = ranks[process.label]
            for head in pfns[entries & ptes.PSE != 0].tolist():
                self._mapper[head : head + HPAGE_PMD_NR] = ranks[process.label]
            yield

    def _ranks(self) -> dict[str, int]:
        """Ranks of all names of processes and files; that of no name is 0."""
        m = self.m
        names = {"", *(process.label for process in m.processes.view.values()), *map(file_name, m.inodes.view.values())}
        return {name: min(rank, _LAST) for rank, name in enumerate(sorted(names, key=natural))}

    def _owner_key(self) -> Callable[[I64], U16]:
        """By the owner's name, as the rows have it; pages without one first."""
        m, ranks = self.m, self._ranks()
        words = [*map(mapping_word, m.inodes.view)]
        words += [mapping_word(one, flags) for one in m.anon_vma_chain.view for flags in (MAPPING_ANON, MAPPING_KSM)]
        by_mapping = self._by_mapping({word: ranks[owner_of(m, word)] for word in words})

        def key(pfns: I64) -> U16:
            mapper = self._mapper[pfns]
            by_name = of_files(m.folio_mappings(pfns)) | (mapper == 0)
            return np.where(by_name, by_mapping(pfns), mapper).astype(np.uint16)

        return key

    def _high_key(self) -> Callable[[I64], U16]:
        """By the bits of page->index that the column lacks."""
        anons = self.m.anon_vma_chain.view
        return self._by_mapping({mapping_word(one, MAPPING_ANON): (high_bits(self.m, one) or 0) >> 31 for one in anons})

    def _by_mapping(self, values: dict[int, int]) -> Callable[[I64], U16]:
        """A key that page->mapping decides; 0 for others than those given."""
        words = np.array(sorted(values) or [0], np.uint32)
        table = np.array([values[word] for word in sorted(values)] or [0], np.uint16)

        def key(pfns: I64) -> U16:
            mapping = self.m.folio_mappings(pfns)
            slots = np.minimum(np.searchsorted(words, mapping), len(words) - 1)
            return np.where(words[slots] == mapping, table[slots], 0).astype(np.uint16)

        return key
