"""Page-table entries as integers: present, swap, or hwpoison.

The low bits are those of x86 (arch/x86/include/asm/pgtable_types.h); the frame number or swap
offset starts at bit 12. An empty entry is not stored; it reads as 0.
"""

from __future__ import annotations

from typing import Final

PRESENT: Final = 0x001
RW: Final = 0x002
ACCESSED: Final = 0x020
DIRTY: Final = 0x040
PSE: Final = 0x080
SWP_EXCLUSIVE: Final = 0x100  # of a swap entry: the page was exclusive when it was unmapped
SWAP: Final = 0x200
HWPOISON: Final = 0x400
SPECIAL: Final = 0x800  # has no struct page to count: the zero page
FLAGS: Final = 0xFFF


def mk_pte(pfn: int, flags: int = 0) -> int:
    """A present entry for frame `pfn`, with `flags` of RW, ACCESSED, DIRTY, PSE, SPECIAL."""
    return pfn << 12 | flags | PRESENT


def swp_pte(offset: int, exclusive: bool = False) -> int:
    """A swap entry for slot `offset` of the swap area."""
    return offset << 12 | SWAP | (SWP_EXCLUSIVE if exclusive else 0)


def hwpoison_pte(pfn: int) -> int:
    """make_hwpoison_entry(): an access to it raises SIGBUS with BUS_MCEERR_AR."""
    return pfn << 12 | HWPOISON


def value_of(entry: int) -> int:
    """Frame number of a present or hwpoison entry, swap offset of a swap entry."""
    return entry >> 12


def state_of(entry: int) -> str:
    """`present`, `swap`, `hwpoison` or `none`."""
    if entry & PRESENT:
        return "present"
    if entry & SWAP:
        return "swap"
    return "hwpoison" if entry & HWPOISON else "none"


def maps_frame(entry: int, pfn: int) -> bool:
    """Return whether the entry is present and maps the frame; a huge one maps 512 consecutive frames."""
    return bool(entry & PRESENT) and 0 <= pfn - (entry >> 12) < (512 if entry & PSE else 1)


def rss_of(entry: int) -> int:
    """Pages that the entry adds to RSS: 512 for a huge one, 0 for the zero page."""
    if not entry & PRESENT or entry & SPECIAL:
        return 0
    return 512 if entry & PSE else 1
