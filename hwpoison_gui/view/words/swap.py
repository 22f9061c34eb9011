"""Words of kernel/swap.py: pages are reclaimed, and read ahead."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import swap
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words, counted

WORDS: Final[dict[Site, Words]] = {
    swap.KEPT: Words(lambda extra: f"{counted(extra, 'extra reference')}: unmapped, but not written."),
    swap.FREED: Words("Written to swap and freed."),
    swap.FREED_FILE: Words("{path}: written back if dirty, and freed."),
    swap.SWAPPED_IN: Words("Frame {frame:#x} holds the page in the swap cache; no PTE maps it."),
}
