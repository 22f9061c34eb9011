"""Words of kernel/huge_memory.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import huge_memory
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.rmap import unmapped
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    huge_memory.NOT_MIGRATED: Words(unmapped("hwpoison")),
}
