"""What kind of page a frame holds, told from its flag word: the classes the map colours.

The rules are an ordered table, first match wins, as the handler's own state table. Kinds are numbered
by what is lost when the frame breaks, so that the maximum of many frames is their summary.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hwpoison_gui.kernel import page_flags as pf


class Kind(NamedTuple):
    """One class of frames: `id` as stored in planes, `key` for code, `name` and `meaning` for people."""

    id: int
    key: str
    name: str
    meaning: str


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
    Kind(FREE, "free", "free (buddy)", "in a free block of the buddy allocator"),
    Kind(RESERVED, "reserved", "reserved", "kept by the kernel image, the firmware or a balloon"),
    Kind(FILE, "file", "file (page cache)", "content of a file or of a block device"),
    Kind(SWAP_CACHE, "swapcache", "swap cache", "anonymous memory that has a place in swap as well"),
    Kind(SHMEM, "shmem", "shared memory (tmpfs)", "tmpfs, System V and other shared memory, backed by swap"),
    Kind(ANON, "anon", "anonymous", "heap, stack and other private memory of processes"),
    Kind(HUGE, "huge", "huge (hugetlb, THP)", "part of a hugetlb page or of a transparent huge page"),
    Kind(
        KERNEL,
        "kernel",
        "kernel (other)",
        "without any flag: kernel memory, free on a per-CPU list, or never given to the allocator",
    ),
    Kind(SLAB, "slab", "slab", "objects of the kernel: the slab allocator"),
    Kind(PGTABLE, "pgtable", "page table", "holds page-table entries"),
    Kind(POISON, "poison", "hardware poison", "broken memory: HWPOISON is set"),
)

SHOWN: Final[tuple[int, ...]] = tuple(range(HOLE, POISON + 1))
"""The kinds a legend lists; OUTSIDE only fills up rows."""


class Rule(NamedTuple):
    """`kind` is taken when any flag of `mask` is set; an empty mask takes everything."""

    mask: int
    kind: int


_FILE_SIGNS: Final = pf.LRU | pf.UPTODATE | pf.MAPPEDTODISK | pf.MMAP | pf.DIRTY | pf.WRITEBACK | pf.PRIVATE

RULES: Final[tuple[Rule, ...]] = (
    Rule(pf.HWPOISON, POISON),
    Rule(pf.NOPAGE, HOLE),
    Rule(pf.BUDDY, FREE),
    # the zero page and the vDSO are mapped, but reserved
    Rule(pf.RESERVED | pf.OFFLINE, RESERVED),
    Rule(pf.SLAB, SLAB),
    Rule(pf.PGTABLE, PGTABLE),
    Rule(pf.HUGE | pf.THP, HUGE),
    # tmpfs pages on their way to swap have no ANON
    Rule(pf.SWAPCACHE, SWAP_CACHE),
    Rule(pf.ANON, ANON),
    Rule(pf.SWAPBACKED, SHMEM),
    # a page the handler took off the LRU is still a page of its file
    Rule(_FILE_SIGNS, FILE),
    Rule(0, KERNEL),
)


def kind_of(word: int) -> int:
    """The kind of a frame whose flag word is `word`: the first rule that matches."""
    for rule in RULES:
        if word & rule.mask or not rule.mask:
            return rule.kind
    raise AssertionError("the last rule takes everything")


class StateSign(NamedTuple):
    """A state of the page shown by a sign of its own beside the colour: `bit` in the sign set of a cell."""

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
    """The states of `word` that have a sign, as a set of SIGNS bits."""
    return sum(sign.bit for sign in SIGNS if word & sign.flag)
