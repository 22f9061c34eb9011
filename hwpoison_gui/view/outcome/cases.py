"""Many frames at once before memory_failure(): what the handler looks at, one value a case, and what it decides.

A case stands for all frames that the handler cannot tell apart. The phases of a profile run over the arrays as
the single handler's phases run over one frame (outcome/phases.py); `at` are the cases still undecided.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.filemap import FILESYSTEMS
from hwpoison_gui.kernel.machine import Machine

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NO_FILE: Final = 0
FS_NAMES: Final[tuple[str, ...]] = ("", *FILESYSTEMS)

# What takes the place of the entries that map a frame.
NOTHING: Final = 0
SWAP: Final = 1
HWPOISON: Final = 2

# Who uses the frames of a case. `found`: entries that the reverse map leads to; `dirty`, `written`: one of them is
# dirty, one of a shared area is dirty or writable; `listed`: processes on the to_kill list, were it made;
# `listed_die`: those of them that a SIGBUS ends; `holders`: processes behind `found`; `swap_holders`: those, and the
# ones with a swap entry that leads to the frame. `huge_`: of these, those with a huge entry. `areas`: those of
# processes that a file's page could be mapped in; `taken`: those where something else stands in its place.
USER_COUNTS: Final = (
    "found", "dirty", "written", "listed", "listed_die", "holders", "holders_listed", "holders_die", "swap_holders",
    "huge_found", "huge_dirty", "huge_holders", "huge_listed", "huge_die", "areas", "taken",
)  # fmt: skip


class Cases:
    """Arrays of one value a case. Upper ones are read and changed by the phases, lower ones are the answer."""

    def __init__(self, m: Machine, count: int) -> None:
        def zeros(dtype: Any) -> Any:
            return np.zeros(count, dtype)

        self.m = m
        self.flags: U64 = zeros(np.uint64)
        self.head: U64 = zeros(np.uint64)  # the flags of the compound page's first frame
        self.refs: I64 = zeros(np.int64)  # of the first frame
        self.maps: I64 = zeros(np.int64)
        self.anon: Bools = zeros(np.bool_)  # page->mapping is an anon_vma
        self.mapped_to: Bools = zeros(np.bool_)  # page->mapping is anything
        self.fs: I64 = zeros(np.int64)  # file system of the inode, by FS_NAMES; NO_FILE without one
        self.free_head: Bools = zeros(np.bool_)
        self.splits: Bools = zeros(np.bool_)  # a transparent huge page to which nobody else refers
        self.noted: Bools = zeros(np.bool_)  # of a hugetlb page, and known to be bad
        self.on_pcp: Bools = zeros(np.bool_)
        self.user: dict[str, I64] = {name: zeros(np.int64) for name in USER_COUNTS}
        self.before: U64 = self.flags  # as they were, see begin()
        self.refs_before: I64 = self.refs
        self.saved: U64 = self.flags  # the flags before the handler changed them, where a profile keeps them
        self.lost_lru: Bools = zeros(np.bool_)  # isolated from the LRU
        self.asked: Bools = zeros(np.bool_)  # the state table was asked: with `asked_with`,
        self.asked_with: U64 = zeros(np.uint64)
        self.had: U64 = zeros(np.uint64)  # while the page had these flags itself
        self.entry_for: npt.NDArray[np.uint8] = zeros(np.uint8)  # NOTHING, SWAP or HWPOISON
        self.cut: Bools = zeros(np.bool_)  # its entries were replaced
        self.unmapped: Bools = np.ones(count, np.bool_)
        self.was_split: Bools = zeros(np.bool_)  # off a transparent huge page
        self.dropped: Bools = zeros(np.bool_)  # it left its file's page cache, or the swap cache
        self.at: I64 = np.arange(count)

        self.words: list[str | int | None] = [None]
        self.kind: npt.NDArray[np.int16] = zeros(np.int16)
        self.result: npt.NDArray[np.int16] = zeros(np.int16)
        self.errno: npt.NDArray[np.int16] = zeros(np.int16)
        self.signalled: I64 = zeros(np.int64)  # processes told at once
        self.dead: I64 = zeros(np.int64)  # those of them that die of it
        self.late: I64 = zeros(np.int64)  # the living that are told when they touch it
        self.lost: Bools = zeros(np.bool_)  # its content is nowhere else

    def begin(self) -> None:
        """Remembers what the phases are about to change."""
        self.before, self.refs_before = self.flags.copy(), self.refs.copy()
        self.saved = self.flags.copy()

    def word(self, text: str | int | None) -> int:
        """The number under which a kind, result or errno stands in the answer."""
        if text not in self.words:
            self.words.append(text)
        return self.words.index(text)

    def decide(self, which: Bools, kind: str | None, result: str | None, errno: int | str) -> None:
        """The handler is through with `which` of the undecided cases."""
        done = self.at[which]
        self.kind[done], self.result[done] = self.word(kind), self.word(result)
        self.errno[done] = self.word(errno)
        self.at = self.at[~which]

    def ask_with(self, which: I64, words: U64, own: U64) -> None:
        """The state table is asked with these flags, be they the page's `own` or remembered."""
        self.asked[which], self.asked_with[which], self.had[which] = True, words, own

    def set_flags(self, which: I64, mask: int) -> None:
        self.flags[which] |= np.uint64(mask)

    def clear_flags(self, which: I64, mask: int) -> None:
        self.flags[which] &= np.uint64(~mask & (1 << 64) - 1)


def has(words: U64, mask: int) -> Bools:
    """Which words have any flag of `mask`."""
    found: Bools = (words & np.uint64(mask)) != 0
    return found


def by_word(words: U64, predicate: Callable[[int], bool]) -> Bools:
    """A predicate of one flag word asked of many: once for each that is different."""
    distinct, where = np.unique(words, return_inverse=True)
    answers = np.array([predicate(word) for word in distinct.tolist()], np.bool_)
    return answers[where] if len(distinct) else np.zeros(0, np.bool_)


def by_fs(fs: I64, predicate: Callable[[str], bool]) -> Bools:
    """A predicate of a file system's name; False where there is no file."""
    table = np.array([False, *(predicate(name) for name in FS_NAMES[1:])], np.bool_)
    found: Bools = table[fs]
    return found
