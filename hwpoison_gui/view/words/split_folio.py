"""Words of kernel/split_folio.py: large folios split."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import split_folio
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.rmap import unmapped
from hwpoison_gui.view.words.words import Words, counted

_SPLIT: Final = Words("{pages} pages of 4 KiB, each with its own flags and counts now.")

WORDS: Final[dict[Site, Words]] = {
    split_folio.NEVER_SPLIT: Words("The huge zero page is never split."),
    split_folio.UNDER_IO: Words("It is under write-back: it cannot be split."),
    split_folio.BUFFERS: Words(
        "It is dirty, and so are its buffers: the file system does not release them, so the folio cannot be split."
    ),
    split_folio.HELD: Words(
        lambda extra: (
            f"{counted(extra, 'reference')} more than its mappings and the page cache account for: it cannot be split."
        )
    ),
    split_folio.SPLIT: Words("The folio of {pages} pages at frame {frame:#x} is split."),
    split_folio.SPLIT_FILE: _SPLIT,
    split_folio.REMAPPED: _SPLIT,
    split_folio.ENTRY_SPLIT: Words("{comm}:{task}: its huge entry is replaced by 512 PTEs."),
    split_folio.ENTRY_DROPPED: Words("{comm}:{task}: its huge entry is cleared; later faults map the small pages."),
    split_folio.NOT_MIGRATED: Words(unmapped("hwpoison")),
}
