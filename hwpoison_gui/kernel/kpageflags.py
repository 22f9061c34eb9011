"""stable_page_flags(): what /proc/kpageflags shows of a frame.

After fs/proc/page.c. The word of a frame is what 6.1 shows; later kernels show the flags of the folio for its tails.
"""

from __future__ import annotations

from . import page_flags as pf
from .machine import Machine


def stable_page_flags(m: Machine, pfn: int) -> int:
    """The flag word of a frame as the machine's kernel shows it: NOPAGE past the last frame."""
    if not 0 <= pfn < m.frames:
        return pf.NOPAGE
    word = m.page(pfn)
    if not word & pf.COMPOUND_TAIL or not word & (pf.HUGE | pf.THP) or not m.profile.has("tails_show_their_folio"):
        return word
    shown = pf.OF_FOLIO | (pf.HWPOISON if word & pf.HUGE else 0)
    return word | m.page(m.compound_head(pfn)) & shown
