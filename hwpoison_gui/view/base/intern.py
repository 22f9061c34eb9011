"""Interning of flag words as small ids: millions of frames have only some hundred distinct flag words.

One byte (the id) is stored per frame, and whatever depends on the flag word alone becomes a table by id. Id 0 means
"no frame", so that tables define the value of padding cells.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
Ids = npt.NDArray[Any]  # uint8, or uint16 where there are more than 256 words

MOST: Final = 1 << 16
_CHUNK: Final = 1 << 16  # words processed at a time: intermediate results stay in the cache
_SLOTS: Final = 1 << 16
_FOLD: Final = np.uint64(48)
_FIRST: Final = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: hashes well
_MULTIPLIERS: Final = 400


class WordTable:
    """Flag words seen so far, and their ids in order of first appearance.

    Words are looked up by a perfect hash (multiply, take the top 16 bits); a multiplier without collisions is found by
    trial. With thousands of words none exists, and a slower binary search is used.
    """

    def __init__(self) -> None:
        self.words: list[int] = [0]
        self._ids: dict[int, int] = {}
        self._multiplier: np.uint64 | None = np.uint64(_FIRST)
        self._word_at: U64 = np.zeros(_SLOTS, np.uint64)  # indexed by slot, or sorted
        self._id_at: npt.NDArray[np.uint16] = np.zeros(_SLOTS, np.uint16)

    def __len__(self) -> int:
        """Return the number of ids in use, including id 0."""
        return len(self.words)

    def id_of(self, word: int) -> int:
        """Return the id of a word; a new word gets the next id."""
        found = self._ids.get(word)
        if found is None:
            self._learn([word])
            found = self._ids[word]
        return found

    def ids_of(self, words: U64, out: Ids) -> I64 | None:
        """Write the id of every word to `out`, and return the number of words with each id.

        Returns None if `out` has 8-bit items and there are more ids than these can hold: call again with uint16.
        """
        self._learn(sorted(set(words[:: max(1, words.size // 4096)].tolist())))
        counts = np.zeros(len(self), np.int64)
        for start in range(0, words.size, _CHUNK):
            part, target = words[start : start + _CHUNK], out[start : start + _CHUNK]
            # Neighbours are often equal: the median run on a busy machine is ten frames.
            heads = np.concatenate(([0], np.flatnonzero(part[1:] != part[:-1]) + 1))
            if len(heads) > part.size // 3:
                heads = np.arange(part.size)
            ids = self.look_up(part[heads])
            if len(self) > 256 and out.itemsize == 1:
                return None
            lengths = np.diff(heads, append=part.size)
            target[:] = np.repeat(ids.astype(out.dtype), lengths) if len(heads) < part.size else ids
            counts = _grown(counts, len(self))
            counts += np.bincount(ids, lengths, len(self)).astype(np.int64)
        return counts

    def ids_of_runs(self, words: U64, lengths: npt.NDArray[Any], numbers: npt.NDArray[Any], out: Ids) -> I64 | None:
        """As `ids_of`, for frames that are given as runs: the word of a run is that of its number in `words`."""
        ids = self.look_up(words)
        if len(self) > 256 and out.itemsize == 1:
            return None
        of_run = ids[numbers]
        out[:] = np.repeat(of_run.astype(out.dtype), lengths)
        return np.bincount(of_run, lengths, len(self)).astype(np.int64)

    def _learn(self, words: list[int]) -> None:
        new = [word for word in words if word not in self._ids]
        if len(self.words) + len(new) > MOST:
            raise OverflowError("more than 65,535 distinct flag words")
        for word in new:
            self._ids[word] = len(self.words)
            self.words.append(word)
        if new:
            self._rehash()

    def _rehash(self) -> None:
        words, ids = np.array(self.words[1:], np.uint64), np.arange(1, len(self.words), dtype=np.uint16)
        for candidate in self._candidates():
            slots = words * np.uint64(candidate) >> _FOLD
            if len(set(slots.tolist())) == len(words):
                self._multiplier = np.uint64(candidate)
                # an empty slot must not match an unknown word, in particular not 0
                self._word_at, self._id_at = np.full(_SLOTS, words[0]), np.zeros(_SLOTS, np.uint16)
                self._word_at[slots], self._id_at[slots] = words, ids
                return
        self._multiplier = None
        order = np.argsort(words)
        self._word_at, self._id_at = words[order], ids[order]

    def _candidates(self) -> list[int]:
        if self._multiplier is None or len(self.words) > 1000:
            return []
        # Pseudo-random numbers by splitmix64: importing numpy.random would take longer than this.
        bits = (np.arange(1, _MULTIPLIERS + 1, dtype=np.uint64) + np.uint64(len(self.words))) * np.uint64(_FIRST)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
            bits = (bits ^ bits >> np.uint64(shift)) * np.uint64(factor)
        odd = bits >> np.uint64(1) | np.uint64(1 << 62 | 1)
        return [int(self._multiplier), *odd.tolist()]

    def look_up(self, words: U64) -> npt.NDArray[np.uint16]:
        """Return the ids of words; unknown words are added."""
        while True:
            if self._multiplier is None:
                slots = np.minimum(np.searchsorted(self._word_at, words), len(self._word_at) - 1)
            else:
                slots = (words * self._multiplier >> _FOLD).astype(np.intp)
            known = self._word_at.take(slots)
            if np.array_equal(known, words):
                return self._id_at.take(slots)
            new = words[known != words]
            self._learn(sorted(set(new[np.diff(new, prepend=~new[0]) != 0].tolist())))


def _grown(counts: I64, size: int) -> I64:
    return np.concatenate((counts, np.zeros(size - len(counts), np.int64))) if size > len(counts) else counts
