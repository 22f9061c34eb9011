"""The flags of struct page, from words of /proc/kpageflags that some kernels derive in another way.

After stable_page_flags(), fs/proc/page.c, of 6.1 and 6.12.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.sources.errors import MalformedError
from hwpoison_gui.sources.vma_table import U64

_ANON_KSM: Final = np.uint64(pf.ANON | pf.KSM)
_SLAB: Final = np.uint64(pf.SLAB)
_TAIL: Final = np.uint64(pf.COMPOUND_TAIL)
_HUGE: Final = np.uint64(pf.HUGE)
_PERHAPS: Final = np.uint64(pf.SLAB | pf.KSM | pf.COMPOUND_TAIL)  # words without any of these need no correction
_OF_TAIL: Final = np.uint64(pf.OF_FOLIO & ~pf.ANON)
_CHUNK: Final = 1 << 15  # words per pass: intermediate arrays stay in the CPU cache
# With the bits of the injector's filters (view/outcome/filter_bits.py) they are still fewer than 65,536.
MOST_WORDS: Final = 4095


def own_flags(words: U64) -> U64:
    """The words as 6.1 would show them, which are those that a machine keeps: the same array if they are so already.

    6.12 shows the flags of the folio for the tails of a huge page, HWPOISON included if it is of hugetlb; and KSM for
    every anonymous page, so that KSM says nothing if all have it. A slab page may show both, where struct slab has
    other words in the place of the mapping.
    """
    meaningless = _is_ksm_meaningless(words)
    made: U64 | None = None
    for start in range(0, len(words), _CHUNK):
        part = words[start : start + _CHUNK]
        if not np.bitwise_or.reduce(part) & _PERHAPS:
            continue
        own = _own_flags(part, meaningless)
        if not np.array_equal(own, part):
            made = words.copy() if made is None else made
            made[start : start + _CHUNK] = own
    return words if made is None else made


def check_number(words: U64) -> None:
    """Raise MalformedError for more distinct flag words than MOST_WORDS: outcomes are grouped by them."""
    known: set[int] = set()
    for start in range(0, len(words), _CHUNK):
        part = words[start : start + _CHUNK]
        known.update(part[:1].tolist(), part[1:][part[1:] != part[:-1]].tolist())
        if len(known) > MOST_WORDS:
            raise MalformedError(
                "kpageflags",
                f"more than {MOST_WORDS:,} distinct flag words in the first {start + len(part):,} frames; "
                "a real machine has some hundred",
            )


def _is_ksm_meaningless(words: U64) -> bool:
    """Return whether there are anonymous pages, and all of them have KSM."""
    found = False
    for start in range(0, len(words), _CHUNK):
        part = words[start : start + _CHUNK]
        if not np.bitwise_or.reduce(part) & _ANON_KSM:
            continue
        anon = part[((part & _SLAB) == 0) & ((part & np.uint64(pf.ANON)) != 0)]
        if not ((anon & _ANON_KSM) == _ANON_KSM).all():
            return False
        found = found or len(anon) > 0
    return found


def _own_flags(words: U64, meaningless: bool) -> U64:
    words = np.where(words & _SLAB != 0, words & ~_ANON_KSM, words)
    if meaningless:
        words &= ~np.uint64(pf.KSM)
    tails = (words & _TAIL != 0) & (words & np.uint64(pf.HUGE | pf.THP) != 0)
    if tails.any():
        folio = np.where(words & _HUGE != 0, _OF_TAIL | np.uint64(pf.HWPOISON), _OF_TAIL)
        words = np.where(tails, words & ~folio, words)
    return words
