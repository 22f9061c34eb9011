"""The words of all sites."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words import collect, huge_memory, rmap, signal, user_mappings
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    **collect.WORDS,
    **huge_memory.WORDS,
    **rmap.WORDS,
    **signal.WORDS,
    **user_mappings.WORDS,
}
