"""Words of kernel/huge_memory.py: transparent huge pages mapped and split."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import huge_memory
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.rmap import unmapped
from hwpoison_gui.view.words.words import Words, counted

_SPLIT: Final = Words("512 pages of 4 KiB, each with its own flags and counts now.")

WORDS: Final[dict[Site, Words]] = {
    huge_memory.GIVEN: Words("2 MiB at {address:#x} are mapped at once: the huge page at frame {frame:#x}."),
    huge_memory.NEVER_SPLIT: Words("The huge zero page is never split."),
    huge_memory.HELD: Words(
        lambda extra: (
            f"{counted(extra, 'reference')} more than its mappings and the page cache account for: it cannot be split."
        )
    ),
    huge_memory.SPLIT: Words("The huge page at frame {frame:#x} is split."),
    huge_memory.SPLIT_FILE: _SPLIT,
    huge_memory.REMAPPED: _SPLIT,
    huge_memory.ENTRY_SPLIT: Words("{comm}:{task}: its huge entry is replaced by 512 PTEs."),
    huge_memory.ENTRY_DROPPED: Words("{comm}:{task}: its huge entry is cleared; later faults map the small pages."),
    huge_memory.NOT_MIGRATED: Words(unmapped("hwpoison")),
}
