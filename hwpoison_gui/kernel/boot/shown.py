"""What newer kernels show in /proc/kpageflags beside the flags of a frame: taken out before a machine is booted.

After fs/proc/page.c, stable_page_flags(). Since 6.10 (dee3d0bef2b0, "proc: rewrite stable_page_flags()") a tail shows
the flags of its folio, and a slab page may show ANON and KSM; up to a fix in 2025 every anonymous page showed KSM.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from .. import page_flags as pf
from ..image import U64, MemoryImage

# What a tail has of its own. Bit 34 of an anonymous one says that it is exclusive.
_OF_A_TAIL: Final = (
    pf.COMPOUND_TAIL | pf.SLAB | pf.HUGE | pf.THP | pf.MMAP | pf.ANON | pf.HWPOISON | pf.ZERO_PAGE | pf.RESERVED
    | pf.MAPPEDTODISK
)  # fmt: skip
_FOLIO_FLAGS: Final = np.uint64(pf.LRU | pf.UPTODATE)  # by which a tail that shows its folio is known


def stored_flags(image: MemoryImage) -> MemoryImage:
    """The image with the flags that each frame has itself."""
    words = _without_false_ksm(_without_flags_of_slab(_without_flags_of_folios(image.kpageflags)))
    return image if words is image.kpageflags else replace(image, kpageflags=words)


def _without_flags_of_folios(words: U64) -> U64:
    tails = np.nonzero((words & np.uint64(pf.COMPOUND_TAIL)) != 0)[0]
    tails = tails[(words[tails] & _FOLIO_FLAGS) != 0]
    if not len(tails):
        return words
    words = words.copy()
    kept = words[tails] & np.uint64(_OF_A_TAIL)
    words[tails] = np.where(kept & np.uint64(pf.ANON) != 0, kept, kept & ~np.uint64(pf.MAPPEDTODISK))
    return words


def _without_flags_of_slab(words: U64) -> U64:
    """Drop what the words of struct slab look like where struct page has its mapping."""
    false = np.uint64(pf.ANON | pf.KSM)
    slab = ((words & np.uint64(pf.SLAB)) != 0) & ((words & false) != 0)
    return np.where(slab, words & ~false, words) if slab.any() else words


def _without_false_ksm(words: U64) -> U64:
    """Drop KSM where every anonymous page on an LRU list has it: then it says nothing."""
    both = np.uint64(pf.ANON | pf.LRU)
    anon = np.nonzero((words & both) == both)[0]
    if not len(anon) or not (words[anon] & np.uint64(pf.KSM)).all():
        return words
    return words & ~np.uint64(pf.KSM)
