"""Words of kernel/huge_memory.py: transparent huge pages mapped."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import huge_memory
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    huge_memory.GIVEN: Words("2 MiB at {address:#x} are mapped at once: the huge page at frame {frame:#x}."),
}
