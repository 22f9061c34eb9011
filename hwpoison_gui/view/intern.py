"""Distinct words to small ids: millions of frames carry some hundred distinct flag words.

A frame keeps one byte (its id); whatever depends on the word alone is then a table of ids. Id 0 is
kept for "no frame", so that a table says what rows are filled up with.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]
Ids = npt.NDArray[Any]  # uint8, or uint16 where there are more than 256 words

_CHUNK: Final = 1 << 16  # words at a time: what is made on the way stays in the cache
_SLOTS: Final = 1 << 16
_FOLD: Final = np.uint64(48)
_MULTIPLIERS: Final = 400
_THREADED: Final = 1 << 21


class WordTable:
    """Words seen so far and their ids, in order of appearance.

    Looked up by a perfect hash (multiply, take the top 16 bits): a multiplier under which all words
    known so far have slots of their own is found by trial. With thousands of words there is none to be
    found; then a binary search does the same, more slowly.
    """

    def __init__(self) -> None:
        self.words: list[int] = [0]
        self._ids: dict[int, int] = {}
        self._multiplier: np.uint64 | None = np.uint64(0x9E3779B97F4A7C15)
        self._slot_word: U64 = np.zeros(_SLOTS, np.uint64)
        self._slot_id: npt.NDArray[np.uint16] = np.zeros(_SLOTS, np.uint16)
        self._sorted: U64 = np.zeros(0, np.uint64)
        self._sorted_id: npt.NDArray[np.uint16] = np.zeros(0, np.uint16)

    def __len__(self) -> int:
        """Ids given so far, with id 0."""
        return len(self.words)

    def id_of(self, word: int) -> int:
        """The id of one word; a new word gets the next."""
        found = self._ids.get(word)
        if found is None:
            found = self._add(word)
            self._rehash()
        return found

    def ids_of(self, words: U64, out: Ids | None = None) -> Ids:
        """The id of every word, in `out` where given; bytes as long as 256 ids are enough."""
        self._learn_sample(words)
        while True:
            ids: Ids = np.empty(words.size, self.dtype) if out is None or out.dtype != self.dtype else out
            unknown = self._translate(words, ids)
            if unknown is None:
                return ids
            for word in np.unique(unknown).tolist():
                self._add(word)
            self._rehash()

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        """The smallest type that holds every id given so far."""
        return np.uint8 if len(self.words) <= 256 else np.uint16

    def _add(self, word: int) -> int:
        self._ids[word] = found = len(self.words)
        self.words.append(word)
        if found > 0xFFFF:
            raise OverflowError("more than 65,535 distinct flag words")
        return found

    def _learn_sample(self, words: U64) -> None:
        sample = np.unique(words[:: max(1, words.size // 4096)]).tolist()
        new = [word for word in sample if word not in self._ids]
        for word in new:
            self._add(word)
        if new:
            self._rehash()

    def _rehash(self) -> None:
        words = np.array(self.words[1:], np.uint64)
        ids = np.arange(1, len(self.words), dtype=np.uint16)
        rng = np.random.default_rng(len(words))
        tries = _MULTIPLIERS if len(words) < 1000 else 0
        candidates = [] if self._multiplier is None else [int(self._multiplier)]
        candidates += [int(n) | 1 for n in rng.integers(1 << 62, 1 << 63, tries, dtype=np.uint64)]
        for candidate in candidates:
            slots = words * np.uint64(candidate) >> _FOLD
            if np.bincount(slots.astype(np.intp), minlength=1).max(initial=0) <= 1:
                self._multiplier = np.uint64(candidate)
                # an empty slot must not match a word of zeros that was never seen
                self._slot_word[:] = words[0] if words.size else 0
                self._slot_id[:] = 0
                self._slot_word[slots], self._slot_id[slots] = words, ids
                return
        self._multiplier = None
        order = np.argsort(words)
        self._sorted, self._sorted_id = words[order], ids[order]

    def _translate(self, words: U64, ids: Ids) -> U64 | None:
        """Writes the ids of all words; if some are not known yet, gives those of the first such chunk."""
        starts = range(0, words.size, _CHUNK)
        if words.size < _THREADED:
            return next((new for new in (self._chunk(words, ids, at) for at in starts) if new is not None), None)
        with ThreadPoolExecutor() as pool:
            news = list(pool.map(lambda at: self._chunk(words, ids, at), starts))
        return next((new for new in news if new is not None), None)

    def _chunk(self, words: U64, ids: Ids, at: int) -> U64 | None:
        part = words[at : at + _CHUNK]
        if self._multiplier is None:
            slots = np.minimum(np.searchsorted(self._sorted, part), len(self._sorted) - 1)
            found, of_slot = self._sorted.take(slots), self._sorted_id
        else:
            slots = (part * self._multiplier >> _FOLD).astype(np.intp)
            found, of_slot = self._slot_word.take(slots), self._slot_id
        if not np.array_equal(found, part):
            new: U64 = part[found != part]
            return new
        ids[at : at + _CHUNK] = of_slot.take(slots)
        return None
