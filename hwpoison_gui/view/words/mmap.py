"""Words of kernel/mmap.py: mappings come, move and go."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import mmap
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words, counted

WORDS: Final[dict[Site, Words]] = {
    mmap.NOT_RESERVED: Words(lambda pages: f"The pool has not {counted(pages, 'page')} left: ENOMEM."),
    mmap.MAPPED: Words(
        lambda pages, path, start: f"{counted(pages, 'page')} of {path or 'anonymous memory'} mapped at {start:#x}."
    ),
    mmap.UNMAPPED: Words(
        lambda pages, start, zapped: f"{counted(pages, 'page')} at {start:#x} unmapped, {zapped:,} had an entry."
    ),
    mmap.MOVED: Words(
        lambda pages, old, new: f"{counted(pages, 'page moves', 'pages move')} from {old:#x} to {new:#x}."
    ),
}
