"""The one table of page flags: bit numbers, names, letters, meanings.

Numbered as the kernel's stable KPF_* bits (include/uapi/linux/kernel-page-flags.h), with the
internal ones of tools/mm/page-types.c above bit 31, so a frame's word reads as /proc/kpageflags.
"""

from __future__ import annotations

from typing import Final

from hwpoison_gui.record import Record


class PageFlag(Record):
    """One flag: `name` as the kernel spells it, `letter` as page-types prints it; `brief` is its meaning in short."""

    bit: int
    name: str
    letter: str
    brief: str
    more: str = ""

    @property
    def meaning(self) -> str:
        """The meaning in full."""
        return f"{self.brief}: {self.more}" if self.more else self.brief


FLAGS: Final[tuple[PageFlag, ...]] = (
    PageFlag(0, "LOCKED", "L", "locked", "somebody works on it, others wait"),
    PageFlag(1, "ERROR", "E", "an I/O error, or a memory error, happened to it"),
    PageFlag(2, "REFERENCED", "R", "referenced since the last reclaim scan"),
    PageFlag(3, "UPTODATE", "U", "its content is valid"),
    PageFlag(4, "DIRTY", "D", "its content is newer than the copy on disk or in swap"),
    PageFlag(5, "LRU", "l", "on an LRU list"),
    PageFlag(6, "ACTIVE", "A", "on the active LRU list"),
    PageFlag(7, "SLAB", "S", "belongs to the slab allocator"),
    PageFlag(8, "WRITEBACK", "W", "being written to disk or swap"),
    PageFlag(9, "RECLAIM", "I", "to be reclaimed as soon as write-back ends"),
    PageFlag(10, "BUDDY", "B", "head of a free block of the buddy allocator"),
    PageFlag(11, "MMAP", "M", "mapped by a page table"),
    PageFlag(12, "ANON", "a", "anonymous", "belongs to processes, not to a file"),
    PageFlag(13, "SWAPCACHE", "s", "has a swap entry and sits in the swap cache"),
    PageFlag(14, "SWAPBACKED", "b", "backed by swap", "anonymous or shared memory"),
    PageFlag(15, "COMPOUND_HEAD", "H", "first page of a compound page"),
    PageFlag(16, "COMPOUND_TAIL", "T", "a later page of a compound page"),
    PageFlag(17, "HUGE", "G", "part of a hugetlb page"),
    PageFlag(18, "UNEVICTABLE", "u", "on the unevictable LRU list"),
    PageFlag(19, "HWPOISON", "X", "hardware poison", "the memory below it is broken"),
    PageFlag(20, "NOPAGE", "n", "no page frame exists at this number"),
    PageFlag(21, "KSM", "x", "merged with equal pages by KSM"),
    PageFlag(22, "THP", "t", "part of a large folio that can be split", "a THP, or one below 2 MiB"),
    PageFlag(23, "OFFLINE", "o", "logically offline"),
    PageFlag(24, "ZERO_PAGE", "z", "the page of zeros"),
    PageFlag(25, "IDLE", "i", "not used since it was marked idle"),
    PageFlag(26, "PGTABLE", "g", "holds page-table entries"),
    PageFlag(32, "RESERVED", "r", "reserved by the kernel or the firmware"),
    PageFlag(33, "MLOCKED", "m", "locked into memory by mlock"),
    PageFlag(34, "MAPPEDTODISK", "d", "has blocks on disk; on an anonymous page: exclusive to one process"),
    PageFlag(35, "PRIVATE", "P", "carries private data of its file system"),
    PageFlag(36, "PRIVATE_2", "p", "carries further private data of its file system"),
    PageFlag(37, "OWNER_PRIVATE", "O", "for the owner's use"),
    PageFlag(38, "ARCH", "h", "for the architecture's use"),
    PageFlag(39, "UNCACHED", "c", "mapped uncached"),
    PageFlag(40, "SOFTDIRTY", "f", "written since soft-dirty was cleared"),
    PageFlag(41, "ARCH_2", "2", "for the architecture's use"),
)

BY_NAME: Final[dict[str, PageFlag]] = {flag.name: flag for flag in FLAGS}

LOCKED: Final = 1 << 0
ERROR: Final = 1 << 1
REFERENCED: Final = 1 << 2
UPTODATE: Final = 1 << 3
DIRTY: Final = 1 << 4
LRU: Final = 1 << 5
ACTIVE: Final = 1 << 6
SLAB: Final = 1 << 7
WRITEBACK: Final = 1 << 8
RECLAIM: Final = 1 << 9
BUDDY: Final = 1 << 10
MMAP: Final = 1 << 11
ANON: Final = 1 << 12
SWAPCACHE: Final = 1 << 13
SWAPBACKED: Final = 1 << 14
COMPOUND_HEAD: Final = 1 << 15
COMPOUND_TAIL: Final = 1 << 16
HUGE: Final = 1 << 17
UNEVICTABLE: Final = 1 << 18
HWPOISON: Final = 1 << 19
NOPAGE: Final = 1 << 20
KSM: Final = 1 << 21
THP: Final = 1 << 22
OFFLINE: Final = 1 << 23
ZERO_PAGE: Final = 1 << 24
IDLE: Final = 1 << 25
PGTABLE: Final = 1 << 26
RESERVED: Final = 1 << 32
MLOCKED: Final = 1 << 33
MAPPEDTODISK: Final = 1 << 34
PRIVATE: Final = 1 << 35
PRIVATE_2: Final = 1 << 36
OWNER_PRIVATE: Final = 1 << 37
ARCH: Final = 1 << 38
UNCACHED: Final = 1 << 39
SOFTDIRTY: Final = 1 << 40
ARCH_2: Final = 1 << 41

# Flags of a folio, that is of its head, which /proc/kpageflags of 6.12 shows for its tails.
OF_FOLIO: Final = (
    LOCKED | DIRTY | UPTODATE | WRITEBACK | LRU | REFERENCED | ACTIVE | RECLAIM | SWAPCACHE | SWAPBACKED | UNEVICTABLE
    | MLOCKED | RESERVED | MAPPEDTODISK | PRIVATE | PRIVATE_2 | ANON | OWNER_PRIVATE
)  # fmt: skip


def names_of(word: int) -> tuple[str, ...]:
    """Names of the flags set in `word`, lowest bit first; unknown bits are left out."""
    return tuple(flag.name for flag in FLAGS if word >> flag.bit & 1)


def words_of(word: int) -> str:
    """The set flags as a filter or page-types names them, lowest bit first: `0x868` is `uptodate,lru,active,mmap`."""
    return ",".join(names_of(word)).lower()


def letters_of(word: int) -> str:
    """The set flags as page-types letters, lowest bit first: `0x868` is `UlAM`."""
    return "".join(flag.letter for flag in FLAGS if word >> flag.bit & 1)
