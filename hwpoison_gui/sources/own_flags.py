"""The flags of struct page, from words of /proc/kpageflags that some kernels derive in another way.

After stable_page_flags(), fs/proc/page.c, of 6.1 and 6.12.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.sources.vma_table import U64

_ANON_KSM: Final = np.uint64(pf.ANON | pf.KSM)


def own_flags(words: U64) -> U64:
    """The words as 6.1 would show them, which are those that a machine keeps.

    6.12 shows the flags of the folio for the tails of a huge page, HWPOISON included if it is of hugetlb; and KSM for
    every anonymous page, so that KSM says nothing if all have it. A slab page may show both, where struct slab has
    other words in the place of the mapping.
    """
    slab = words & np.uint64(pf.SLAB) != 0
    words = np.where(slab, words & ~_ANON_KSM, words)
    anon = words & np.uint64(pf.ANON) != 0
    if anon.any() and ((words[anon] & _ANON_KSM) == _ANON_KSM).all():
        words = words & ~np.uint64(pf.KSM)
    tails = (words & np.uint64(pf.COMPOUND_TAIL) != 0) & (words & np.uint64(pf.HUGE | pf.THP) != 0)
    folio = np.where(words & np.uint64(pf.HUGE) != 0, np.uint64(pf.OF_FOLIO | pf.HWPOISON), np.uint64(pf.OF_FOLIO))
    return np.where(tails, words & ~(folio & ~np.uint64(pf.ANON)), words)
