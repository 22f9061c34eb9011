"""Pages before they have frames: groups with a time of allocation, interleaved in runs as an allocator would.

A page is a number in order of creation. stream() gives the order of allocation: groups that grow at the same time
interleave, each in runs of its typical length.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record

from .dice import I64, Dice

_TICK: Final = 1 << 20


class Birth(Record):
    """Time of allocation of pages: from tick `when` over `span` ticks, in runs of about `run` pages."""

    when: int
    span: int = 10
    run: int = 12


class PagePool:
    """Groups of pages. `activity`: percentage of pages that were used recently."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._word: list[int] = []
        self._mixed: list[tuple[int, npt.NDArray[np.uint64]]] = []
        self._births: list[Birth] = []
        self._counts: list[int] = []
        self._activity: list[int] = []
        self.total = 0

    def add(self, words: npt.NDArray[np.uint64], birth: Birth, activity: int = 0) -> int:
        """Add a group with the given flag words, at least one. Returns the number of its first page."""
        self._mixed.append((self.total, words))
        return self.fill(len(words), 0, birth, activity)

    def fill(self, count: int, word: int, birth: Birth, activity: int = 0) -> int:
        """Add a group of `count` pages with the same flag word. Returns the number of its first page."""
        self._word.append(word)
        self._counts.append(count)
        self._births.append(birth)
        self._activity.append(activity)
        self.total += count
        return self.total - count

    def words(self) -> npt.NDArray[np.uint64]:
        words = np.repeat(np.array(self._word, np.uint64), self._counts)
        for first, mixed in self._mixed:
            words[first : first + len(mixed)] = mixed
        return words

    def used_of_late(self) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Masks of the referenced and the active pages: in clusters of four, by the activity of their group."""
        quads = np.arange(-(-self.total // 4))
        luck = self._dice.below(10_000, "used", quads)
        activity = np.repeat(np.array(self._activity, np.int8), self._counts)
        referenced = np.repeat((luck % 100).astype(np.int8), 4)[: self.total] < activity
        active = np.repeat((luck // 100).astype(np.int8), 4)[: self.total] < activity
        return referenced, active

    def stream(self) -> I64:
        """The position of each page in the order of allocation, 0 to `total` - 1."""
        counts = np.array(self._counts, np.int64)
        firsts = np.cumsum(counts) - counts
        when, span, length = np.array(self._births, np.int64).T
        parts = [self._runs(np.nonzero(length == run)[0], run, counts) for run in sorted(set(length.tolist()))]
        group, offset, pages = (np.concatenate(column) for column in zip(*parts, strict=True))
        spread = span[group] * _TICK
        # A group grows from its first page to its last; pages of groups that grow at the same time lie in between.
        jitter = self._dice.below(1 << 40, "when", firsts[group] + offset) % (spread // 4 + 1)
        key = when[group] * _TICK + offset * spread // counts[group] + jitter
        order = np.argsort(key, kind="stable")
        start = np.empty(len(order), np.int64)
        start[order] = np.cumsum(pages[order]) - pages[order]
        first = firsts[group] + offset
        by_page = np.argsort(first, kind="stable")
        place: I64 = np.arange(self.total) + np.repeat((start - first)[by_page], pages[by_page])
        return place

    def _runs(self, groups: I64, run: int, counts: I64) -> tuple[I64, I64, I64]:
        """The groups cut into runs: group, offset in it, length."""
        sizes = counts[groups]
        begins = np.cumsum(sizes) - sizes
        total = int(sizes.sum())
        lengths = 1 + self._dice.below(2 * run - 1, f"run {run}", np.arange(total // run + 2))
        cuts = np.cumsum(lengths)
        cuts = np.sort(np.concatenate((cuts[cuts < total], begins)))
        cuts = cuts[np.diff(cuts, prepend=-1) != 0]
        which = np.searchsorted(begins, cuts, side="right") - 1
        return groups[which], cuts - begins[which], np.diff(np.append(cuts, total))
