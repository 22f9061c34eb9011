"""Page kinds, derived from the flag word of a frame: the classes that the map colours by default.

The rules form an ordered table in which the first match wins, like the handler's error_states[]. Kinds are numbered by
how much is lost when the frame breaks, so that the maximum over many frames summarizes them.
"""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.record import Record


class Kind(Record):
    """One class of frames: `id` is its code on the map, `key` is used in code; the rest is displayed."""

    id: int
    key: str
    name: str
    meaning: str
    short: str = ""

    @property
    def shortest(self) -> str:
        return self.short or self.name


OUTSIDE: Final = 0
HOLE: Final = 1
FREE: Final = 2
RESERVED: Final = 3
FILE: Final = 4
SWAP_CACHE: Final = 5
SHMEM: Final = 6
ANON: Final = 7
HUGE: Final = 8
KERNEL: Final = 9
SLAB: Final = 10
PGTABLE: Final = 11
POISON: Final = 12

KINDS: Final[tuple[Kind, ...]] = (
    Kind(OUTSIDE, "outside", "outside", "past the last frame"),
    Kind(HOLE, "hole", "no page", "a hole: no memory at this frame number"),
    Kind(FREE, "free", "free (buddy)", "in a free block of the buddy allocator", "free"),
    Kind(RESERVED, "reserved", "reserved", "kept by the kernel image, the firmware or a balloon"),
    Kind(FILE, "file", "file (page cache)", "content of a file or of a block device", "file"),
    Kind(SWAP_CACHE, "swapcache", "swap cache", "anonymous memory that has a place in swap as well"),
    Kind(SHMEM, "shmem", "shared memory (tmpfs)", "tmpfs, System V and other shared memory, backed by swap", "shared"),
    Kind(ANON, "anon", "anonymous", "heap, stack and other private memory of processes", "anon"),
    Kind(
        HUGE,
        "huge",
        "large folio (hugetlb, THP, file)",
        "part of a hugetlb page, of a THP, or of a large folio below 2 MiB",
        "large folio",
    ),
    Kind(
        KERNEL,
        "kernel",
        "kernel (other)",
        "without any flag: kernel memory, free on a per-CPU list, or never given to the allocator",
        "kernel",
    ),
    Kind(SLAB, "slab", "slab", "objects of the kernel: the slab allocator"),
    Kind(PGTABLE, "pgtable", "page table", "holds page-table entries"),
    Kind(POISON, "poison", "hardware poison", "broken memory: HWPOISON is set", "poison"),
)


class Rule(Record):
    """`kind` applies if any flag of `mask` is set; an empty mask always matches."""

    mask: int
    kind: int


_FILE_SIGNS: Final = pf.LRU | pf.UPTODATE | pf.MAPPEDTODISK | pf.MMAP | pf.DIRTY | pf.WRITEBACK | pf.PRIVATE

RULES: Final[tuple[Rule, ...]] = (
    Rule(pf.HWPOISON, POISON),
    Rule(pf.NOPAGE, HOLE),
    Rule(pf.BUDDY, FREE),
    # the zero page and the vDSO are mapped although reserved
    Rule(pf.RESERVED | pf.OFFLINE, RESERVED),
    Rule(pf.SLAB, SLAB),
    Rule(pf.PGTABLE, PGTABLE),
    Rule(pf.HUGE | pf.THP, HUGE),
    # tmpfs pages being swapped out do not have ANON
    Rule(pf.SWAPCACHE, SWAP_CACHE),
    Rule(pf.ANON, ANON),
    Rule(pf.SWAPBACKED, SHMEM),
    # a page isolated from the LRU by the handler still belongs to its file
    Rule(_FILE_SIGNS, FILE),
    Rule(0, KERNEL),
)


def kind_of(word: int) -> int:
    """Return the kind (id) of a frame with flag word `word`: that of the first matching rule."""
    for rule in RULES:
        if word & rule.mask or not rule.mask:
            return rule.kind
    raise AssertionError("the last rule takes everything")


class StateSign(Record):
    """A page state that cells show by a sign besides their colour; `bit` is its bit in the sign set of a cell."""

    bit: int
    flag: int
    name: str


MAPPED: Final = 1
DIRTY: Final = 2
WRITEBACK: Final = 4
LOCKED: Final = 8
MLOCKED: Final = 16

SIGNS: Final[tuple[StateSign, ...]] = (
    StateSign(MAPPED, pf.MMAP, "mapped"),
    StateSign(DIRTY, pf.DIRTY, "dirty"),
    StateSign(WRITEBACK, pf.WRITEBACK, "writeback"),
    StateSign(LOCKED, pf.LOCKED, "locked"),
    StateSign(MLOCKED, pf.MLOCKED, "mlocked"),
)


def signs_of(word: int) -> int:
    """Return the states of a flag word that have a sign, as a bit set of SIGNS."""
    return sum(sign.bit for sign in SIGNS if word & sign.flag)
