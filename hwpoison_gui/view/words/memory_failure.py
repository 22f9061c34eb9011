"""Words of kernel/memory_failure.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import memory_failure
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    memory_failure.ENTER: Words("A memory error is reported in frame {pfn:#x}."),
}
