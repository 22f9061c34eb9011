"""Words of kernel/madvise.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import madvise
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    madvise.COPIED: Words("{address:#x} is read from frame {frame:#x}."),
    **{
        site: Words(f"{{address:#x}} cannot be read ({{found}}): {errno}, no signal.")
        for errno, site in madvise.NOT_COPIED.items()
    },
    madvise.REFERENCE_DROPPED: Words("The injector drops its reference."),
    madvise.SWAPPED_IN: Words("Frame {frame:#x} holds the page in the swap cache; no PTE maps it."),
}
