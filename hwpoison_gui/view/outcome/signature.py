"""Which frames the handler cannot tell apart: everything that decides the class of an outcome, as one key a frame.

Frames of equal keys have the same kind and result, errno, loss and class of outcome, under any profile. Whoever adds
to the handler a decision that depends on something else adds a predicate here; tests/view/outcome/test_signature.py
then passes again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.filemap import FILESYSTEMS
from hwpoison_gui.kernel.huge_memory import accounted_references, huge_zero_page
from hwpoison_gui.kernel.machine import MAPPING_ANON, Machine
from hwpoison_gui.view.base.intern import WordTable
from hwpoison_gui.view.outcome.users import USER_COUNTS, Users

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NO_FILE: Final = 0
FS_NAMES: Final[tuple[str, ...]] = ("", *FILESYSTEMS)
_FS_BITS: Final = 4
_MOST_REFS: Final = 3  # references beside those of mappings that decide anything: page cache, private data, one more
_REFS_BITS: Final = 3
_WORD_BITS: Final = 14

assert len(FS_NAMES) <= 1 << _FS_BITS


class Frames:
    """What the handler may look at of some frames: arrays of one value a frame, of the machine as it is now.

    Attributes
    ----------
    flags, head : uint64
        Flag words of the frame and of the first frame of its compound page.
    refs, maps : int64
        References of the compound page, and mappings of the frame; of hugetlb's those of the first frame.
    anon, mapped : bool
        Whether page->mapping is an anon_vma, and whether it is anything.
    fs : int64
        File system of the inode by FS_NAMES, NO_FILE where there is none.
    on_pcp, free_head : bool
        On a per-CPU list; the first frame of a free block.
    splits : bool
        Of a transparent huge page: whether nobody but mappings and page cache refers to it.
    noted : bool
        Of a page of hugetlb: whether this frame of it is known to be bad.
    user : dict of int64
        Counts of users by the names of USER_COUNTS.
    """

    def __init__(self, m: Machine, pfns: I64, users: Users, on_lists: tuple[I64, I64], inode_fs: I64) -> None:
        """`pfns`: ascending. `on_lists`: heads of free blocks and frames on the per-CPU lists, ascending.
        `inode_fs`: as of `inode_file_systems`.
        """

        def zeros(dtype: Any) -> Any:
            return np.zeros(len(pfns), dtype)

        self.flags: U64 = m.flags.view[pfns]
        tail = has(self.flags, pf.COMPOUND_TAIL)
        heads = np.where(tail, m.mapping.view[pfns].astype(np.int64), pfns)
        self.head: U64 = m.flags.view[heads]
        hugetlb = has(self.flags, pf.HUGE)
        page = np.where(hugetlb, heads, pfns)  # the one whose users count
        self.refs: I64 = m.refcount.view[heads].astype(np.int64)
        self.maps: I64 = m.mapcount.view[page].astype(np.int64)
        word = m.mapping.view[heads].astype(np.int64)
        self.anon: Bools = (word & 3) == MAPPING_ANON
        self.mapped: Bools = word != 0
        self.tail_mapped: Bools = m.mapping.view[pfns] != 0
        file = self.mapped & ((word & 3) == 0)
        self.fs: I64 = np.where(file, inode_fs[np.where(file, word >> 2, 0)], NO_FILE)
        self.free_head: Bools = _among(pfns, on_lists[0])
        self.on_pcp: Bools = _among(pfns, on_lists[1])
        self.splits: Bools = zeros(np.bool_)
        self.noted: Bools = zeros(np.bool_)
        self._look_at_compounds(m, pfns, heads)
        pages, which = np.unique(page, return_inverse=True) if hugetlb.any() else (page, slice(None))
        counts = {name: np.zeros(len(pages), np.int64) for name in USER_COUNTS}
        users.count(pages, counts)
        self.user: dict[str, I64] = {name: column[which] for name, column in counts.items()}

    def _look_at_compounds(self, m: Machine, pfns: I64, heads: I64) -> None:
        compound = has(self.flags, pf.COMPOUND_HEAD | pf.COMPOUND_TAIL)
        for at in np.flatnonzero(compound & has(self.flags, pf.HUGE)).tolist():
            self.noted[at] = int(pfns[at]) in m.raw_hwp.of(int(heads[at]))
        thp = np.flatnonzero(compound & has(self.flags, pf.THP))
        distinct_heads, which = np.unique(heads[thp], return_inverse=True)
        zero = huge_zero_page(m)
        for number, head in enumerate(distinct_heads.tolist()):
            splits = head != zero and m.refcount.view[head] == accounted_references(m, head)
            self.splits[thp[which == number]] = splits


def _among(pfns: I64, ascending: I64) -> Bools:
    """Which of some frames are among others; both ascending."""
    found = np.zeros(len(pfns), np.bool_)
    first, last = np.searchsorted(ascending, (pfns[0], pfns[-1] + 1)) if len(pfns) else (0, 0)
    found[np.searchsorted(pfns, ascending[first:last])[np.isin(ascending[first:last], pfns)]] = True
    return found


def has(words: U64, mask: int) -> Bools:
    """Which words have any flag of `mask`."""
    found: Bools = (words & np.uint64(mask)) != 0
    return found


def inode_file_systems(m: Machine) -> I64:
    """The file system of each inode by its number, as FS_NAMES counts them."""
    table = np.zeros(max(m.inodes.view, default=0) + 1, np.int64)
    for number, inode in m.inodes.view.items():
        table[number] = FS_NAMES.index(inode.filesystem)
    return table


# What decides beside flag words, file system and references. Who dies of a signal does not: an outcome in which
# anybody is signalled is of one class.
PREDICATES: Final[dict[str, Callable[[Frames], Bools]]] = {
    "page->mapping is an anon_vma": lambda f: f.anon,
    "page->mapping is set": lambda f: f.mapped,
    "the frame's own mapping word is set": lambda f: f.tail_mapped,
    "no references": lambda f: f.refs == 0,
    "head of a free block": lambda f: f.free_head,
    "on a per-CPU list": lambda f: f.on_pcp,
    "the huge page can be split": lambda f: f.splits,
    "the frame is known to be bad": lambda f: f.noted,
    "mapped": lambda f: f.maps > 0,
    "an entry is found": lambda f: f.user["found"] > 0,
    "all entries are found": lambda f: f.user["found"] == f.maps,
    "an entry is dirty": lambda f: f.user["dirty"] > 0,
    "an entry of a shared VMA is dirty or writable": lambda f: f.user["written"] > 0,
    "somebody is on the to_kill list": lambda f: f.user["listed"] > 0,
    "a holder is on the to_kill list": lambda f: f.user["holders_listed"] > 0,
    "a swap entry leads to it": lambda f: f.user["swap_holders"] > f.user["holders"],
    "a huge entry is found": lambda f: f.user["huge_found"] > 0,
    "a huge entry is dirty": lambda f: f.user["huge_dirty"] > 0,
    "a holder of a huge entry is on the to_kill list": lambda f: f.user["huge_listed"] > 0,
    "somebody has small entries only": lambda f: f.user["huge_holders"] < f.user["holders"],
    "a VMA has no entry there": lambda f: f.user["areas"] - f.user["taken"] > f.user["found"],
}  # fmt: skip

assert 2 * _WORD_BITS + _FS_BITS + _REFS_BITS + len(PREDICATES) <= 63


def keys_of(f: Frames, words: WordTable) -> I64:
    """The key of each frame, int64. `words` gives flag words their numbers; keys of one table compare."""
    ids = np.zeros((2, len(f.flags)), np.uint16)
    for row, flags in enumerate((f.flags, f.head)):
        words.ids_of(flags, ids[row])
    if len(words) > 1 << _WORD_BITS:
        raise OverflowError("more distinct flag words than a key has room for")
    key: I64 = ids[0].astype(np.int64) << _WORD_BITS | ids[1]
    key = key << _FS_BITS | f.fs
    key = key << _REFS_BITS | np.clip(f.refs - f.maps, -1, _MOST_REFS) + 1
    for predicate in PREDICATES.values():
        key = key << 1 | predicate(f)
    return key
