"""Packs everything that decides the outcome of an error in a frame into one integer key per frame.

Frames of equal keys have the same kind, result, errno, loss and class of outcome, under any profile. A decision of the
handler that depends on something else needs a predicate here; tests/view/outcome/test_signature.py fails without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.filemap import FILESYSTEMS
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import MAPPING_ANON, mapping_flags, mapping_number, of_files
from hwpoison_gui.kernel.split_folio import splits
from hwpoison_gui.view.base.intern import MOST as MOST_WORDS
from hwpoison_gui.view.base.intern import WordTable
from hwpoison_gui.view.outcome.users import USER_COUNTS, Users

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NO_FILE: Final = 0
FS_NAMES: Final[tuple[str, ...]] = ("", *FILESYSTEMS)
MOST_REFS: Final = 3  # references besides those of mappings that can matter: page cache, private data, one more
_REFS: Final = MOST_REFS + 2  # from -1 on


class Frames:
    """The properties of frames that the handler may read: arrays with one value per frame, of the current machine.

    Attributes
    ----------
    flags, head : uint64
        Flag words of the frame and of the first frame of its compound page.
    refs, maps : int64
        References of the compound page, and mappings of the frame; of hugetlb's those of the first frame.
    anon, mapped : bool
        True where page->mapping is an anon_vma, and where it is set.
    fs : int64
        File system of the inode by FS_NAMES, NO_FILE where there is none.
    splits : bool
        True for a transparent huge page without references besides mappings and page cache.
    user : dict of int64
        Counts of users by the names of USER_COUNTS.
    """

    def __init__(self, m: Machine, pfns: I64, users: Users, inode_fs: I64) -> None:
        """`pfns`: ascending, int64. `inode_fs`: see `inode_file_systems`."""
        self.flags: U64 = m.flags.view[pfns]
        heads = m.compound_heads(pfns)
        self.head: U64 = m.flags.view[heads]
        hugetlb = has(self.flags, pf.HUGE)
        page = np.where(hugetlb, heads, pfns)  # the one whose users count
        self.refs: I64 = m.refcount.view[heads].astype(np.int64)
        self.maps: I64 = m.mapcount.view[page].astype(np.int64)
        word = m.mapping.view[heads]
        self.anon: Bools = mapping_flags(word) == MAPPING_ANON
        self.mapped: Bools = word != 0
        file = of_files(word)
        self.fs: I64 = np.where(file, inode_fs[np.where(file, mapping_number(word), 0)], NO_FILE)
        self.splits: Bools = np.zeros(len(pfns), np.bool_)
        self._look_at_thps(m, heads)
        pages, which = np.unique(page, return_inverse=True) if hugetlb.any() else (page, slice(None))
        counts = {name: np.zeros(len(pages), np.int64) for name in USER_COUNTS}
        users.count(pages, counts)
        self.user: dict[str, I64] = {name: column[which] for name, column in counts.items()}

    def _look_at_thps(self, m: Machine, heads: I64) -> None:
        thp = np.flatnonzero(has(self.flags, pf.COMPOUND_HEAD | pf.COMPOUND_TAIL) & has(self.flags, pf.THP))
        distinct_heads, which = np.unique(heads[thp], return_inverse=True)
        for number, head in enumerate(distinct_heads.tolist()):
            self.splits[thp[which == number]] = splits(m, head)


def has(words: U64, mask: int) -> Bools:
    """Mask of the words with any flag of `mask`."""
    found: Bools = (words & np.uint64(mask)) != 0
    return found


def inode_file_systems(m: Machine) -> I64:
    """The file system of each inode by its number, as FS_NAMES counts them."""
    table = np.zeros(max(m.inodes.view, default=0) + 1, np.int64)
    for number, inode in m.inodes.view.items():
        table[number] = FS_NAMES.index(inode.filesystem)
    return table


# What the outcome depends on besides flag words, file system and references. It does not depend on which process dies
# of a signal: all outcomes with a signal are one class, unless a touch kills an init.
PREDICATES: Final[dict[str, Callable[[Frames], Bools]]] = {
    "page->mapping is an anon_vma": lambda f: f.anon,
    "page->mapping is set": lambda f: f.mapped,
    "the folio can be split": lambda f: f.splits,
    "mapped": lambda f: f.maps > 0,
    "an entry is found": lambda f: f.user["found"] > 0,
    "an entry of a VMA that may be read is found": lambda f: f.user["readable"] > 0,
    "all entries are found": lambda f: f.user["found"] == f.maps,
    "an entry is dirty": lambda f: f.user["dirty"] > 0,
    "an entry of a shared VMA is dirty or writable": lambda f: f.user["written"] > 0,
    "a process that maps it is on the to_kill list": lambda f: f.user["listed"] > 0,
    "a process with a VMA there is on the to_kill list": lambda f: f.user["listed_vmas"] > 0,
    "a swap entry leads to it": lambda f: f.user["swapped"] > 0,
    "a process with a huge entry is on the to_kill list": lambda f: f.user["huge_listed"] > 0,
    "a VMA has no entry there": lambda f: f.user["vmas"] - f.user["taken"] > f.user["readable"],
    "an entry of init is found": lambda f: f.user["init_found"] > 0,
    "a swap entry of init leads to it": lambda f: f.user["init_swapped"] > 0,
    "a VMA of init has no entry there": lambda f: f.user["init_vmas"] - f.user["init_taken"] > f.user["init_found"],
    "init maps it and is on the to_kill list": lambda f: f.user["listed_init_found"] > 0,
    "init has a VMA there and is on the to_kill list": lambda f: f.user["listed_init_vmas"] > 0,
    "a namespace's init maps it and is on the to_kill list": lambda f: f.user["listed_namespace_found"] > 0,
    "a namespace's init has a VMA there and is on the to_kill list": lambda f: f.user["listed_namespace_vmas"] > 0,
    "an entry of a namespace's init is found": lambda f: f.user["namespace_found"] > 0,
    "a swap entry of a namespace's init leads to it": lambda f: f.user["namespace_swapped"] > 0,
    "a VMA of a namespace's init has no entry there": lambda f: (
        f.user["namespace_vmas"] - f.user["namespace_taken"] > f.user["namespace_found"]
    ),
}  # fmt: skip


def check_room(predicates: int) -> None:
    """Raise OverflowError if a key has no room for so many predicates: unlike frames would have equal keys."""
    most = (np.iinfo(np.int64).max // (MOST_WORDS**2 * len(FS_NAMES) * _REFS)).bit_length() - 1
    if predicates > most:
        raise OverflowError(f"a key of 63 bits has room for {most} predicates; there are {predicates}")


check_room(len(PREDICATES))


def keys_of(f: Frames, words: WordTable) -> I64:
    """The key of each frame, int64. `words` gives flag words their numbers; keys of one table compare."""
    ids = np.zeros((2, len(f.flags)), np.uint16)
    for row, flags in enumerate((f.flags, f.head)):
        words.ids_of(flags, ids[row])
    key: I64 = ids[0].astype(np.int64) * MOST_WORDS + ids[1]
    key = key * len(FS_NAMES) + f.fs
    key = key * _REFS + np.clip(f.refs - f.maps, -1, MOST_REFS) + 1
    for predicate in PREDICATES.values():
        key = key << 1 | predicate(f)
    return key
