"""Words of kernel/huge_fault.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import huge_fault
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    huge_fault.REUSED: Words("The huge page at frame {frame:#x} has no other user: its entry is made writable."),
    huge_fault.SPLIT: Words("The huge page is shared: its entry is split, so that only one small page is copied."),
}
